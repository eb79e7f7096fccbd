/* SPDX-License-Identifier: GPL-2.0 */
/*
 * block.h - block tiers: what a device and a file have in common.
 *
 * tier_block.c knows slots, checksums and retries, and asks a backend to move
 * single pages: block_bio.c a device, block_file.c a file.
 */
#ifndef VMSWAP_BLOCK_H
#define VMSWAP_BLOCK_H

#include <linux/bio.h>
#include <linux/fs.h>
#include <linux/llist.h>
#include <linux/mempool.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "slot.h"
#include "tier.h"

struct vmswap_block_io;
struct vmswap_block;

/**
 * struct vmswap_block_ops - where the slots of a block tier lie
 * @open: open tier->path, set block->bytes and block->reclaim_safe.  Process
 *	context, may sleep.  0 or an errno with @extack set.
 * @close: no I/O is in flight.  Process context, may sleep.
 * @submit: begin to read or write one page; vmswap_block_io_done() follows, before
 *	or after it returns.  Process context, may sleep.
 */
struct vmswap_block_ops {
	int (*open)(struct vmswap_tier *tier, struct vmswap_block *block,
		    struct netlink_ext_ack *extack);
	void (*close)(struct vmswap_tier *tier, struct vmswap_block *block);
	void (*submit)(struct vmswap_block_io *io);
};

extern const struct vmswap_block_ops vmswap_block_bio_ops;	/* block_bio.c */
extern const struct vmswap_block_ops vmswap_block_file_ops;	/* block_file.c */

/*
 * Requests wait here for the worker that may enter a file system, or wait for a device.
 * The list needs no lock: all VMs' faults add to it.
 */
struct vmswap_block_queue {
	struct llist_head list;
	struct work_struct work;
};

/**
 * struct vmswap_block - a block tier
 * @ops: the backend
 * @slots: of its size
 * @ios: requests, kept for I/O when there is no memory
 * @bytes: how many the device or file has
 * @in_flight: requests that the backend has, or that wait to be tried again
 * @wq: for what may sleep; no other tier's, as either may hang
 * @reclaim_safe: can be written to without memory
 * @dev: the device
 * @file: or the file
 * @queue: READ and WRITE: of a file, where writes that wait for a transaction do not
 *	hold up reads; of a device the first, for reads of who must not wait, and might
 */
struct vmswap_block {
	const struct vmswap_block_ops *ops;
	struct vmswap_slots slots;
	mempool_t ios;
	atomic_t in_flight;
	struct workqueue_struct *wq;
	u64 bytes;
	bool reclaim_safe;
	struct vmswap_bdev dev;
	struct file *file;
	struct vmswap_block_queue queue[2];
};

/* One page on its way.  Its folio is locked. */
struct vmswap_block_io {
	struct vmswap_tier *tier;
	struct folio *folio;
	u64 word;
	bool write;
	bool again;				/* a read that is tried a second time */
	bool nowait;				/* a read: leave it to a worker to wait */
	unsigned int index;			/* writes: in the batch */
	int err;
	u64 start;				/* reads of a fault: ktime of the request */
	struct vmswap_store_batch *batch;	/* writes */
	struct llist_node node;			/* in a queue */
	struct work_struct work;		/* a failed read goes on from here */
	struct bio_vec vec;
	union {
		struct bio bio;
		struct {
			struct kiocb kiocb;
			atomic_t users;		/* submitter, completion */
		};
	};
};

static inline void vmswap_block_queue_init(struct vmswap_block_queue *queue,
					   void (*fn)(struct work_struct *work))
{
	init_llist_head(&queue->list);
	INIT_WORK(&queue->work, fn);
}

/* In the order in which they came.  Whoever adds from here on queues the work again. */
static inline struct llist_node *vmswap_block_queue_take(struct vmswap_block_queue *queue)
{
	return llist_reverse_order(llist_del_all(&queue->list));
}

static inline struct vmswap_block *vmswap_block_of(struct vmswap_block_io *io)
{
	return io->tier->priv;
}

static inline loff_t vmswap_block_offset(struct vmswap_block_io *io)
{
	return (loff_t)vmswap_slot_number(vmswap_word_payload(io->word)) << PAGE_SHIFT;
}

/* By backends; any context. */
void vmswap_block_defer(struct vmswap_block_io *io);
void vmswap_block_io_done(struct vmswap_block_io *io, int err);

#endif /* VMSWAP_BLOCK_H */

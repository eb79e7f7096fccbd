// SPDX-License-Identifier: GPL-2.0
/*
 * tier_block.c - a block device or a file.
 *
 * A slot is 4 KiB of it.  I/O is from and to the page itself: its folio stays
 * locked until the I/O ends, so nobody sees or changes bytes on their way.  Slots
 * are kept while the page is in memory, so that an unchanged page is dropped
 * without writing.
 *
 * What a request in flight needs, and why it stays: the region, because its page
 * cache cannot be truncated while the folio is locked; the slot, because only the
 * holder of that lock frees it; the tier, because its removal waits for in_flight.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>
#include <linux/xxhash.h>

#include "block.h"
#include "tier.h"

/* Requests kept for I/O when there is no memory: what one evictor has in flight. */
#define POOL_SIZE		(VMSWAP_EVICT_RUNS * VMSWAP_RUN_MAX)

static unsigned long slot_of(u64 word)
{
	return vmswap_slot_number(vmswap_word_payload(word));
}

static bool is_named(struct vmswap_tier *tier, u64 word)
{
	struct vmswap_block *block = tier->priv;

	return vmswap_slot_is_named(&block->slots, vmswap_word_payload(word));
}

static u64 page_sum(struct folio *folio)
{
	struct vmswap_region *region = vmswap_region_of(folio->mapping->host);
	void *addr = kmap_local_folio(folio, 0);
	u64 sum = xxh64(addr, PAGE_SIZE,
			vmswap_checksum_seed(region, folio->index));

	kunmap_local(addr);
	return sum;
}

/* --------------------------------------------------------------------- requests */

/* From a pool of our own: never fails if it may wait; else when there is nothing at all. */
static struct vmswap_block_io *io_alloc(struct vmswap_tier *tier, struct folio *folio, u64 word,
					gfp_t gfp)
{
	struct vmswap_block *block = tier->priv;
	struct vmswap_block_io *io = mempool_alloc(&block->ios, gfp);

	if (!io)
		return NULL;
	memset(io, 0, offsetof(struct vmswap_block_io, work));
	io->tier = tier;
	io->folio = folio;
	io->word = word;
	atomic_inc(&block->in_flight);
	return io;
}

/* The last thing that is done with the tier. */
static void io_free(struct vmswap_block_io *io)
{
	struct vmswap_block *block = vmswap_block_of(io);

	mempool_free(io, &block->ios);
	if (atomic_dec_and_test(&block->in_flight))
		wake_up_var(&block->in_flight);
}

static bool sum_ok(struct vmswap_block_io *io)
{
	struct vmswap_block *block = vmswap_block_of(io);

	return page_sum(io->folio) == *vmswap_slot_sum(&block->slots, slot_of(io->word));
}

static void write_done(struct vmswap_block_io *io, int err)
{
	struct vmswap_store_batch *batch = io->batch;
	unsigned int index = io->index;

	io_free(io);
	vmswap_store_end(batch, index, err);
}

static void read_done(struct vmswap_block_io *io, int err)
{
	vmswap_load_done(io->folio, io->start, err);
	io_free(io);
}

/* A read is tried once more; then the page is given up, which may sleep. */
static void read_failed(struct work_struct *work)
{
	struct vmswap_block_io *io = container_of(work, struct vmswap_block_io, work);

	atomic64_inc(&io->tier->errors);
	if (io->again) {
		read_done(io, io->err);
		return;
	}
	io->again = true;
	io->nowait = false;
	vmswap_block_of(io)->ops->submit(io);
}

/**
 * vmswap_block_defer() - leave a request to the worker of its queue
 * @io: the request
 *
 * Any context.
 */
void vmswap_block_defer(struct vmswap_block_io *io)
{
	struct vmswap_block *block = vmswap_block_of(io);
	struct vmswap_block_queue *queue = &block->queue[io->write];

	/*
	 * As soon as it is in the list the request may be done, and the tier go: that waits
	 * for a grace period first, see block_destroy().  And whoever finds the list in use
	 * relies on who began it to queue the work, who must not be preempted before that.
	 */
	preempt_disable();
	if (llist_add(&io->node, &queue->list))
		queue_work(block->wq, &queue->work);
	preempt_enable();
}

/**
 * vmswap_block_io_done() - a backend has done what it was asked for
 * @io: the request; it must not be touched afterwards
 * @err: 0 or why it has failed
 *
 * Any context.  What has been written is told to its batch; of what has been read the
 * checksum is compared.  A read that went wrong is submitted once more, by a worker.
 */
void vmswap_block_io_done(struct vmswap_block_io *io, int err)
{
	if (io->write) {
		write_done(io, err);
		return;
	}
	if (!err && !sum_ok(io))
		err = -EBADMSG;
	if (likely(!err)) {
		read_done(io, 0);
		return;
	}
	io->err = err;
	INIT_WORK(&io->work, read_failed);
	queue_work(vmswap_block_of(io)->wq, &io->work);
}

/* ------------------------------------------------------------------------ slots */

static int block_load(struct vmswap_tier *tier, struct vmswap_load *load)
{
	struct vmswap_block_io *io;

	/* It has another owner, or none: what is there is not the page's. */
	if (WARN_ON_ONCE(!is_named(tier, load->word)))
		return -EBADMSG;
	io = io_alloc(tier, load->folio, load->word,
		      load->nowait ? GFP_NOWAIT | __GFP_NOWARN : GFP_NOIO);
	if (!io)
		return -EAGAIN;
	io->nowait = load->nowait;
	if (load->fault)
		io->start = ktime_get_ns();
	vmswap_block_of(io)->ops->submit(io);
	return -EINPROGRESS;
}

static int block_store(struct vmswap_tier *tier, struct vmswap_store *store,
		       u64 *payload, bool *spec)
{
	struct vmswap_store_batch *batch = store->batch;
	struct vmswap_block *block = tier->priv;
	struct vmswap_block_io *io;
	long slot;

	slot = vmswap_slot_alloc(&block->slots, batch->tier == tier ? batch->slot : -1,
				 store->left);
	if (slot < 0)
		return slot;
	batch->tier = tier;
	batch->slot = slot;
	*payload = vmswap_slot_name(&block->slots, slot);
	*vmswap_slot_sum(&block->slots, slot) = page_sum(store->folio);
	atomic64_add(PAGE_SIZE, &tier->used);
	vmswap_tier_account(tier, store->region->vm, 1, PAGE_SIZE);
	io = io_alloc(tier, store->folio, vmswap_word_slot(tier->id, *payload, false), GFP_NOIO);
	io->write = true;
	io->batch = batch;
	io->index = store->index;
	vmswap_store_begin(batch);
	block->ops->submit(io);
	return -EINPROGRESS;
}

static void block_free(struct vmswap_tier *tier, struct vmswap_vm *vm, u64 word,
		       unsigned int len)
{
	struct vmswap_block *block = tier->priv;

	if (WARN_ON_ONCE(!is_named(tier, word)))
		return;
	vmswap_slot_free(&block->slots, vmswap_word_payload(word));
	atomic64_sub(PAGE_SIZE, &tier->used);
	vmswap_tier_account(tier, vm, -1, -(s64)PAGE_SIZE);
}

/* By checksum, keyed per VM: wrong once in 2^64 comparisons. */
static bool block_equal(struct vmswap_tier *tier, u64 word, struct folio *folio)
{
	struct vmswap_block *block = tier->priv;

	return is_named(tier, word) &&
	       page_sum(folio) == *vmswap_slot_sum(&block->slots, slot_of(word));
}

/* --------------------------------------------------------------- add and remove */

static const struct vmswap_block_ops *find_ops(const char *path, struct netlink_ext_ack *extack)
{
	struct path found;
	umode_t mode;
	int ret;

	ret = kern_path(path, LOOKUP_FOLLOW, &found);
	if (ret) {
		NL_SET_ERR_MSG(extack, "the path cannot be found");
		return ERR_PTR(ret);
	}
	mode = d_backing_inode(found.dentry)->i_mode;
	path_put(&found);
	if (S_ISBLK(mode))
		return &vmswap_block_bio_ops;
	if (S_ISREG(mode))
		return &vmswap_block_file_ops;
	NL_SET_ERR_MSG(extack, "neither a block device nor a regular file");
	return ERR_PTR(-ENOTBLK);
}

static int choose_size(struct vmswap_tier *tier, u64 has, u64 wanted,
		       struct netlink_ext_ack *extack)
{
	if (wanted > has) {
		NL_SET_ERR_MSG(extack, "size is more than the device or file has");
		return -EINVAL;
	}
	tier->size = round_down(wanted ?: has, PAGE_SIZE);
	if (tier->size > VMSWAP_SLOTS_MAX << PAGE_SHIFT) {
		NL_SET_ERR_MSG(extack, "a block tier has 1 PiB at most: set size");
		return -EINVAL;
	}
	if (tier->size)
		return 0;
	NL_SET_ERR_MSG(extack, "the device or file has no room for a page");
	return -EINVAL;
}

static int init_slots(struct vmswap_tier *tier, struct vmswap_block *block,
		      struct netlink_ext_ack *extack)
{
	int ret = vmswap_slots_init(&block->slots, tier->size >> PAGE_SHIFT);

	if (ret) {
		NL_SET_ERR_MSG(extack,
			       "no memory for its tables, 2.5 MiB per GiB of size: set size");
		return ret;
	}
	ret = mempool_init_kmalloc_pool(&block->ios, POOL_SIZE, sizeof(struct vmswap_block_io));
	if (ret)
		vmswap_slots_destroy(&block->slots);
	return ret;
}

static int block_create(struct vmswap_tier *tier, const struct vmswap_tier_params *params,
			struct netlink_ext_ack *extack)
{
	const struct vmswap_block_ops *ops;
	struct vmswap_block *block;
	int ret;

	if (!params->path) {
		NL_SET_ERR_MSG(extack, "a block tier needs a path");
		return -EINVAL;
	}
	ops = find_ops(params->path, extack);
	if (IS_ERR(ops))
		return PTR_ERR(ops);
	block = kzalloc(sizeof(*block), GFP_KERNEL);
	if (!block)
		return -ENOMEM;
	block->ops = ops;
	ret = -ENOMEM;
	block->wq = alloc_workqueue("vmswap_block", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!block->wq)
		goto free;
	ret = ops->open(tier, block, extack);
	if (ret)
		goto queue;
	ret = choose_size(tier, block->bytes, params->size, extack) ?:
	      init_slots(tier, block, extack);
	if (ret)
		goto close;
	if (params->reclaim_safe < 0)
		tier->reclaim_safe = block->reclaim_safe;
	tier->priv = block;
	return 0;
close:
	ops->close(tier, block);
queue:
	destroy_workqueue(block->wq);
free:
	kfree(block);
	return ret;
}

static void block_destroy(struct vmswap_tier *tier)
{
	struct vmswap_block *block = tier->priv;

	wait_var_event(&block->in_flight, !atomic_read(&block->in_flight));
	/* The last submitter, and whoever tries a read again, have left the queue. */
	synchronize_rcu();
	block->ops->close(tier, block);
	destroy_workqueue(block->wq);
	mempool_exit(&block->ios);
	vmswap_slots_destroy(&block->slots);
	kfree(block);
}

const struct vmswap_tier_ops vmswap_tier_block_ops = {
	.kind		= VMSWAP_TIER_KIND_BLOCK,
	.keeps_copy	= true,
	.does_io	= true,
	.create		= block_create,
	.destroy	= block_destroy,
	.store		= block_store,
	.load		= block_load,
	.free		= block_free,
	.equal		= block_equal,
};

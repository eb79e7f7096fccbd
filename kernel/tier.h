/* SPDX-License-Identifier: GPL-2.0 */
/* tier.h - tiers: where pages are that are not in memory. */
#ifndef VMSWAP_TIER_H
#define VMSWAP_TIER_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/netlink.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "vm.h"
#include "../uapi/linux/vmswap_netlink.h"

#define VMSWAP_TIER_NAME_MAX	31

/* No tier at all, and all of them, where names of tiers are told; no tier is named so. */
#define VMSWAP_TIER_NONE	"none"
#define VMSWAP_TIER_ALL		"all"

#define VMSWAP_RANK_MAX		S16_MAX

struct folio;
struct vmswap_tier;

/* Pages of one run: locked, unmapped, written and dropped together. */
#define VMSWAP_RUN_MAX	32

/*
 * Runs that one evictor has in flight at most: while it locks and unmaps the next
 * one, two runs, that is 64 pages, are still being written.
 */
#define VMSWAP_EVICT_RUNS	3

/**
 * struct vmswap_store_batch - stores that go on after the call that began them
 * @pending: those under way, plus one for whoever begins them
 * @done: completed by the last
 * @err: result of each, by its index in the run
 * @tier: where the last one went that is stored by slot; used by tiers alone
 * @slot: and its slot there, so that the next page of the run follows it
 */
struct vmswap_store_batch {
	atomic_t pending;
	struct completion done;
	int err[VMSWAP_RUN_MAX];
	struct vmswap_tier *tier;
	long slot;
};

/**
 * enum vmswap_store_where - the tiers that may take a page, fewer and fewer
 * @VMSWAP_STORE_ANY: all that the VM may use
 * @VMSWAP_STORE_GAIN: those too, but none keeps in memory a page that does not compress:
 *	the host is short of memory
 * @VMSWAP_STORE_SAFE: those that need no memory and no file system: where memory is
 *	being freed, or a caller may hold what a file system waits for
 * @VMSWAP_STORE_MEMORY: of these, those that do no I/O
 * @VMSWAP_STORE_RESERVE: those too, with memory that is kept for emergencies: for one
 *	caller at a time, before the kernel kills
 */
enum vmswap_store_where {
	VMSWAP_STORE_ANY,
	VMSWAP_STORE_GAIN,
	VMSWAP_STORE_SAFE,
	VMSWAP_STORE_MEMORY,
	VMSWAP_STORE_RESERVE,
};

#define VMSWAP_STORE_NR		(VMSWAP_STORE_RESERVE + 1)

/* One page to be stored. */
struct vmswap_store {
	struct vmswap_region *region;
	struct folio *folio;
	struct vmswap_store_batch *batch;
	enum vmswap_store_where where;
	unsigned int index;	/* in the batch */
	unsigned int left;	/* pages of the run that may follow, this one included */
	bool last;		/* asked again: no other tier takes this incompressible page */
};

/**
 * struct vmswap_load - one page to be read
 * @folio: locked and not uptodate
 * @word: names its slot
 * @fault: a fault has asked for it: the time that it takes counts
 * @nowait: do not wait for memory either: -EAGAIN when there is none
 * @len: out: what vmswap_tier_ops.free would have to look up, or 0
 */
struct vmswap_load {
	struct folio *folio;
	u64 word;
	bool fault;
	bool nowait;
	unsigned int len;
};

/* What an operator asks for; 0 or NULL: the default. */
struct vmswap_tier_params {
	const char *name;
	u32 kind;
	const char *path;
	u64 size;
	u32 rank;
	bool has_rank;
	u32 algo;
	int reclaim_safe;	/* -1: as the kind says */
};

/**
 * struct vmswap_tier_ops - a kind of tier
 * @kind: VMSWAP_TIER_KIND_*
 * @keeps_copy: a slot stays valid beside the resident page, so that an unchanged
 *	page need not be written again
 * @reclaim_safe: may be written to in order to free memory, unless the operator
 *	says otherwise; a kind that goes by its device sets it in @create
 * @does_io: storing waits for a device
 * @create: check @params, take resources, set tier->size.  Process context, may
 *	sleep.  0 or an errno with @extack set.
 * @destroy: release everything; no slot is in use, no VM is attached.  Process
 *	context, may sleep.
 * @attach: get ready to store for a VM, so that @store need not allocate
 *	structures.  Process context, may sleep, vm->policy_lock held.
 * @detach: undo @attach; the VM has no slot.  Process context, may sleep.
 * @store: keep a copy of a locked, unmapped folio; *@payload and *@spec go into
 *	the page's word.  Process context without memory reclaim, may sleep.  0;
 *	-EINPROGRESS it is being written: the folio stays locked until the batch is
 *	done (vmswap_store_begin() was called, vmswap_store_end() follows);
 *	-ENOSPC full; -ENOMEM the host has no memory for it at this moment; -E2BIG this
 *	page does not pay here (incompressible); -EIO.
 * @load: read the copy into a locked folio.  Process context, may sleep.  0;
 *	-EINPROGRESS vmswap_load_done() follows, and unlocks; -EAGAIN with load->nowait,
 *	when it would have to wait for memory; -EIO, -EBADMSG (checksum).  load->len
 *	is 0, and may be set to what @free would have to look up.
 * @free: the slot is no longer named by any word, or was never.  The caller may
 *	hold a folio lock or invalidate_lock; with @keeps_copy also in softirq.  @len:
 *	as @load has set it, or 0.
 * @equal: does the slot hold exactly the bytes of the locked folio?  As @load.
 */
struct vmswap_tier_ops {
	u32 kind;
	bool keeps_copy;
	bool does_io;
	bool reclaim_safe;
	int (*create)(struct vmswap_tier *tier, const struct vmswap_tier_params *params,
		      struct netlink_ext_ack *extack);
	void (*destroy)(struct vmswap_tier *tier);
	int (*attach)(struct vmswap_tier *tier, struct vmswap_vm *vm);
	void (*detach)(struct vmswap_tier *tier, struct vmswap_vm *vm);
	int (*store)(struct vmswap_tier *tier, struct vmswap_store *store, u64 *payload,
		     bool *spec);
	int (*load)(struct vmswap_tier *tier, struct vmswap_load *load);
	void (*free)(struct vmswap_tier *tier, struct vmswap_vm *vm, u64 word,
		     unsigned int len);
	bool (*equal)(struct vmswap_tier *tier, u64 word, struct folio *folio);
};

extern const struct vmswap_tier_ops vmswap_tier_ram_ops;	/* tier_ram.c */
extern const struct vmswap_tier_ops vmswap_tier_block_ops;	/* tier_block.c */
extern const struct vmswap_tier_ops vmswap_tier_null_ops;	/* tier_null.c */

/**
 * struct vmswap_tier - a tier
 * @ops: its kind
 * @priv: the kind's own
 * @id: index in the table of tiers, and in the words
 * @rank: lower is faster, and filled first
 * @algo: VMSWAP_ALGO_*, of a ram tier
 * @reclaim_safe: may be written to in order to free memory
 * @draining: takes no page any more; written under the tier lock, read also without
 * @full: a store found no room, and no slot was freed since, nor room seen for a run
 * @degraded: the last write failed
 * @doubt_until: jiffies: so long after a read failed no page is dropped because of its
 *	copy here; 0: none has failed
 * @lost: the device was removed; stays set
 * @retry_at: jiffies: when a degraded tier is tried again
 * @name: as the operator calls it
 * @path: of the device or file, or NULL
 * @size: capacity, bytes
 * @used: bytes taken from it
 * @stored: payload bytes
 * @pages: stored
 * @errors: failed reads and writes
 * @rescue: when it is lost: keeps pages of which memory has the only copy
 */
struct vmswap_tier {
	const struct vmswap_tier_ops *ops;
	void *priv;
	u32 id;
	u32 rank;
	u32 algo;
	bool reclaim_safe;
	bool draining;
	bool full;
	bool degraded;
	bool lost;
	unsigned long retry_at;
	unsigned long doubt_until;
	char name[VMSWAP_TIER_NAME_MAX + 1];
	char *path;
	u64 size;
	atomic64_t used;
	atomic64_t stored;
	atomic64_t pages;
	atomic64_t errors;
	struct delayed_work rescue;
};

/* Binds a copy to its page and VM: another page's copy does not pass. */
static inline u64 vmswap_checksum_seed(const struct vmswap_region *region, pgoff_t index)
{
	return region->vm->key ^ ((u64)region->index << 52) ^ index;
}

/* Fault path; may sleep. */
int vmswap_tier_load(struct vmswap_load *load);
/* The content of a page, which @word still names, cannot be had: tell it. */
void vmswap_tier_load_failed(struct vmswap_region *region, pgoff_t index, u64 word, int err);
bool vmswap_tier_keeps_copy(u64 word);

/*
 * By a tier, when a load that went on after vmswap_tier_load() has ended (fill.c); any
 * context.  With an error in process context only: it may sleep.
 */
void vmswap_load_done(struct folio *folio, u64 start, int err);

/* Any context: can the slot still be read, as far as is known. */
bool vmswap_tier_readable(u64 word);

/* Any context: a read from its device has failed a moment ago. */
bool vmswap_tier_in_doubt(u64 word);

/* Eviction, under the folio lock; may sleep, allocates without reclaim. */
int vmswap_tier_store(struct vmswap_store *store, u64 *word);
void vmswap_tier_store_succeeded(u64 word);
void vmswap_tier_store_failed(struct vmswap_store *store, u64 word, int err);
bool vmswap_tier_equal(u64 word, struct folio *folio);

/* Batches of stores: init, begin and wait by the evictor, end by the tier (any context). */
static inline void vmswap_store_batch_init(struct vmswap_store_batch *batch)
{
	atomic_set(&batch->pending, 1);
	batch->tier = NULL;
	init_completion(&batch->done);
}

static inline void vmswap_store_begin(struct vmswap_store_batch *batch)
{
	atomic_inc(&batch->pending);
}

static inline void vmswap_store_end(struct vmswap_store_batch *batch, unsigned int index, int err)
{
	batch->err[index] = err;
	if (atomic_dec_and_test(&batch->pending))
		complete(&batch->done);
}

static inline void vmswap_store_batch_wait(struct vmswap_store_batch *batch)
{
	if (!atomic_dec_and_test(&batch->pending))
		wait_for_completion_io(&batch->done);
}

/* Any context: the device is gone. */
void vmswap_tier_lost(struct vmswap_tier *tier);

/* Whoever changed the word, in any context that may; see vmswap_word_set(). */
void vmswap_tier_free_slot(struct vmswap_vm *vm, u64 word, unsigned int len);

/* Any context: bytes that the VM's copies take of this host's memory. */
s64 vmswap_tier_memory(struct vmswap_vm *vm);

/* Process context, vm->policy_lock held for attach. */
void vmswap_tier_attach_vm(struct vmswap_vm *vm);
void vmswap_tier_detach_vm(struct vmswap_vm *vm);

/* The tiers' own bookkeeping. */
void vmswap_tier_account(struct vmswap_tier *tier, struct vmswap_vm *vm, int pages, s64 stored);

/* Netlink; may sleep. */
int vmswap_tier_add(const struct vmswap_tier_params *params, struct netlink_ext_ack *extack);
int vmswap_tier_change(const struct vmswap_tier_params *params, struct netlink_ext_ack *extack);
bool vmswap_tier_room(struct vmswap_vm *vm);
int vmswap_tier_mask(const char *names, u32 *mask, struct netlink_ext_ack *extack);
size_t vmswap_tier_mask_names(u32 mask, char *buf, size_t size);
u32 vmswap_tier_state(const struct vmswap_tier *tier);
int vmswap_tier_for_each(int (*fn)(struct vmswap_tier *tier, void *arg), void *arg);

int vmswap_tier_init(void);
void vmswap_tier_exit(void);

#endif /* VMSWAP_TIER_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* vm.h - a VM, its regions, their lifetime and settings. */
#ifndef VMSWAP_VM_H
#define VMSWAP_VM_H

#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/limits.h>
#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "pagemap.h"
#include "place.h"
#include "stats.h"
#include "../uapi/linux/vmswap.h"

#define VMSWAP_MAX_VMS		4096

/* A word names its tier, a mask has a bit for each, and the message says "32 tiers". */
#define VMSWAP_MAX_TIERS	32
static_assert(VMSWAP_MAX_TIERS == BIT(VMSWAP_WORD_TIER_BITS));
static_assert(VMSWAP_PAGE_TIER(~0u) == VMSWAP_MAX_TIERS - 1);

/* The default granule and prefetch window, in pages, and the longest window. */
#define VMSWAP_GRANULE		16
#define VMSWAP_PREFETCH		16
#define VMSWAP_PREFETCH_MAX	512u
#define VMSWAP_NO_LIMIT		(~0ull)

/* Sequential accesses that a region tells apart. */
#define VMSWAP_STREAMS		32

struct mem_cgroup;
struct vmswap_token;

/**
 * struct vmswap_region - one file of guest memory; also any directory
 * @inode: the inode; directories use nothing else but @vm
 * @vm: the VM; constant for a file, for a top directory the VM that its files
 *	make (under the super block's name lock)
 * @map: the page words
 * @vm_node: in vm->regions
 * @index: number within the VM; the first is 0; never reused in the VM
 * @place_lock: protects @place
 * @place: what mbind() said of the last mapping that has a policy and faulted
 * @streams: of sequential access, one per 2 MiB and shared by those 64 MiB apart;
 *	see ahead.c
 */
struct vmswap_region {
	struct inode inode;
	struct vmswap_vm *vm;
	struct vmswap_pagemap map;
	struct list_head vm_node;
	u32 index;
	spinlock_t place_lock;		/* place */
	struct vmswap_place place;
	u64 streams[VMSWAP_STREAMS];
};

static inline struct vmswap_region *vmswap_region_of(const struct inode *inode)
{
	return container_of(inode, struct vmswap_region, inode);
}

/* Any context: its size; the last page may be partial. */
static inline pgoff_t vmswap_region_pages(const struct vmswap_region *region)
{
	return DIV_ROUND_UP(i_size_read(&region->inode), PAGE_SIZE);
}

/* What a VM has in one tier. */
struct vmswap_vm_tier {
	void *priv;		/* the tier's own; set under vm->policy_lock */
	bool attached;		/* set last, read with acquire */
	u8 dense;		/* pages in a row that did not compress, modulo DENSE_TURN */
	atomic_long_t pages;
	atomic64_t stored_bytes;
};

/* Settings, changed as a whole under policy_lock; single fields read without. */
struct vmswap_settings {
	u64 limit;		/* bytes or VMSWAP_NO_LIMIT */
	u32 limit_percent;	/* not 0: limit follows the size */
	u32 tier_mask;		/* allowed tiers */
	u32 granule;		/* pages; a power of two up to VMSWAP_LEAF_WORDS */
	u32 prefetch;		/* pages; 0: nothing is read ahead */
};

/**
 * struct vmswap_vm - a VM
 * @id: never reused while the module is loaded
 * @dev: of its mount; 0: made by /dev/vmswap
 * @ref: one of each region, of each lookup, of queued work
 * @rwork: frees it after lookups have ended
 * @key: seed of the checksums of this VM
 * @name_lock: protects @name
 * @name: of its entry in the mount's root; the last one after unlink
 * @regions_sem: for writing where the list of regions changes, for reading to
 *	walk it and sleep
 * @regions: its files; RCU for walks that do not sleep
 * @next_region: index of the next region
 * @nr_regions: in @regions
 * @dead: no region is added any more; under @regions_sem
 * @policy_lock: protects @set, @memcg, and attaching of tiers
 * @set: what the operator set
 * @memcg: charged for everything; NULL: nobody decided yet
 * @bound: @memcg is decided
 * @tier: what it has in each tier, by the tier's id
 * @had_poison: a page was lost once
 * @detached: gone: no tier is attached any more
 * @counters: of each CPU
 * @run_pools: for eviction without memory; see evict.c
 * @worker: its own thread: what it waits for no other VM waits for
 * @reclaim_work: brings it within its limit
 * @retry_work: queues @reclaim_work once more when that could not
 * @retry_delay: jiffies that @retry_work was put off last; 0: not yet
 * @relief_work: takes pages from it for the host
 * @relieving: @relief_work is queued or runs
 * @relief_nr: pages wanted; written by the host's worker, unless @relieving
 * @relief_nid: on which node; the same
 * @room: faults that wait for the limit
 * @hand_lock: protects the clock's hand
 * @hand_region: where the hand is: index of the region
 * @hand_index: and of the page in it
 * @barren: attempts of memory reclaim in a row that met pages in use, and freed nothing
 * @no_gain: pages in a row of which memory reclaim found that they do not compress
 * @no_gain_since: jiffies when it found the first of them
 * @stuck_until: jiffies: no use trying to evict before; 0: not stuck
 * @refused_until: the same for memory reclaim, which may use fewer tiers
 * @tokens: by which memory reclaim finds it; under policy_lock until it is bound,
 *	then nobody's but the teardown's
 * @event_jiffies: time of the last LIMIT event, to rate-limit them
 *
 * Lives from the making of its first region until its last region is gone;
 * the structure itself until the last reference is put.  Found by id under RCU.
 */
struct vmswap_vm {
	u64 id;
	dev_t dev;
	refcount_t ref;
	struct rcu_work rwork;
	u64 key;

	spinlock_t name_lock;		/* name; process context */
	char name[NAME_MAX + 1];

	struct rw_semaphore regions_sem; /* regions, next_region, nr_regions, dead */
	struct list_head regions;
	u32 next_region;
	u32 nr_regions;
	bool dead;

	struct mutex policy_lock;	/* set, memcg, attaching of tiers */
	struct vmswap_settings set;
	struct mem_cgroup *memcg;
	bool bound;
	struct vmswap_vm_tier tier[VMSWAP_MAX_TIERS];
	bool had_poison;
	bool detached;

	struct vmswap_counters __percpu *counters;

	mempool_t *run_pools;
	struct kthread_worker *worker;
	struct kthread_work reclaim_work;
	struct delayed_work retry_work;
	unsigned long retry_delay;
	struct kthread_work relief_work;
	bool relieving;
	unsigned long relief_nr;
	int relief_nid;
	wait_queue_head_t room;
	spinlock_t hand_lock;		/* hand_region, hand_index */
	u32 hand_region;
	pgoff_t hand_index;
	unsigned int barren;
	unsigned long no_gain;
	unsigned long no_gain_since;
	unsigned long stuck_until;
	unsigned long refused_until;
	struct vmswap_token *tokens;
	unsigned long event_jiffies;
};

/* Process context, may sleep. */
struct vmswap_vm *vmswap_vm_create(const char *name, dev_t dev);
int vmswap_vm_region_add(struct vmswap_vm *vm, struct vmswap_region *region);
void vmswap_vm_region_del(struct vmswap_region *region);
void vmswap_vm_rename(struct vmswap_vm *vm, const char *name);
void vmswap_vm_bind(struct vmswap_vm *vm, struct mm_struct *mm);
void vmswap_vm_tiers_changed(struct vmswap_vm *vm);
/* Regions with a strong reference. */
struct vmswap_region *vmswap_vm_region_get(struct vmswap_vm *vm, u32 index);
struct vmswap_region *vmswap_vm_region_next(struct vmswap_vm *vm, u32 index);
void vmswap_region_put(struct vmswap_region *region);

/* Any context.  get returns a strong reference or NULL. */
struct vmswap_vm *vmswap_vm_get(u64 id);
struct vmswap_vm *vmswap_vm_next(u64 *id);
void vmswap_vm_put(struct vmswap_vm *vm);
void vmswap_vm_hold(struct vmswap_vm *vm);

/* Any context. */
unsigned long vmswap_vm_resident(struct vmswap_vm *vm);	/* pages in memory */
u64 vmswap_vm_held(void);				/* bytes of structures */
u64 vmswap_vm_size(struct vmswap_vm *vm);		/* bytes */
u64 vmswap_vm_limit(struct vmswap_vm *vm);		/* bytes, or VMSWAP_NO_LIMIT */

/* Any context: of the letters, digits and signs that names may have; "" is. */
bool vmswap_name_ok(const char *name);

int vmswap_vm_init(void);
void vmswap_vm_exit(void);

#endif /* VMSWAP_VM_H */

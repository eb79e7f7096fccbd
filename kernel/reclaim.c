// SPDX-License-Identifier: GPL-2.0
/*
 * reclaim.c - keep each VM within its limit, by a clock.
 *
 *	limit + slack	a fault evicts for itself until below, or waits
 *	limit		a fault that would pass it evicts a run for itself
 *	limit - low	the worker starts
 *	limit - high	the worker stops
 *
 * The clock's hand goes round the regions of a VM, a run of pages at a time.  A
 * page met for the first time is unmapped and marked cold; one that is still
 * cold when the hand comes round again was not touched in between and goes.
 * When a round yields too little, the next one takes whatever can go.
 *
 * Who runs at the same time: any number of faults and the worker move the hand
 * under hand_lock and then evict different runs; regions_sem keeps the region.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "cgroup.h"
#include "event.h"
#include "evict.h"
#include "reclaim.h"
#include "tier.h"
#include "vm.h"

static struct workqueue_struct *reclaim_wq;
static u32 full_action = VMSWAP_FULL_ACTION_WAIT;

/* What a VM may exceed its limit by: 1 MiB, in pages. */
#define SLACK_PAGES	(SZ_1M >> PAGE_SHIFT)

u32 vmswap_reclaim_full(void)
{
	return READ_ONCE(full_action);
}

void vmswap_reclaim_set_full(u32 full)
{
	WRITE_ONCE(full_action, full);
}

/* What the operator set. */
static unsigned long policy_limit(struct vmswap_vm *vm)
{
	u64 limit = vmswap_vm_limit(vm);

	return limit == VMSWAP_NO_LIMIT ? ULONG_MAX : limit >> PAGE_SHIFT;
}

/* What the VM's cgroup leaves room for, counting what is resident now. */
static unsigned long limit_pages(struct vmswap_vm *vm)
{
	unsigned long room = vmswap_cgroup_room(vm);

	if (likely(room == ULONG_MAX))
		return policy_limit(vm);
	return min(policy_limit(vm), vmswap_vm_resident(vm) + room);
}

/**
 * vmswap_reclaim_limit() - the limit in force
 * @vm: the VM
 *
 * Return: pages; ULONG_MAX when neither the operator nor the cgroup limits.
 */
unsigned long vmswap_reclaim_limit(struct vmswap_vm *vm)
{
	return limit_pages(vm);
}

/* The worker's marks below a limit: wide enough that faults seldom meet it. */
static unsigned long low_gap(unsigned long limit)
{
	return clamp(limit / 64, 16ul, 1024ul);
}

static unsigned long high_gap(unsigned long limit)
{
	return 2 * low_gap(limit);
}

static bool over_slack(struct vmswap_vm *vm)
{
	unsigned long limit = policy_limit(vm);

	return limit != ULONG_MAX && vmswap_vm_resident(vm) >= limit + SLACK_PAGES;
}

/* ------------------------------------------------------------------ the clock */

static struct vmswap_region *region_from(struct vmswap_vm *vm, u32 index)
{
	struct vmswap_region *region;

	list_for_each_entry(region, &vm->regions, vm_node)
		if (region->index >= index)
			return region;
	return list_first_entry_or_null(&vm->regions, struct vmswap_region, vm_node);
}

static void next_region(struct vmswap_vm *vm, struct vmswap_region *region)
{
	vm->hand_region = region->index + 1;
	vm->hand_index = 0;
}

/*
 * Take the next run at the hand.  Under regions_sem; returns NULL when no region
 * has a page.
 */
static struct vmswap_region *claim_run(struct vmswap_vm *vm, pgoff_t *start)
{
	struct vmswap_region *region;
	unsigned long index;
	unsigned int i;

	lockdep_assert_held(&vm->regions_sem);
	spin_lock(&vm->hand_lock);
	for (i = 0; i <= vm->nr_regions; i++) {
		region = region_from(vm, vm->hand_region);
		if (!region)
			break;
		if (region->index != vm->hand_region) {
			vm->hand_region = region->index;
			vm->hand_index = 0;
		}
		index = vm->hand_index;
		if (xa_find(&region->inode.i_mapping->i_pages, &index, ULONG_MAX, XA_PRESENT)) {
			*start = index;
			vm->hand_index = index + VMSWAP_RUN_MAX;
			goto out;
		}
		next_region(vm, region);
	}
	region = NULL;
out:
	spin_unlock(&vm->hand_lock);
	return region;
}

/* The runs in flight need their regions: finish them before others get the lock. */
static void let_regions_change(struct vmswap_vm *vm, struct vmswap_evictor *ev)
{
	if (!rwsem_is_contended(&vm->regions_sem))
		return;
	vmswap_evict_end(ev);
	up_read(&vm->regions_sem);
	down_read(&vm->regions_sem);
}

/* One round of the hand, at most; returns pages evicted. */
static unsigned long sweep(struct vmswap_vm *vm, unsigned long target,
			   enum vmswap_evict_mode mode, bool *stuck)
{
	unsigned long budget = vmswap_vm_resident(vm) + VMSWAP_RUN_MAX;
	unsigned long scanned = 0;
	struct vmswap_evict_result res = {};
	struct vmswap_evictor ev = { .res = &res };
	struct vmswap_region *region;
	pgoff_t start;

	down_read(&vm->regions_sem);
	while (scanned < budget) {
		/* What is being written will leave, most likely. */
		if (res.evicted + ev.pending >= target) {
			if (!vmswap_evict_wait(&ev))
				break;
			continue;
		}
		region = claim_run(vm, &start);
		if (!region)
			break;
		vmswap_evict_begin(&ev, region, start, VMSWAP_RUN_MAX, mode);
		scanned += VMSWAP_RUN_MAX / 2;
		/* Every page of many runs in a row refused by all tiers: no use going on. */
		if (res.no_room > 8 * VMSWAP_RUN_MAX && !res.evicted)
			break;
		if (fatal_signal_pending(current))
			break;
		let_regions_change(vm, &ev);
		cond_resched();
	}
	vmswap_evict_end(&ev);
	up_read(&vm->regions_sem);
	*stuck = !res.evicted && res.no_room;
	return res.evicted;
}

/**
 * vmswap_reclaim_some() - evict pages of a VM
 * @vm: the VM
 * @nr: how many pages to aim at
 *
 * Return: pages evicted; 0 when none can go.
 */
unsigned long vmswap_reclaim_some(struct vmswap_vm *vm, unsigned long nr)
{
	unsigned long done;
	bool stuck;

	done = sweep(vm, nr, VMSWAP_EVICT_COLD, &stuck);
	if (done < nr && !stuck)
		done += sweep(vm, nr - done, VMSWAP_EVICT_COLD, &stuck);
	if (!done)
		done = sweep(vm, nr, VMSWAP_EVICT_FORCE, &stuck);
	return done;
}

/* ----------------------------------------------------------------- the limit */

void vmswap_reclaim_kick(struct vmswap_vm *vm)
{
	if (work_pending(&vm->reclaim_work) || READ_ONCE(vm->detached))
		return;
	/* The work keeps the VM: whoever queues it may hold the last reference. */
	vmswap_vm_hold(vm);
	if (!queue_work(reclaim_wq, &vm->reclaim_work))
		vmswap_vm_put(vm);
}

void vmswap_reclaim_worker(struct work_struct *work)
{
	struct vmswap_vm *vm = container_of(work, struct vmswap_vm, reclaim_work);
	unsigned long limit = limit_pages(vm), goal, resident;

	if (limit == ULONG_MAX)
		goto wake;
	goal = limit - min(limit, high_gap(limit));
	resident = vmswap_vm_resident(vm);
	while (resident > goal) {
		if (!vmswap_reclaim_some(vm, min(resident - goal, 256ul)))
			break;
		resident = vmswap_vm_resident(vm);
		wake_up(&vm->room);
	}
wake:
	wake_up(&vm->room);
	vmswap_vm_put(vm);
}

/**
 * vmswap_reclaim_has_room() - may one more page come in without pushing another out
 * @vm: the VM
 */
bool vmswap_reclaim_has_room(struct vmswap_vm *vm)
{
	unsigned long limit = limit_pages(vm);

	return limit == ULONG_MAX || vmswap_vm_resident(vm) < limit;
}

/**
 * vmswap_reclaim_spare() - how many pages may come in that nobody has asked for
 * @vm: the VM
 * @untouched: for pages without content, for which nobody shall have to leave,
 *	not even in the background
 *
 * Return: pages.
 */
unsigned long vmswap_reclaim_spare(struct vmswap_vm *vm, bool untouched)
{
	unsigned long limit = limit_pages(vm), resident, low;

	if (likely(limit == ULONG_MAX))
		return limit;
	resident = vmswap_vm_resident(vm);
	low = limit - min(limit, low_gap(limit));
	if (resident >= low)
		vmswap_reclaim_kick(vm);
	if (untouched)
		limit = low;
	return limit - min(limit, resident);
}

/**
 * vmswap_reclaim_admit() - make room for one more page
 * @vm: the VM that is about to get a page
 * @nowait: do not wait for room
 *
 * Called without folio lock and invalidate_lock.
 *
 * Return: 0; -EAGAIN with @nowait; -ENOSPC when the VM is beyond its limit, nothing
 * of it can leave, and the host's setting is to wait.
 */
int vmswap_reclaim_admit(struct vmswap_vm *vm, bool nowait)
{
	unsigned long limit = limit_pages(vm), resident;

	if (likely(limit == ULONG_MAX))
		return 0;
	resident = vmswap_vm_resident(vm);
	if (likely(resident + low_gap(limit) < limit))
		return 0;
	vmswap_reclaim_kick(vm);
	if (resident < limit)
		return 0;
	/* Eviction may wait for a device: the worker does it, the guest goes on. */
	if (nowait)
		return over_slack(vm) ? -EAGAIN : 0;
	vmswap_reclaim_some(vm, VMSWAP_RUN_MAX);
	/* At the cgroup's limit the charge decides; only our own is waited for. */
	if (!over_slack(vm))
		return 0;
	vmswap_event_limit(vm);
	return vmswap_reclaim_full() == VMSWAP_FULL_ACTION_EXCEED ? 0 : -ENOSPC;
}

static bool room_now(struct vmswap_vm *vm)
{
	return !over_slack(vm) || vmswap_reclaim_full() == VMSWAP_FULL_ACTION_EXCEED;
}

/*
 * Waits a while, then the caller tries again: pages also become evictable without
 * anybody telling us (unpinned, no longer referenced).
 */
int vmswap_reclaim_wait(struct vmswap_vm *vm)
{
	long ret;

	vmswap_reclaim_kick(vm);
	if (current->flags & PF_KTHREAD) {
		wait_event_timeout(vm->room, room_now(vm), HZ / 10);
		return 0;
	}
	ret = wait_event_killable_timeout(vm->room, room_now(vm), HZ / 10);
	return ret < 0 ? -EINTR : 0;
}

/**
 * vmswap_reclaim_to_limit() - bring a VM within its limit now
 * @vm: the VM
 * @timeout: jiffies after which it is left to the worker; MAX_SCHEDULE_TIMEOUT
 *
 * Return: 0; -EINTR; -EAGAIN the time is over; -ENOSPC what is left cannot leave.
 */
int vmswap_reclaim_to_limit(struct vmswap_vm *vm, unsigned long timeout)
{
	unsigned long stop = jiffies + timeout;
	unsigned int idle = 0;

	while (idle < 3) {
		unsigned long limit = policy_limit(vm), resident = vmswap_vm_resident(vm);

		if (limit == ULONG_MAX || resident <= limit)
			return 0;
		if (fatal_signal_pending(current))
			return -EINTR;
		if (time_after(jiffies, stop))
			return -EAGAIN;
		if (!vmswap_reclaim_some(vm, min(resident - limit, 1024ul)))
			idle++;
	}
	return -ENOSPC;
}

int vmswap_reclaim_init(void)
{
	reclaim_wq = alloc_workqueue("vmswap_reclaim", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return reclaim_wq ? 0 : -ENOMEM;
}

void vmswap_reclaim_exit(void)
{
	destroy_workqueue(reclaim_wq);
}

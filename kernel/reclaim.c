// SPDX-License-Identifier: GPL-2.0
/*
 * reclaim.c - keep each VM within its limit, by a clock.
 *
 *	limit + slack	a fault waits when nothing can leave
 *	limit		a fault that would pass it evicts a run for itself
 *	limit - low	above it the worker starts
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
#include "pressure.h"
#include "reclaim.h"
#include "tier.h"
#include "vm.h"

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

/**
 * vmswap_reclaim_limit() - the limit in force
 * @vm: the VM
 *
 * Return: pages; ULONG_MAX when neither the operator nor the cgroup limits.
 */
unsigned long vmswap_reclaim_limit(struct vmswap_vm *vm)
{
	unsigned long room = vmswap_cgroup_room(vm);

	/* What the cgroup leaves room for, counting what is resident now. */
	if (likely(room == ULONG_MAX))
		return policy_limit(vm);
	return min(policy_limit(vm), vmswap_vm_resident(vm) + room);
}

/* The worker's marks below a limit: wide enough that faults seldom meet it. */
static unsigned long low_gap(unsigned long limit)
{
	return clamp(limit / 256, 16ul, 1024ul);
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

/**
 * struct sweep - a way of the hand
 * @how: which pages go, and where to; its mode is that of the next run
 * @mode: which pages go, until the host is about to kill
 * @target: pages to evict
 * @budget: pages to look at, at most
 * @trylock: from within memory reclaim: wait for no lock
 * @tell: or NULL; for the host: is told of pages as they leave
 * @res: what became of them
 * @told: pages that @tell knows of
 */
struct sweep {
	struct vmswap_evict_how how;
	enum vmswap_evict_mode mode;
	unsigned long target;
	unsigned long budget;
	bool trylock;
	vmswap_tell_fn tell;
	struct vmswap_evict_result res;
	unsigned long told;
};

static bool lock_regions(struct vmswap_vm *vm, const struct sweep *s)
{
	if (s->trylock)
		return down_read_trylock(&vm->regions_sem);
	down_read(&vm->regions_sem);
	return true;
}

/*
 * The runs in flight need their regions: finish them before others get the lock.
 * Returns false when the lock is gone.
 */
static bool let_regions_change(struct vmswap_vm *vm, struct sweep *s,
			       struct vmswap_evictor *ev)
{
	if (!rwsem_is_contended(&vm->regions_sem))
		return true;
	vmswap_evict_end(ev);
	up_read(&vm->regions_sem);
	return lock_regions(vm, s);
}

/* By tiers that are full or fail, whichever page it is. */
static unsigned long refused(const struct sweep *s)
{
	return s->res.no_room - s->res.no_gain;
}

static bool is_refused(const struct sweep *s)
{
	return refused(s) && !s->res.evicted;
}

static void tell_evicted(struct sweep *s)
{
	unsigned long nr = s->res.evicted - s->told;

	if (!s->tell || !nr)
		return;
	s->told = s->res.evicted;
	s->tell(nr);
}

/* Begin a run, or wait for one.  Returns false when there is nothing more to do. */
static bool sweep_step(struct vmswap_vm *vm, struct sweep *s, struct vmswap_evictor *ev,
		       unsigned long *scanned)
{
	struct vmswap_region *region;
	pgoff_t start;

	/* What is being written will leave, most likely. */
	if (s->res.evicted + ev->pending >= s->target)
		return vmswap_evict_wait(ev);
	/*
	 * Whoever waits is told of what has left first: to begin another run may take as long,
	 * where the device is short of memory, too, or has to wait for an earlier run.
	 */
	if (s->tell && (ev->nr == VMSWAP_EVICT_RUNS || vmswap_pressure_is_waited_for()) &&
	    vmswap_evict_wait(ev))
		return true;
	region = claim_run(vm, &start);
	if (!region)
		return false;
	/* There is no time left to learn what is cold; also in a round that has begun. */
	s->how.mode = s->tell && vmswap_pressure_is_last_word() ? VMSWAP_EVICT_ALL : s->mode;
	vmswap_evict_begin(ev, region, start, VMSWAP_RUN_MAX);
	/* Runs are seldom full: each counts for half. */
	*scanned += VMSWAP_RUN_MAX / 2;
	/*
	 * Every page of many runs in a row refused by all tiers: no use going on.  Of
	 * pages that do not compress there may be many, and others behind them.
	 */
	return s->res.evicted || (refused(s) <= 8 * VMSWAP_RUN_MAX &&
				  s->res.no_gain <= 128 * VMSWAP_RUN_MAX);
}

/* Spares those who find it so the worker's lock. */
static bool is_queued(const struct kthread_work *work)
{
	return !list_empty(&work->node);
}

/* The host waits for relief, which is behind this in the VM's own thread. */
static bool gives_way(struct vmswap_vm *vm, const struct sweep *s)
{
	return !s->tell && current == vm->worker->task && is_queued(&vm->relief_work);
}

static unsigned long sweep(struct vmswap_vm *vm, struct sweep *s)
{
	struct vmswap_evictor ev = { .how = &s->how, .res = &s->res };
	unsigned long scanned = 0;

	memset(&s->res, 0, sizeof(s->res));
	s->told = 0;
	if (!lock_regions(vm, s))
		return 0;
	while (scanned < s->budget && !gives_way(vm, s) && sweep_step(vm, s, &ev, &scanned)) {
		tell_evicted(s);
		if (fatal_signal_pending(current))
			break;
		if (!let_regions_change(vm, s, &ev))
			return s->res.evicted;
		cond_resched();
	}
	do
		tell_evicted(s);
	while (vmswap_evict_wait(&ev));
	up_read(&vm->regions_sem);
	return s->res.evicted;
}

/* ---------------------------------------------------------- when nothing can go */

/*
 * A round that finds nothing costs an unmap of each page.  After one, nobody tries
 * for eight times as long as it took: it takes at most a ninth of the time, how
 * many faults ever meet the limit.
 */
#define STUCK_FACTOR	8
#define STUCK_MAX	(HZ / 4)

static bool is_before(const unsigned long *until)
{
	unsigned long t = READ_ONCE(*until);

	return t && time_before(jiffies, t);
}

static bool is_stuck(struct vmswap_vm *vm)
{
	return is_before(&vm->stuck_until);
}

static void begin_rest(unsigned long *until, unsigned long start, unsigned long max)
{
	unsigned long wait = clamp_t(unsigned long, (jiffies - start) * STUCK_FACTOR, 1, max);

	WRITE_ONCE(*until, (jiffies + wait) | 1);
}

static void end_rest(unsigned long *until)
{
	if (READ_ONCE(*until))
		WRITE_ONCE(*until, 0);
}

/* Full tiers and pins last; pages in use or locked by others are free a moment later. */
static bool will_last(const struct vmswap_evict_result *res)
{
	return res->no_room + res->pinned > res->busy + res->spared;
}

static void note_result(struct vmswap_vm *vm, const struct sweep *s, unsigned long done,
			unsigned long start)
{
	/* What one may not store in, the worker may; and a node is not all of them. */
	if (!done && s->how.store != VMSWAP_STORE_ANY)
		return;
	if (done || !will_last(&s->res))
		end_rest(&vm->stuck_until);
	else
		begin_rest(&vm->stuck_until, start, STUCK_MAX);
}

/* All its pages are on other nodes. */
static bool met_nothing(const struct vmswap_evict_result *res)
{
	return !(res->evicted + res->pinned + res->busy + res->no_room + res->spared);
}

static unsigned long reclaim(struct vmswap_vm *vm, unsigned long nr,
			     enum vmswap_store_where where, int nid, vmswap_tell_fn tell)
{
	struct sweep s = {
		.how = { .store = where, .nid = nid },
		.mode = VMSWAP_EVICT_COLD,
		.target = nr,
		.budget = vmswap_vm_resident(vm) + VMSWAP_RUN_MAX,
		.tell = tell,
	};
	unsigned long start = jiffies, done;

	done = sweep(vm, &s);
	if (met_nothing(&s.res))
		return 0;
	if (done < nr && !is_refused(&s)) {
		s.target = nr - done;
		done += sweep(vm, &s);
	}
	if (!done && !is_refused(&s)) {
		s.mode = VMSWAP_EVICT_FORCE;
		done = sweep(vm, &s);
	}
	note_result(vm, &s, done, start);
	return done;
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
	return reclaim(vm, nr, vmswap_evict_where(), NUMA_NO_NODE, NULL);
}

/**
 * vmswap_reclaim_node() - evict pages of a VM because a node is short of memory
 * @vm: the VM
 * @nr: how many pages to aim at
 * @nid: the node
 * @tell: is called with the number of pages that have left, each time that some have
 *
 * By the clock, until the kernel would kill: then whatever is met goes.
 *
 * Return: pages evicted; 0 when none can go.
 */
unsigned long vmswap_reclaim_node(struct vmswap_vm *vm, unsigned long nr, int nid,
				  vmswap_tell_fn tell)
{
	return reclaim(vm, nr, max(vmswap_evict_where(), VMSWAP_STORE_GAIN), nid, tell);
}

/* What the VM has for others: nothing when it had nothing a moment ago. */
unsigned long vmswap_reclaim_offer(struct vmswap_vm *vm)
{
	return is_stuck(vm) ? 0 : vmswap_vm_resident(vm);
}

/* And for memory reclaim, which tries again much sooner than what it may use changes. */
unsigned long vmswap_reclaim_offer_direct(struct vmswap_vm *vm)
{
	return is_before(&vm->refused_until) ? 0 : vmswap_reclaim_offer(vm);
}

/* Attempts in a row that found only pages in use, before pages in use go. */
#define BARREN_MAX	4

/* How long memory reclaim rests after a round of pages that do not compress. */
#define NO_GAIN_REST	(2 * HZ)

/*
 * Tiers that take nothing take nothing a moment later.  That pages do not compress
 * says nothing of the next ones, until it is said of as many as there are.  Several
 * may be here at once, and miscount: then a rest comes a little sooner or later.
 */
static void note_refusal(struct vmswap_vm *vm, const struct sweep *s, unsigned long start)
{
	if (s->res.evicted) {
		end_rest(&vm->refused_until);
		WRITE_ONCE(vm->no_gain, 0);
		return;
	}
	if (!READ_ONCE(vm->no_gain))
		WRITE_ONCE(vm->no_gain_since, start);
	WRITE_ONCE(vm->no_gain, READ_ONCE(vm->no_gain) + s->res.no_gain);
	if (is_refused(s)) {
		begin_rest(&vm->refused_until, start, STUCK_MAX);
	} else if (READ_ONCE(vm->no_gain) > vmswap_vm_resident(vm)) {
		begin_rest(&vm->refused_until, READ_ONCE(vm->no_gain_since), NO_GAIN_REST);
		WRITE_ONCE(vm->no_gain, 0);
	}
}

/**
 * vmswap_reclaim_direct() - evict pages of a VM from within memory reclaim
 * @vm: the VM
 * @nr: how many pages to aim at
 * @where: into which tiers; not VMSWAP_STORE_ANY
 * @nid: only pages in memory of this node, or NUMA_NO_NODE
 *
 * Locks are only tried.  Looks at few pages a call: the hand goes on with the next.
 *
 * Return: pages freed, those less that copies of them took.
 */
unsigned long vmswap_reclaim_direct(struct vmswap_vm *vm, unsigned long nr,
				    enum vmswap_store_where where, int nid)
{
	bool desperate = READ_ONCE(vm->barren) >= BARREN_MAX;
	struct sweep s = {
		.how = { .store = where, .nid = nid },
		.mode = desperate ? VMSWAP_EVICT_FORCE : VMSWAP_EVICT_COLD,
		.target = nr,
		.budget = 16 * nr,
		.trylock = true,
	};
	s64 copies = vmswap_tier_memory(vm);
	unsigned long start = jiffies;

	sweep(vm, &s);
	note_refusal(vm, &s, start);
	WRITE_ONCE(vm->barren, s.res.evicted ? 0 : READ_ONCE(vm->barren) + !!s.res.spared);
	/* Others store at the same time: an estimate. */
	copies = DIV_ROUND_UP(max_t(s64, vmswap_tier_memory(vm) - copies, 0), PAGE_SIZE);
	return s.res.evicted - min_t(unsigned long, copies, s.res.evicted);
}

/* ----------------------------------------------------------------- the limit */

/*
 * Pages that are pinned, or in somebody's hands, become free without anybody telling us,
 * and an idle VM asks for nothing.  But they may be pinned for good, as by VFIO, and each
 * look costs a round: from one to the next the time doubles.
 */
#define RETRY_MIN	HZ
#define RETRY_MAX	(60 * HZ)

/* The caller has a reference: this is not the last. */
static void cancel_retry(struct vmswap_vm *vm)
{
	if (delayed_work_pending(&vm->retry_work) && cancel_delayed_work(&vm->retry_work))
		vmswap_vm_put(vm);
}

/*
 * Or sooner.  Others may cancel and queue at the same time: who takes the work from the
 * queue puts its reference, and who does not get it in puts his own.
 */
static void retry_in(struct vmswap_vm *vm, unsigned long delay)
{
	if (delayed_work_pending(&vm->retry_work) &&
	    !time_before(jiffies + delay, READ_ONCE(vm->retry_work.timer.expires)))
		return;
	cancel_retry(vm);
	vmswap_vm_hold(vm);
	if (!queue_delayed_work(system_wq, &vm->retry_work, delay))
		vmswap_vm_put(vm);
}

/**
 * vmswap_reclaim_kick() - have the worker look at the limit
 * @vm: the VM
 *
 * While it rests, as nothing could go, it does later: whoever passes the limit meanwhile
 * may be the last who asks.
 */
void vmswap_reclaim_kick(struct vmswap_vm *vm)
{
	/* What the caller has changed before what it finds; pairs with the worker's. */
	smp_mb();
	if (is_queued(&vm->reclaim_work) || READ_ONCE(vm->detached))
		return;
	if (is_stuck(vm)) {
		retry_in(vm, RETRY_MIN);
		return;
	}
	/* The work keeps the VM: whoever queues it may hold the last reference. */
	vmswap_vm_hold(vm);
	if (!kthread_queue_work(vm->worker, &vm->reclaim_work))
		vmswap_vm_put(vm);
}

/**
 * vmswap_reclaim_unstick() - try again now
 * @vm: a VM of which nothing could go
 *
 * Something has changed: a tier came, or has room, or the limit is another.  Those
 * who wait for room look at what is resident only, so somebody has to evict first.
 */
void vmswap_reclaim_unstick(struct vmswap_vm *vm)
{
	end_rest(&vm->stuck_until);
	end_rest(&vm->refused_until);
	WRITE_ONCE(vm->retry_delay, 0);
	cancel_retry(vm);
	vmswap_pressure_unstick();
	vmswap_reclaim_kick(vm);
}

/* In the worker, which is alone; vmswap_reclaim_unstick() may clear the delay meanwhile. */
static void retry_later(struct vmswap_vm *vm)
{
	unsigned long delay = clamp_t(unsigned long, 2 * READ_ONCE(vm->retry_delay),
				      RETRY_MIN, RETRY_MAX);

	if (delayed_work_pending(&vm->retry_work))
		return;
	WRITE_ONCE(vm->retry_delay, delay);
	retry_in(vm, delay);
}

void vmswap_reclaim_retry(struct work_struct *work)
{
	struct vmswap_vm *vm = container_of(to_delayed_work(work), struct vmswap_vm, retry_work);

	/* A rest that somebody else has begun would end the chain of retries. */
	end_rest(&vm->stuck_until);
	vmswap_reclaim_kick(vm);
	vmswap_vm_put(vm);
}

/* Tell whoever set a limit that it cannot be kept, as tiers are full or pages pinned. */
static void tell_if_over(struct vmswap_vm *vm)
{
	if (is_stuck(vm) && vmswap_vm_resident(vm) > policy_limit(vm))
		vmswap_event_limit(vm);
}

/*
 * The host may wait for pages of this VM, and a VM that thrashes would keep its thread
 * here for as long: relief takes its turn, and this is called again behind it, which goes
 * on if the VM is above the mark still.
 */
static bool host_waits(struct vmswap_vm *vm)
{
	if (!is_queued(&vm->relief_work))
		return false;
	vmswap_reclaim_kick(vm);
	return true;
}

/* False: try again later, as the VM stays above its limit and may be idle. */
static bool evict_to_goal(struct vmswap_vm *vm, unsigned long limit)
{
	unsigned long goal = limit - min(limit, high_gap(limit)), resident;

	while ((resident = vmswap_vm_resident(vm)) > goal) {
		if (host_waits(vm))
			return true;
		if (!vmswap_reclaim_some(vm, min(resident - goal, 256ul))) {
			if (host_waits(vm))
				return true;
			tell_if_over(vm);
			break;
		}
		WRITE_ONCE(vm->retry_delay, 0);
		wake_up(&vm->room);
	}
	return resident <= policy_limit(vm);
}

/* Who woke the worker may have had another reason, and a prefetch goes up to the mark. */
static bool is_above_mark(unsigned long resident, unsigned long limit)
{
	return resident + low_gap(limit) > limit;
}

void vmswap_reclaim_worker(struct kthread_work *work)
{
	struct vmswap_vm *vm = container_of(work, struct vmswap_vm, reclaim_work);
	unsigned long limit;

	/* It can be queued again from here on; pairs with vmswap_reclaim_kick(). */
	smp_mb();
	limit = vmswap_reclaim_limit(vm);
	if (limit != ULONG_MAX && is_above_mark(vmswap_vm_resident(vm), limit) &&
	    !evict_to_goal(vm, limit))
		retry_later(vm);
	wake_up(&vm->room);
	vmswap_vm_put(vm);
}

/* Below the mark where the worker begins to evict. */
static bool is_low(unsigned long resident, unsigned long limit)
{
	return resident + low_gap(limit) < limit;
}

/**
 * vmswap_reclaim_has_room() - may one more page come in within the limit
 * @vm: the VM
 *
 * Context: any.  Nothing is kept for the caller.
 *
 * Return: whether it may; others may have to leave for it in the background.
 */
bool vmswap_reclaim_has_room(struct vmswap_vm *vm)
{
	unsigned long limit = vmswap_reclaim_limit(vm);

	return limit == ULONG_MAX || vmswap_vm_resident(vm) < limit;
}

/**
 * vmswap_reclaim_is_low() - may one more page come in without pushing another out
 * @vm: the VM
 *
 * Context: any.  Nothing is kept for the caller.
 *
 * Return: whether it may, and nobody has to leave for it, not in the background either.
 */
bool vmswap_reclaim_is_low(struct vmswap_vm *vm)
{
	unsigned long limit = vmswap_reclaim_limit(vm);

	return limit == ULONG_MAX || is_low(vmswap_vm_resident(vm), limit);
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
	unsigned long limit = vmswap_reclaim_limit(vm), resident, low;

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
 * A run is all that a fault evicts, however far the VM is beyond a limit that was cut:
 * no less has left than comes in, and the rest is the worker's.
 *
 * Return: 0; -EAGAIN with @nowait; -ENOSPC when the VM is beyond its limit, nothing
 * of it can leave, and the host's setting is to wait.
 */
int vmswap_reclaim_admit(struct vmswap_vm *vm, bool nowait)
{
	unsigned long limit = vmswap_reclaim_limit(vm), resident;

	vmswap_pressure_check();
	if (likely(limit == ULONG_MAX))
		return 0;
	resident = vmswap_vm_resident(vm);
	if (likely(is_low(resident, limit)))
		return 0;
	vmswap_reclaim_kick(vm);
	if (resident < limit)
		return 0;
	/* Eviction may wait for a device: the worker does it, the guest goes on. */
	if (nowait)
		return over_slack(vm) ? -EAGAIN : 0;
	if (!is_stuck(vm) && vmswap_reclaim_some(vm, VMSWAP_RUN_MAX))
		return 0;
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
 * anybody telling us (unpinned, no longer referenced).  Counts, whoever it is that waits.
 */
int vmswap_reclaim_wait(struct vmswap_vm *vm)
{
	long ret;

	vmswap_count(vm, VC_STALLED, 1);
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

// SPDX-License-Identifier: GPL-2.0
/*
 * pressure.c - the host runs out of memory: a worker in good time, and a last word
 * before the kernel kills.
 *
 * What kswapd and the allocator know of reclaimable memory does not include VMs:
 * when little else is left they give up early.  So the worker starts before kswapd
 * does, at twice the high watermark, and stops half as far again above it.  It asks
 * the VMs' own workers, which may write to any tier.  Page cache counts for it as half
 * free: kswapd, which takes that, is not asked while the worker keeps memory free, and
 * little more than the high watermark is free on a host that has read more than it has
 * memory for.
 *
 * The kernel's reclaim asks through shrinker.c, for memory only.  When it fails all
 * the same, the OOM notifier evicts to memory, and lets the worker evict to devices,
 * a while.
 */
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/oom.h>
#include <linux/random.h>
#include <linux/vmstat.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "pressure.h"
#include "reclaim.h"
#include "trace.h"
#include "vm.h"

/* In percent of the high watermark. */
#define KERNEL_STOPS	100
#define WORKER_STARTS	200
#define WORKER_STOPS	300

/* Pages that the worker takes from one VM before it draws the next. */
#define WORKER_BATCH	256

/* How long it waits for that VM before it asks others as well. */
#define PATIENCE	(HZ / 10)

/* VMs drawn in a row that had nothing to give: nobody has. */
#define MAX_FAILURES	16

/* How long after its end the worker is left alone by faults. */
#define CHECK_AFTER	(HZ / 50)

/*
 * When nobody has had anything to give for so long, all but the OOM notifier leave the
 * worker alone for eight times as long as it took to find out, but no longer than REST_MAX.
 */
#define GIVE_UP		(HZ / 4)
#define REST_FACTOR	8
#define REST_MAX	(5 * HZ)

/* Pages freed that are worth another try of whoever would be killed. */
#define OOM_ENOUGH	64
/* How long to look for them, among pages that do not compress; then, for the worker. */
#define OOM_LOOK	HZ
#define OOM_WAIT	(4 * HZ)

static struct workqueue_struct *pressure_wq;
static struct work_struct pressure_work;
static DECLARE_WAIT_QUEUE_HEAD(progress);
static atomic_long_t worker_freed;	/* since the module was loaded */
static atomic_t nr_relieving;		/* VMs whose workers evict for the host */
static atomic_t relieved;		/* number of times that one of them was done */
static atomic_t failures;		/* of these, how many had nothing to give, in a row */
static unsigned long failing;		/* jiffies since when nobody has */
static atomic_t last_word;		/* number of times that the OOM notifier asked */
static int last_word_done;		/* of them; written by the worker */
static bool waited_for;			/* it waits for pages; written by it */
static unsigned long next_check;	/* jiffies */
static unsigned long next_try;		/* jiffies */
static unsigned long start_mark;	/* free pages of the host below which to look closer */
static unsigned long next_marks;	/* jiffies: when to look at it again */

/* -------------------------------------------------------------------- the marks */

/* Half of it, as MemAvailable has it: with less the host thrashes. */
static unsigned long page_cache(struct zone *zone)
{
	return (zone_page_state(zone, NR_ZONE_INACTIVE_FILE) +
		zone_page_state(zone, NR_ZONE_ACTIVE_FILE)) / 2;
}

/*
 * What ordinary memory can be had from, against what all zones of the node want to
 * keep.  Not zone by zone: allocations empty the highest zone first, and leave the
 * lowest, which is small and mostly reserved, for the end.
 */
static unsigned long node_shortage(int nid, unsigned int percent)
{
	struct zone *zones = NODE_DATA(nid)->node_zones;
	unsigned long mark = 0, usable = 0;
	int i;

	for (i = 0; i < MAX_NR_ZONES; i++) {
		unsigned long free, reserve;

		if (!managed_zone(&zones[i]))
			continue;
		free = zone_page_state(&zones[i], NR_FREE_PAGES);
		reserve = zones[i].lowmem_reserve[ZONE_MOVABLE];
		usable += free - min(free, reserve);
		if (percent != KERNEL_STOPS)	/* the worker asks */
			usable += page_cache(&zones[i]);
		mark += zones[i]._watermark[WMARK_HIGH] * percent / 100;
	}
	return mark > usable ? mark - usable : 0;
}

unsigned long vmswap_node_shortage(int nid)
{
	return node_shortage(nid, KERNEL_STOPS);
}

/* All that any zone wants to keep: with more free than this no node is short. */
static unsigned long all_marks(void)
{
	unsigned long pages = 0;
	int nid, i;

	for_each_node_state(nid, N_MEMORY) {
		struct zone *zones = NODE_DATA(nid)->node_zones;

		for (i = 0; i < MAX_NR_ZONES; i++)
			pages += zones[i]._watermark[WMARK_HIGH] * WORKER_STARTS / 100 +
				 (managed_zone(&zones[i]) ?
				  zones[i].lowmem_reserve[ZONE_MOVABLE] : 0);
	}
	return pages;
}

static bool any_shortage(unsigned int percent)
{
	int nid;

	for_each_node_state(nid, N_MEMORY)
		if (node_shortage(nid, percent))
			return true;
	return false;
}

/* ------------------------------------------------------------------- who gives */

/* Asked, and not done yet. */
static bool is_relieving(struct vmswap_vm *vm)
{
	/* Pairs with the release in vmswap_pressure_relieve(): it has read what was asked. */
	return smp_load_acquire(&vm->relieving);
}

/*
 * From the OOM notifier's question until relieve_host() has answered it: VMs that had nothing
 * a moment ago are asked, too, and what is in use goes.
 */
bool vmswap_pressure_is_last_word(void)
{
	return atomic_read(&last_word) != READ_ONCE(last_word_done);
}

/* The notifier waits: the next pages that leave are its answer. */
bool vmswap_pressure_is_waited_for(void)
{
	return READ_ONCE(waited_for);
}

typedef unsigned long (*offer_fn)(struct vmswap_vm *vm);

static unsigned long worker_offer(struct vmswap_vm *vm)
{
	if (is_relieving(vm))
		return 0;
	return vmswap_pressure_is_last_word() ? vmswap_vm_resident(vm) : vmswap_reclaim_offer(vm);
}

static unsigned long offered(offer_fn offer)
{
	unsigned long pages = 0;
	struct vmswap_vm *vm;
	u64 id;

	for (id = 0; (vm = vmswap_vm_next(&id)); id++) {
		pages += offer(vm);
		vmswap_vm_put(vm);
	}
	return pages;
}

/* A VM's chance is its part of what is resident. */
static struct vmswap_vm *draw_vm(offer_fn offer)
{
	unsigned long pages = offered(offer), at;
	struct vmswap_vm *vm;
	u64 id;

	if (!pages)
		return NULL;
	at = get_random_u64() % pages;
	for (id = 0; (vm = vmswap_vm_next(&id)); id++) {
		pages = offer(vm);
		if (at < pages)
			return vm;
		at -= pages;
		vmswap_vm_put(vm);
	}
	return NULL;
}

/* --------------------------------------------------------------- a VM's worker */

/* Pages of a VM have left: whoever waits for memory hears of them, before the next ones go. */
static void note_freed(unsigned long nr)
{
	atomic_long_add(nr, &worker_freed);
	WRITE_ONCE(failing, jiffies);
	atomic_set(&failures, 0);
	wake_up(&progress);
}

/**
 * vmswap_pressure_relieve() - give pages of a VM to the host
 * @work: the VM's
 *
 * May wait for a device, and for ever if that does not answer.
 */
void vmswap_pressure_relieve(struct kthread_work *work)
{
	struct vmswap_vm *vm = container_of(work, struct vmswap_vm, relief_work);
	int nice = task_nice(current);

	/* This is not work ahead: the host waits for it. */
	set_user_nice(current, min(nice, 0));
	/* Several VMs may be here at once: a count that is lost makes the rest come later. */
	if (!vmswap_reclaim_node(vm, vm->relief_nr, vm->relief_nid, note_freed))
		atomic_inc(&failures);
	set_user_nice(current, nice);
	/* Pairs with the acquire in is_relieving(). */
	smp_store_release(&vm->relieving, false);
	atomic_dec(&nr_relieving);
	atomic_inc(&relieved);
	wake_up(&progress);
	vmswap_vm_put(vm);
}

/* ------------------------------------------------------------- the host's worker */

static void ask_vm(struct vmswap_vm *vm, unsigned long nr, int nid)
{
	vm->relief_nr = nr;
	vm->relief_nid = nid;
	WRITE_ONCE(vm->relieving, true);
	atomic_inc(&nr_relieving);
	vmswap_vm_hold(vm);
	kthread_queue_work(vm->worker, &vm->relief_work);
}

/* Until one VM more than @before is done, or none is at it; but not for long. */
static void wait_for_relief(int before)
{
	wait_event_idle_timeout(progress, atomic_read(&relieved) != before ||
				!atomic_read(&nr_relieving), PATIENCE);
}

static bool relieve_node(int nid)
{
	unsigned long need = node_shortage(nid, WORKER_STOPS);
	struct vmswap_vm *vm = need ? draw_vm(worker_offer) : NULL;
	int before = atomic_read(&relieved);

	if (!vm)
		return false;
	ask_vm(vm, min_t(unsigned long, need, WORKER_BATCH), nid);
	vmswap_vm_put(vm);
	wait_for_relief(before);
	return true;
}

static void relieve_nodes(void)
{
	int before = atomic_read(&relieved), nid;
	bool asked = false;

	for_each_node_state(nid, N_MEMORY)
		asked |= relieve_node(nid);
	if (!asked)
		wait_for_relief(before);
}

/* VMs are drawn: one that has nothing to give may come several times before another. */
static bool is_failing(void)
{
	int n = atomic_read(&failures);

	return n >= MAX_FAILURES || (n && time_after(jiffies, READ_ONCE(failing) + GIVE_UP));
}

static bool is_hopeless(void)
{
	return is_failing() || (!offered(worker_offer) && !atomic_read(&nr_relieving));
}

/*
 * Nobody else has anything: what is being written is all there will be.  Only for whom this
 * round was asked, and until he is answered or another one asks: VMs that had nothing may
 * have something for that one.
 */
static void wait_for_last(int asked)
{
	long before = atomic_long_read(&worker_freed);

	if (asked == READ_ONCE(last_word_done) || !any_shortage(WORKER_STOPS))
		return;
	wait_event_idle_timeout(progress, !atomic_read(&nr_relieving) ||
				atomic_read(&last_word) != asked ||
				atomic_long_read(&worker_freed) != before, OOM_WAIT);
}

/*
 * Evicts nothing itself: a VM whose device does not answer would stop it for all.  Who
 * is at it when PATIENCE is over is not asked again before it is done, and others are:
 * there may be one batch too many of each.
 */
static void relieve_host(struct work_struct *work)
{
	int asked = atomic_read(&last_word);
	unsigned long rest = 0;

	/* Queued again while it ran, before it knew that it would rest. */
	if (!vmswap_pressure_is_last_word() && time_before(jiffies, READ_ONCE(next_try)))
		return;
	WRITE_ONCE(failing, jiffies);
	atomic_set(&failures, 0);
	while (!is_hopeless() && any_shortage(WORKER_STOPS)) {
		relieve_nodes();
		cond_resched();
	}
	if (is_failing()) {
		unsigned long since = READ_ONCE(failing);

		rest = min_t(unsigned long, REST_MAX, (jiffies - since) * REST_FACTOR);
	}
	wait_for_last(asked);
	if (rest)
		WRITE_ONCE(next_try, jiffies + rest);
	WRITE_ONCE(next_check, jiffies + CHECK_AFTER);
	WRITE_ONCE(last_word_done, asked);
	wake_up(&progress);
}

void vmswap_pressure_kick(void)
{
	if (time_before(jiffies, READ_ONCE(next_try)) || work_pending(&pressure_work))
		return;
	queue_work(pressure_wq, &pressure_work);
}

/* A tier came, or has room: VMs may have something again. */
void vmswap_pressure_unstick(void)
{
	WRITE_ONCE(next_try, jiffies);
}

/* Watermarks may be set at any time, and nobody tells. */
static void update_marks(void)
{
	if (likely(time_before(jiffies, READ_ONCE(next_marks))))
		return;
	WRITE_ONCE(next_marks, jiffies + HZ);
	WRITE_ONCE(start_mark, all_marks());
}

void vmswap_pressure_check(void)
{
	update_marks();
	if (likely(global_zone_page_state(NR_FREE_PAGES) > READ_ONCE(start_mark)))
		return;
	if (!time_after(jiffies, READ_ONCE(next_check)))
		return;
	if (any_shortage(WORKER_STARTS))
		vmswap_pressure_kick();
	else
		WRITE_ONCE(next_check, jiffies);	/* once a jiffy will do */
}

/* ----------------------------------------------------------------- out of memory */

static unsigned long freed_since(long before)
{
	return atomic_long_read(&worker_freed) - before;
}

/* Until the worker, which may be at it for earlier reasons, has freed some. */
static unsigned long relieve_at_once(long before)
{
	unsigned long freed = 0, end = jiffies + OOM_LOOK;
	struct vmswap_vm *vm;

	while (freed < OOM_ENOUGH && !freed_since(before) && time_before(jiffies, end)) {
		vm = draw_vm(vmswap_vm_resident);
		if (!vm)
			break;
		freed += vmswap_reclaim_direct(vm, VMSWAP_RUN_MAX, VMSWAP_STORE_RESERVE,
					       NUMA_NO_NODE);
		vmswap_vm_put(vm);
	}
	return freed;
}

/* What the worker frees until it has tried all VMs, or for a while. */
static unsigned long relieve_by_worker(long before)
{
	int asked = atomic_inc_return(&last_word);

	queue_work(pressure_wq, &pressure_work);
	wake_up(&progress);	/* who waits for an earlier question's sake */
	wait_event_timeout(progress, freed_since(before) ||
			   READ_ONCE(last_word_done) - asked >= 0, OOM_WAIT);
	return freed_since(before);
}

/*
 * Somebody, who may hold any lock and may be what a device waits for, would kill a
 * process next.  So devices are written to by the worker, and waited for with an
 * end.  VMs that had nothing to give a moment ago are asked all the same, and copies
 * may take of what is kept for emergencies: a run needs less than it frees, and the
 * kernel calls one of us at a time, under oom_lock.
 *
 * It does not look again for free memory after this, and kills when we had none.  Meanwhile
 * others may have given some back, whoever was killed before among them: that is an answer,
 * too, unless it was never short (then it is one cpuset's nodes that are).
 */
static int out_of_memory_soon(struct notifier_block *nb, unsigned long unused, void *arg)
{
	long before = atomic_long_read(&worker_freed);
	bool was_short = any_shortage(KERNEL_STOPS);
	unsigned long *freed = arg, n;

	WRITE_ONCE(waited_for, true);
	n = relieve_at_once(before);
	if (n < OOM_ENOUGH)
		n += relieve_by_worker(before);
	WRITE_ONCE(waited_for, false);
	if (!n && was_short && !any_shortage(KERNEL_STOPS))
		n = 1;
	trace_vmswap_oom(n);
	*freed += n;
	return NOTIFY_OK;
}

static struct notifier_block oom_block = {
	.notifier_call = out_of_memory_soon,
};

int vmswap_pressure_init(void)
{
	int ret;

	pressure_wq = alloc_workqueue("vmswap_pressure", WQ_UNBOUND | WQ_MEM_RECLAIM, 1);
	if (!pressure_wq)
		return -ENOMEM;
	INIT_WORK(&pressure_work, relieve_host);
	next_check = jiffies;
	next_try = jiffies;
	next_marks = jiffies;
	update_marks();
	ret = register_oom_notifier(&oom_block);
	if (ret)
		destroy_workqueue(pressure_wq);
	return ret;
}

void vmswap_pressure_exit(void)
{
	unregister_oom_notifier(&oom_block);
	destroy_workqueue(pressure_wq);
}

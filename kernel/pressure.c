// SPDX-License-Identifier: GPL-2.0
/*
 * pressure.c - the host runs out of memory: a worker in good time, and a last word
 * before the kernel kills.
 *
 * What kswapd and the allocator know of reclaimable memory does not include VMs:
 * when little else is left they give up early.  So the worker starts before kswapd
 * does, at twice the high watermark, and stops half as far again above it; it may
 * write to any tier.  Page cache counts for it as half free: kswapd, which takes
 * that, is not asked while the worker keeps memory free, and little more than the
 * high watermark is free on a host that has read more than it has memory for.
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
#include "vm.h"

/* In percent of the high watermark. */
#define KERNEL_STOPS	100
#define WORKER_STARTS	200
#define WORKER_STOPS	300

/* Pages that the worker takes from one VM before it draws the next. */
#define WORKER_BATCH	256

/* VMs drawn in a row that had nothing to give: nobody has. */
#define MAX_FAILURES	16

/* How long after its end the worker is left alone by faults. */
#define CHECK_AFTER	(HZ / 50)

/* Pages freed that are worth another try of whoever would be killed. */
#define OOM_ENOUGH	64
#define OOM_WAIT	HZ

static struct workqueue_struct *pressure_wq;
static struct work_struct pressure_work;
static DECLARE_WAIT_QUEUE_HEAD(progress);
static atomic_long_t worker_freed;	/* since the module was loaded */
static unsigned long next_check;	/* jiffies */
static unsigned long start_mark;	/* free pages of the host below which to look closer */

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

/* ------------------------------------------------------------------- the worker */

static unsigned long offered(void)
{
	unsigned long pages = 0;
	struct vmswap_vm *vm;
	u64 id;

	for (id = 0; (vm = vmswap_vm_next(&id)); id++) {
		pages += vmswap_reclaim_offer(vm);
		vmswap_vm_put(vm);
	}
	return pages;
}

/* A VM's chance is its part of what is resident. */
static struct vmswap_vm *draw_vm(void)
{
	unsigned long pages = offered(), at;
	struct vmswap_vm *vm;
	u64 id;

	if (!pages)
		return NULL;
	at = get_random_u64() % pages;
	for (id = 0; (vm = vmswap_vm_next(&id)); id++) {
		pages = vmswap_reclaim_offer(vm);
		if (at < pages)
			return vm;
		at -= pages;
		vmswap_vm_put(vm);
	}
	return NULL;
}

static unsigned long relieve_node(int nid)
{
	unsigned long need = node_shortage(nid, WORKER_STOPS), freed;
	struct vmswap_vm *vm = need ? draw_vm() : NULL;

	if (!vm)
		return 0;
	freed = vmswap_reclaim_node(vm, min_t(unsigned long, need, WORKER_BATCH), nid);
	vmswap_vm_put(vm);
	return freed;
}

static void relieve_host(struct work_struct *work)
{
	unsigned int failures = 0;
	unsigned long freed;
	int nid;

	WRITE_ONCE(start_mark, all_marks());	/* watermarks may be set */
	while (failures < MAX_FAILURES && any_shortage(WORKER_STOPS) && offered()) {
		freed = 0;
		for_each_node_state(nid, N_MEMORY)
			freed += relieve_node(nid);
		failures = freed ? 0 : failures + 1;
		atomic_long_add(freed, &worker_freed);
		wake_up(&progress);
		cond_resched();
	}
	WRITE_ONCE(next_check, jiffies + CHECK_AFTER);
	wake_up(&progress);
}

void vmswap_pressure_kick(void)
{
	if (!work_pending(&pressure_work))
		queue_work(pressure_wq, &pressure_work);
}

void vmswap_pressure_check(void)
{
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

static unsigned long relieve_at_once(void)
{
	unsigned long freed = 0;
	struct vmswap_vm *vm;
	int i;

	for (i = 0; i < MAX_FAILURES && freed < OOM_ENOUGH; i++) {
		vm = draw_vm();
		if (!vm)
			break;
		freed += vmswap_reclaim_direct(vm, VMSWAP_RUN_MAX, VMSWAP_STORE_MEMORY,
					       NUMA_NO_NODE);
		vmswap_vm_put(vm);
	}
	return freed;
}

/*
 * Somebody, who may hold any lock and may be what a device waits for, would kill a
 * process next.  So devices are written to by the worker, and waited for with an
 * end.
 */
static int out_of_memory_soon(struct notifier_block *nb, unsigned long unused, void *arg)
{
	unsigned long *freed = arg, n = relieve_at_once();
	long before = atomic_long_read(&worker_freed);

	if (n < OOM_ENOUGH) {
		vmswap_pressure_kick();
		wait_event_timeout(progress, atomic_long_read(&worker_freed) != before ||
				   !offered(), OOM_WAIT);
		n += atomic_long_read(&worker_freed) - before;
	}
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
	start_mark = all_marks();
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

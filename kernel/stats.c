// SPDX-License-Identifier: GPL-2.0
/* stats.c - sums of the counters, and the gauges that need a walk. */
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "page.h"
#include "pagemap.h"
#include "stats.h"
#include "vm.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

u64 vmswap_counter_sum(struct vmswap_vm *vm, enum vmswap_counter counter)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(vm->counters, cpu)->c[counter]);
	return sum;
}

void vmswap_hist_sum(struct vmswap_vm *vm, u64 hist[VMSWAP_HIST_BUCKETS])
{
	int cpu, i;

	memset(hist, 0, sizeof(u64) * VMSWAP_HIST_BUCKETS);
	for_each_possible_cpu(cpu)
		for (i = 0; i < VMSWAP_HIST_BUCKETS; i++)
			hist[i] += READ_ONCE(per_cpu_ptr(vm->counters, cpu)->hist[i]);
}

/* Pages; what the words of resident pages say must not be counted twice. */
struct walk {
	u64 resident, dirty, pinned, same, slot, poisoned;
};

static void count_folio(struct vmswap_region *region, struct folio *folio,
			pgoff_t index, struct walk *w)
{
	w->resident++;
	w->dirty += folio_test_dirty(folio);
	w->pinned += vmswap_folio_pinned(folio);
	switch (vmswap_word_state(vmswap_word_read(&region->map, index))) {
	case VMSWAP_WORD_SAME:
		w->same++;
		break;
	case VMSWAP_WORD_SLOT:
		w->slot++;
		break;
	case VMSWAP_WORD_POISON:
		w->poisoned++;
		break;
	case VMSWAP_WORD_ZERO:
		break;
	}
}

/* Under the lock of the page cache no folio leaves it; a batch at a time. */
static void walk_region(struct vmswap_region *region, struct walk *w)
{
	XA_STATE(xas, &region->inode.i_mapping->i_pages, 0);
	unsigned int n = 0;
	struct folio *folio;

	xas_lock_irq(&xas);
	xas_for_each(&xas, folio, ULONG_MAX) {
		if (xa_is_value(folio))
			continue;
		count_folio(region, folio, xas.xa_index, w);
		if (++n % 256)
			continue;
		xas_pause(&xas);
		xas_unlock_irq(&xas);
		cond_resched();
		xas_lock_irq(&xas);
	}
	xas_unlock_irq(&xas);
}

static u64 without(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

void vmswap_gauges_read(struct vmswap_vm *vm, struct vmswap_gauges *g)
{
	struct vmswap_region *region;
	struct walk w = {};
	u64 leaves = 0;

	memset(g, 0, sizeof(*g));
	down_read(&vm->regions_sem);
	list_for_each_entry(region, &vm->regions, vm_node) {
		walk_region(region, &w);
		leaves += atomic_long_read(&region->map.nr_leaves);
		g->overhead += sizeof(*region);
	}
	up_read(&vm->regions_sem);
	g->size = vmswap_vm_size(vm);
	g->resident = w.resident << PAGE_SHIFT;
	g->dirty = w.dirty << PAGE_SHIFT;
	g->pinned = w.pinned << PAGE_SHIFT;
	g->swapped = without(vmswap_counter_sum(vm, VC_WORDS_SLOT), w.slot) << PAGE_SHIFT;
	g->same = without(vmswap_counter_sum(vm, VC_WORDS_SAME), w.same) << PAGE_SHIFT;
	g->poisoned = without(vmswap_counter_sum(vm, VC_WORDS_POISON), w.poisoned) << PAGE_SHIFT;
	g->zero = without(g->size, g->resident + g->swapped + g->same + g->poisoned);
	g->overhead += (leaves << PAGE_SHIFT) + sizeof(*vm) +
		       num_possible_cpus() * sizeof(struct vmswap_counters);
}

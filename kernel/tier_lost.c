// SPDX-License-Identifier: GPL-2.0
/*
 * tier_lost.c - the device of a tier is gone: keep what memory has of it.
 *
 * A clean page beside its slot was one of two copies, and is the only one now; but the
 * kernel still drops it as it likes (drop_caches, soft offline).  So each is set dirty
 * and its slot given up, as when a tier is removed.
 *
 * Who runs at the same time: faults, evictions and discards, which lock the page; it is
 * looked at again when they are done.  A read that ends well after the loss leaves its
 * page dirty by itself, an eviction takes the page as dirty.  The end of the tier, which
 * is empty then, waits for this.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "event.h"
#include "page.h"
#include "tier.h"
#include "tier_table.h"

/* When pages that were locked are looked at again. */
#define RESCUE_AGAIN	HZ

struct rescue {
	struct vmswap_tier *tier;
	bool again;
};

/* Waits for nobody: whoever has the page may wait for another device. */
static void rescue_page(struct rescue *r, struct vmswap_region *region, pgoff_t index)
{
	struct address_space *mapping = region->inode.i_mapping;
	struct folio *folio = filemap_get_folio(mapping, index);

	if (IS_ERR(folio))
		return;
	if (!folio_trylock(folio)) {
		r->again = true;
		folio_put(folio);
		return;
	}
	if (folio->mapping == mapping && folio_test_uptodate(folio))
		vmswap_tier_give_up(r->tier, region, folio);
	vmswap_folio_release(folio);
}

static void rescue_region(struct rescue *r, struct vmswap_region *region)
{
	pgoff_t end = vmswap_region_pages(region), i;

	for (i = vmswap_pagemap_next_data(&region->map, 0, end); i < end;
	     i = vmswap_pagemap_next_data(&region->map, i + 1, end)) {
		if (vmswap_tier_has(r->tier, vmswap_word_read(&region->map, i)))
			rescue_page(r, region, i);
		cond_resched();
	}
}

static void rescue_vm(struct vmswap_vm *vm, void *arg)
{
	struct vmswap_region *region;
	struct rescue *r = arg;
	u32 i;

	if (!atomic_long_read(&vm->tier[r->tier->id].pages))
		return;
	for (i = 0; (region = vmswap_vm_region_next(vm, i)); i++) {
		i = region->index;
		rescue_region(r, region);
		vmswap_region_put(region);
	}
}

/* An empty tier may have no number any more. */
static void rescue(struct work_struct *work)
{
	struct rescue r = {
		.tier = container_of(to_delayed_work(work), struct vmswap_tier, rescue),
	};

	if (!atomic64_read(&r.tier->pages))
		return;
	vmswap_tier_with_each_vm(rescue_vm, &r);
	if (r.again)
		queue_delayed_work(system_unbound_wq, &r.tier->rescue, RESCUE_AGAIN);
}

void vmswap_tier_lost_init(struct vmswap_tier *tier)
{
	INIT_DELAYED_WORK(&tier->rescue, rescue);
}

/* The device is closed: nobody loses it any more. */
void vmswap_tier_lost_exit(struct vmswap_tier *tier)
{
	cancel_delayed_work_sync(&tier->rescue);
}

/**
 * vmswap_tier_lost() - the device of a tier was removed
 * @tier: the tier
 *
 * It takes no page any more.  What only it has is lost: each page is poisoned when
 * it is touched.
 */
void vmswap_tier_lost(struct vmswap_tier *tier)
{
	if (xchg(&tier->lost, true))
		return;
	vmswap_event_tier(VMSWAP_EVENT_KIND_DEVICE_LOST, tier);
	queue_delayed_work(system_unbound_wq, &tier->rescue, 0);
}

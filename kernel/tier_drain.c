// SPDX-License-Identifier: GPL-2.0
/*
 * tier_drain.c - removal of a tier.
 *
 * The tier leaves the order, which waits for the stores under way, and then
 * nothing adds a slot to it any more.  Its pages come back into memory, each set
 * dirty, and leave it for other tiers as the limits demand.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "event.h"
#include "fault.h"
#include "reclaim.h"
#include "tier.h"
#include "tier_table.h"

static struct vmswap_tier *drain_of;	/* the tier being drained; under the tier lock */
static bool drain_cancel;

struct drain {
	struct vmswap_tier *tier;
	u64 pages;		/* before */
	unsigned int vms;
	int ret;
};

static int drain_page(struct vmswap_region *region, pgoff_t index, struct vmswap_tier *tier)
{
	struct folio *folio;
	u64 *word, w;

	folio = vmswap_page_get(region, index);
	if (IS_ERR(folio)) /* damaged or cut off in the meantime: nothing to move */
		return PTR_ERR(folio) == -EINTR || PTR_ERR(folio) == -ENOMEM ?
		       PTR_ERR(folio) : 0;
	word = vmswap_word_at(&region->map, index);
	w = READ_ONCE(*word);
	if (vmswap_word_state(w) == VMSWAP_WORD_SLOT && vmswap_word_tier(w) == tier->id) {
		folio_mark_dirty(folio);
		vmswap_word_set(region, index, word, VMSWAP_WORD_ZERO);
	}
	vmswap_folio_release(folio);
	return 0;
}

static int drain_region(struct vmswap_region *region, struct vmswap_tier *tier)
{
	struct vmswap_vm *vm = region->vm;
	pgoff_t end = DIV_ROUND_UP(i_size_read(&region->inode), PAGE_SIZE), i;
	int ret = 0;

	for (i = vmswap_pagemap_next_data(&region->map, 0, end); i < end && !ret;
	     i = vmswap_pagemap_next_data(&region->map, i + 1, end)) {
		u64 w = vmswap_word_read(&region->map, i);

		if (vmswap_word_state(w) != VMSWAP_WORD_SLOT || vmswap_word_tier(w) != tier->id)
			continue;
		if (fatal_signal_pending(current) || READ_ONCE(drain_cancel))
			return -EINTR;
		if (!vmswap_reclaim_has_room(vm) && !vmswap_reclaim_some(vm, 64))
			return -ENOSPC;
		ret = drain_page(region, i, tier);
		cond_resched();
	}
	return ret;
}

static void drain_vm(struct vmswap_vm *vm, void *arg)
{
	struct drain *d = arg;
	struct vmswap_region *region;
	u32 i;

	if (d->ret || !atomic_long_read(&vm->tier[d->tier->id].pages))
		return;
	for (i = 0; !d->ret && (region = vmswap_vm_region_next(vm, i)); i++) {
		i = region->index;
		d->ret = drain_region(region, d->tier);
		vmswap_region_put(region);
	}
}

/* Pages that the VM may still take into memory within its limit. */
static void count_need(struct vmswap_vm *vm, void *arg)
{
	struct drain *d = arg;
	u64 pages = atomic_long_read(&vm->tier[d->tier->id].pages);
	u64 limit = vmswap_vm_limit(vm), resident = (u64)vmswap_vm_resident(vm) << PAGE_SHIFT;

	if (!pages)
		return;
	d->vms++;
	if (limit == VMSWAP_NO_LIMIT)
		return;
	limit = limit > resident ? (limit - resident) >> PAGE_SHIFT : 0;
	d->pages += pages - min(pages, limit);
}

static u64 room_elsewhere(const struct vmswap_tier *except)
{
	u64 room = 0;
	unsigned int i;

	for (i = 0; i < VMSWAP_MAX_TIERS; i++) {
		struct vmswap_tier *tier = vmswap_tiers[i];

		if (tier && tier != except && !tier->draining && vmswap_tier_takes_pages(tier))
			room += tier->size - atomic64_read(&tier->used);
	}
	return room;
}

static int refuse_drain(struct drain *d, struct netlink_ext_ack *extack)
{
#ifdef NL_SET_ERR_MSG_FMT
	NL_SET_ERR_MSG_FMT(extack, "%lld pages of %u VMs have no room elsewhere",
			   atomic64_read(&d->tier->pages), d->vms);
#else
	NL_SET_ERR_MSG(extack, "the pages in it have no room elsewhere");
#endif
	return -ENOSPC;
}

/* Under the tier lock.  The tier takes no page from here. */
static int start_drain(struct vmswap_tier *tier, struct drain *d,
		       struct netlink_ext_ack *extack)
{
	int ret;

	if (drain_of) {
		NL_SET_ERR_MSG(extack, "another tier is being removed");
		return -EBUSY;
	}
	vmswap_tier_with_each_vm(count_need, d);
	if (d->pages << PAGE_SHIFT > room_elsewhere(tier))
		return refuse_drain(d, extack);
	tier->draining = true;
	ret = vmswap_order_publish();
	if (ret) {
		tier->draining = false;
		return ret;
	}
	drain_of = tier;
	drain_cancel = false;
	return 0;
}

static void stop_drain(struct vmswap_tier *tier)
{
	mutex_lock(&vmswap_tier_lock);
	drain_of = NULL;
	tier->draining = false;
	vmswap_order_publish();	/* on failure it stays out of the order until the next change */
	mutex_unlock(&vmswap_tier_lock);
	vmswap_tier_prepare_vms();	/* those made meanwhile */
}

/* Empty, and nothing can store into it: take it away. */
static void finish_drain(struct vmswap_tier *tier)
{
	vmswap_order_wait();	/* whoever freed the last slot is done with it */
	vmswap_tier_detach_vms(tier);
	mutex_lock(&vmswap_tier_lock);
	drain_of = NULL;
	vmswap_tiers[tier->id] = NULL;
	vmswap_event_tier(VMSWAP_EVENT_KIND_TIER_DELETED, tier);
	mutex_unlock(&vmswap_tier_lock);
	vmswap_tier_destroy(tier);
}

int vmswap_tier_del(const char *name, struct netlink_ext_ack *extack)
{
	struct drain d = {};
	struct vmswap_tier *tier;
	int ret;

	mutex_lock(&vmswap_tier_lock);
	tier = vmswap_tier_find(name);
	d.tier = tier;
	if (!tier) {
		NL_SET_ERR_MSG(extack, "no such tier");
		ret = -ENOENT;
	} else {
		ret = start_drain(tier, &d, extack);
	}
	mutex_unlock(&vmswap_tier_lock);
	if (ret)
		return ret;
	while (atomic64_read(&tier->pages) && !d.ret) {
		vmswap_tier_with_each_vm(drain_vm, &d);
		/* What is left belongs to a VM that is going. */
		if (atomic64_read(&tier->pages) && !d.ret)
			schedule_timeout_killable(1);
		if (fatal_signal_pending(current) || READ_ONCE(drain_cancel))
			d.ret = d.ret ?: -EINTR;
	}
	if (d.ret) {
		stop_drain(tier);
		if (d.ret == -ENOSPC)
			refuse_drain(&d, extack);
		else if (d.ret == -EINTR)
			NL_SET_ERR_MSG(extack, "stopped; the tier is in use again");
		return d.ret;
	}
	finish_drain(tier);
	return 0;
}

int vmswap_tier_del_cancel(const char *name, struct netlink_ext_ack *extack)
{
	int ret = 0;

	mutex_lock(&vmswap_tier_lock);
	if (drain_of && !strcmp(drain_of->name, name)) {
		WRITE_ONCE(drain_cancel, true);
	} else {
		NL_SET_ERR_MSG(extack, "this tier is not being removed");
		ret = -ENOENT;
	}
	mutex_unlock(&vmswap_tier_lock);
	return ret;
}


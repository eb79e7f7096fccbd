// SPDX-License-Identifier: GPL-2.0
/*
 * drain.c - removal of a tier, in steps.
 *
 * The tier leaves the order; once the stores under way are over nothing adds a slot
 * to it any more.  Its pages come back into memory, each set dirty, and leave it for
 * other tiers as the limits demand.  When its device is gone they are lost instead, but
 * for those that memory has.
 *
 * A step is one call of whoever removes it and ends after STEP_MS, so that no
 * request holds up others for long.  Between steps the tier stays as it is:
 * draining.  It ends empty and is taken away; or by a refusal, a cancel, or with
 * the socket of whoever took the last step, and then the tier takes pages again.
 *
 * Who runs at the same time: steps and the ends of a removal one after the other,
 * under drain_lock; faults, evictions and discards of the pages that are moved.
 */
#include <linux/blkdev.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <net/net_namespace.h>

#include "compat.h"
#include "drain.h"
#include "event.h"
#include "page.h"
#include "reclaim.h"
#include "tier.h"
#include "tier_table.h"

#define STEP_MS		1000

/* Pages that are read together. */
#define BATCH		64

/**
 * struct drain - the removal under way
 * @tier: the tier, or NULL; also under the tier lock
 * @owner: netlink port of whoever took the last step, 0 between removals; written
 *	under the tier lock
 * @cancel: end the step; written under the tier lock, read without
 * @users: a cookie of vmswap_order_users(): until @empty, of who may still store into
 *	the tier; then of who may still be freeing its last slot
 * @empty: nothing is in it, and nothing comes any more
 * @vm: id of the VM where the next step goes on
 * @region: index of its region
 * @index: and of the page in that
 * @stop: jiffies: the end of this step
 */
struct drain {
	struct vmswap_tier *tier;
	u32 owner;
	bool cancel;
	unsigned long users;
	bool empty;
	u64 vm;
	u32 region;
	pgoff_t index;
	unsigned long stop;
};

static DEFINE_MUTEX(drain_lock);	/* drain; outside the tier lock */
static struct drain drain;

/* ------------------------------------------------------------------ moving pages */

/* What is lost with its device will not be read. */
static bool is_lost(void)
{
	return READ_ONCE(drain.tier->lost);
}

/*
 * The page is settled: nobody else has its folio, or there is none and none comes in.  That
 * the device is gone was told when it went, so here there is no event for each page.
 */
static void lose_page(struct vmswap_region *region, pgoff_t index)
{
	u64 *word = vmswap_word_at(&region->map, index);

	if (word && vmswap_tier_has(drain.tier, READ_ONCE(*word)))
		vmswap_word_set(region, word, VMSWAP_WORD_POISON);
}

/*
 * What memory has lives on.  Somebody may be reading or evicting it: it may wait for another
 * tier's device, and the page waits for the next round.
 */
static void keep_or_lose(struct vmswap_region *region, pgoff_t index)
{
	struct address_space *mapping = region->inode.i_mapping;
	struct folio *folio = filemap_get_folio(mapping, index);

	if (IS_ERR(folio)) {
		lose_page(region, index);
		return;
	}
	if (!folio_trylock(folio)) {
		folio_put(folio);
		return;
	}
	if (folio->mapping == mapping && folio_test_uptodate(folio))
		vmswap_tier_give_up(drain.tier, region, folio);
	else if (folio->mapping == mapping)
		lose_page(region, index);
	vmswap_folio_release(folio);
}

static int drain_page(struct vmswap_region *region, pgoff_t index)
{
	struct folio *folio = vmswap_page_try_get(region, index);

	if (IS_ERR(folio))
		return PTR_ERR(folio);
	vmswap_tier_give_up(drain.tier, region, folio);
	vmswap_folio_release(folio);
	return 0;
}

/* The next pages from the cursor that are in the tier. */
static unsigned int collect(struct vmswap_region *region, pgoff_t *batch)
{
	pgoff_t end = vmswap_region_pages(region), i;
	unsigned int nr = 0;

	for (i = vmswap_pagemap_next_data(&region->map, drain.index, end);
	     i < end && nr < BATCH && !time_after(jiffies, drain.stop);
	     i = vmswap_pagemap_next_data(&region->map, i + 1, end)) {
		if (vmswap_tier_has(drain.tier, vmswap_word_read(&region->map, i)))
			batch[nr++] = i;
		cond_resched();
	}
	drain.index = i;
	return nr;
}

/* Begin to read as many of them as have room; errors show when they are waited for. */
static void begin_reads(struct vmswap_region *region, const pgoff_t *batch, unsigned int nr)
{
	unsigned long done = 0, no_room = 0;
	struct blk_plug plug;
	unsigned int i;

	blk_start_plug(&plug);
	for (i = 0; i < nr && !no_room; i++)
		vmswap_prefetch(region, batch[i], batch[i] + 1, &done, &no_room);
	blk_finish_plug(&plug);
}

static bool is_stopped(void)
{
	return fatal_signal_pending(current) || READ_ONCE(drain.cancel);
}

/* Sleep for a moment; -EINTR, -EAGAIN as drain_round(). */
static int pause_step(void)
{
	schedule_timeout_killable(1);
	if (is_stopped())
		return -EINTR;
	return time_after(jiffies, drain.stop) ? -EAGAIN : 0;
}

/* A page that was read already needs no room: it has what there was. */
static bool make_room(struct vmswap_region *region, pgoff_t index)
{
	loff_t pos = (loff_t)index << PAGE_SHIFT;

	return vmswap_reclaim_has_room(region->vm) ||
	       filemap_range_has_page(region->inode.i_mapping, pos, pos) ||
	       vmswap_reclaim_some(region->vm, 4 * BATCH);
}

/*
 * What memory does not have of a device that is gone nobody will have: it needs no page, no
 * room and no charge to say so.  With invalidate_lock no page comes in, so that where there
 * is none the word is settled.  Whoever has that lock may evict, and wait for another
 * tier's device: it is not waited for beyond the step, and then the rest of the region is
 * left to the next round.
 */
static int settle_lost_batch(struct vmswap_region *region, const pgoff_t *batch, unsigned int nr)
{
	struct address_space *mapping = region->inode.i_mapping;
	unsigned int i;
	int ret = 0;

	while (!ret && !down_write_trylock(&mapping->invalidate_lock))
		ret = pause_step();
	if (ret) {
		drain.index = vmswap_region_pages(region);
		return ret;
	}
	for (i = 0; i < nr; i++)
		keep_or_lose(region, batch[i]);
	filemap_invalidate_unlock(mapping);
	return 0;
}

/*
 * The room that was made, or that the page had, may be somebody else's by now: then
 * make it again, as long as the step lasts.  The next round finds what stays behind.
 */
static int move_page(struct vmswap_region *region, pgoff_t index)
{
	int ret;

	do {
		if (is_stopped())
			return -EINTR;
		if (!make_room(region, index))
			return -ENOSPC;
		ret = drain_page(region, index);
	} while (ret == -ENOSPC && !time_after(jiffies, drain.stop));
	switch (ret) {
	case -ENOSPC:
		return -EAGAIN;
	case -EINTR:
	case -ENOMEM:
		return ret;
	}
	return 0;	/* or damaged or cut off in the meantime: nothing to move */
}

static int drain_batch(struct vmswap_region *region, const pgoff_t *batch, unsigned int nr)
{
	unsigned int i;
	int ret = 0;

	if (is_lost())
		return settle_lost_batch(region, batch, nr);
	begin_reads(region, batch, nr);
	for (i = 0; i < nr && !ret; i++)
		ret = move_page(region, batch[i]);
	return ret;
}

static int drain_region(struct vmswap_region *region)
{
	pgoff_t end = vmswap_region_pages(region);
	pgoff_t batch[BATCH];
	int ret = 0;

	while (!ret && drain.index < end) {
		ret = drain_batch(region, batch, collect(region, batch));
		if (!ret && is_stopped())
			ret = -EINTR;
		if (!ret && time_after(jiffies, drain.stop))
			ret = -EAGAIN;
	}
	return ret;
}

static int drain_vm(struct vmswap_vm *vm)
{
	struct vmswap_region *region;
	int ret = 0;

	if (!atomic_long_read(&vm->tier[drain.tier->id].pages))
		return 0;
	while (!ret && (region = vmswap_vm_region_next(vm, drain.region))) {
		if (region->index != drain.region) {
			drain.region = region->index;
			drain.index = 0;
		}
		ret = drain_region(region);
		vmswap_region_put(region);
		if (!ret) {
			drain.region++;
			drain.index = 0;
		}
	}
	return ret;
}

static void next_vm(u64 id)
{
	drain.vm = id;
	drain.region = 0;
	drain.index = 0;
}

/* From the cursor to the last VM; -EAGAIN the time is over; -EINTR, -ENOSPC, -ENOMEM. */
static int drain_round(void)
{
	struct vmswap_vm *vm;
	u64 id = drain.vm;
	int ret = 0;

	while (!ret && (vm = vmswap_vm_next(&id))) {
		if (id != drain.vm)
			next_vm(id);
		ret = drain_vm(vm);
		vmswap_vm_put(vm);
		if (!ret)
			next_vm(++id);
	}
	if (!ret)
		next_vm(0);
	return ret;
}

/* Any tier's device may keep them waiting. */
static int wait_for_users(void)
{
	int ret = 0;

	while (!ret && !vmswap_order_users_done(drain.users))
		ret = pause_step();
	return ret;
}

static int empty_tier(void)
{
	int ret = 0;

	while (!ret && atomic64_read(&drain.tier->pages)) {
		ret = drain_round();
		/* What is left belongs to a VM that is going. */
		if (!ret && atomic64_read(&drain.tier->pages))
			ret = pause_step();
	}
	if (ret == -EAGAIN && !atomic64_read(&drain.tier->pages))
		ret = 0;	/* the last page left with the time */
	return ret;
}

/* Until nobody uses the tier or the time is over. */
static int take_step(void)
{
	int ret;

	drain.stop = jiffies + msecs_to_jiffies(STEP_MS);
	ret = wait_for_users();
	if (ret || drain.empty)
		return ret;
	ret = empty_tier();
	if (ret)
		return ret;
	drain.empty = true;
	drain.users = vmswap_order_users();
	return wait_for_users();
}

/* -------------------------------------------------------------- begin and end */

/*
 * What is refused before anything moves: what cannot fit, whatever the pages are like.  For
 * the rest to try is the only truth.  How small a page gets shows when it is stored, and
 * those of a block tier never were compressed; nor need the pages that come back be those
 * that leave for them.  A guess on the safe side would refuse what fits.  A try in vain
 * takes as long as it takes to fill what room there is, and loses nothing: the pages that
 * have left the tier stay where they are, and it takes pages again.
 *
 * So all of a limit counts as room.  What is in memory now may be the very pages that this
 * tier has copies of, or leave for no room at all: filled with one word, or with a good
 * copy in another tier.
 */
struct room {
	u64 bytes;
	bool packs;	/* a part of it: in ram tiers */
	bool repacks;	/* in some by another compressor, of which nothing is known */
};

/* In the tiers of @mask. */
static struct room room_elsewhere(u32 mask)
{
	struct room room = {};
	unsigned int i;

	lockdep_assert_held(&vmswap_tier_lock);
	for (i = 0; i < VMSWAP_MAX_TIERS; i++) {
		struct vmswap_tier *tier = vmswap_tiers[i];

		if (!tier || tier == drain.tier || !(mask & BIT(i)))
			continue;
		if (tier->draining || !vmswap_tier_takes_pages(tier))
			continue;
		/* A store under way may take a ram tier beyond its size for a moment. */
		room.bytes += max_t(s64, tier->size - atomic64_read(&tier->used), 0);
		if (tier->ops->kind != VMSWAP_TIER_KIND_RAM)
			continue;
		room.packs = true;
		room.repacks |= drain.tier->ops->kind != VMSWAP_TIER_KIND_RAM ||
				drain.tier->algo != tier->algo;
	}
	return room;
}

/*
 * The least that the VM's pages of the tier take there.  The same compressor does no better,
 * but for a few pages that it took for dense after a short look.
 */
static u64 least_bytes(const struct vmswap_vm_tier *vt, const struct room *room)
{
	if (room->repacks)
		return 0;
	if (room->packs)
		return atomic64_read(&vt->stored_bytes);
	return (u64)atomic_long_read(&vt->pages) << PAGE_SHIFT;
}

struct drain_need {
	u64 bytes;
	bool no_room;	/* for one of the VMs, in the tiers it may use */
};

/* Less what the limit leaves room for: no page takes more of a tier than of memory. */
static void count_need(struct vmswap_vm *vm, void *arg)
{
	struct room room = room_elsewhere(READ_ONCE(vm->set.tier_mask));
	u64 bytes = least_bytes(&vm->tier[drain.tier->id], &room);
	u64 limit = vmswap_vm_limit(vm);
	struct drain_need *need = arg;

	if (limit == VMSWAP_NO_LIMIT || is_lost())
		return;
	bytes -= min(bytes, limit);
	need->bytes += bytes;
	need->no_room |= bytes > room.bytes;
}

static int refuse(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "its pages have no room in memory or in tiers their VMs may use");
	return -ENOSPC;
}

/* The tier takes no page from here. */
static int begin_drain(struct netlink_ext_ack *extack)
{
	struct vmswap_tier *tier = drain.tier;
	struct drain_need need = {};
	int ret;

	lockdep_assert_held(&vmswap_tier_lock);
	vmswap_tier_with_each_vm(count_need, &need);
	if (need.no_room || need.bytes > room_elsewhere(~0u).bytes)
		return refuse(extack);
	WRITE_ONCE(tier->draining, true);
	ret = vmswap_order_publish();
	if (ret)
		WRITE_ONCE(tier->draining, false);
	WRITE_ONCE(drain.cancel, false);
	drain.users = vmswap_order_users();
	drain.empty = false;
	next_vm(0);
	return ret;
}

static void end_drain(void)
{
	lockdep_assert_held(&vmswap_tier_lock);
	drain.tier = NULL;
	WRITE_ONCE(drain.owner, 0);
}

/*
 * Begin, or go on with what was begun.  The tier and the owner change together: who
 * owned the removal before must not end this one with a socket that he left open.
 */
static int get_drain(const char *name, u32 owner, struct netlink_ext_ack *extack)
{
	struct vmswap_tier *tier;
	int ret = 0;

	mutex_lock(&vmswap_tier_lock);
	tier = vmswap_tier_find(name);
	if (!tier) {
		NL_SET_ERR_MSG(extack, "no such tier");
		ret = -ENOENT;
	} else if (drain.tier && drain.tier != tier) {
		NL_SET_ERR_MSG(extack, "another tier is being removed");
		ret = -EBUSY;
	} else if (!drain.tier) {
		drain.tier = tier;
		ret = begin_drain(extack);
		if (ret)
			end_drain();
	}
	if (!ret)
		WRITE_ONCE(drain.owner, owner);
	mutex_unlock(&vmswap_tier_lock);
	return ret;
}

/* The tier is as before, but for the pages that have left it. */
static void stop_drain(void)
{
	lockdep_assert_held(&drain_lock);
	mutex_lock(&vmswap_tier_lock);
	WRITE_ONCE(drain.tier->draining, false);
	end_drain();
	vmswap_order_publish();	/* on failure it stays out of the order until the next change */
	mutex_unlock(&vmswap_tier_lock);
	vmswap_tier_tell_vms();	/* those made meanwhile */
}

/* Empty, nothing can store into it, and whoever freed a slot is done: take it away. */
static void finish_drain(void)
{
	struct vmswap_tier *tier = drain.tier;

	vmswap_tier_detach_vms(tier);
	mutex_lock(&vmswap_tier_lock);
	end_drain();
	WRITE_ONCE(vmswap_tiers[tier->id], NULL);
	vmswap_event_tier(VMSWAP_EVENT_KIND_TIER_DELETED, tier);
	mutex_unlock(&vmswap_tier_lock);
	vmswap_tier_destroy(tier);
}

static int step_done(int ret, u64 *left, struct netlink_ext_ack *extack)
{
	/* 0 would say that it is gone. */
	*left = max_t(u64, atomic64_read(&drain.tier->pages), 1);
	switch (ret) {
	case 0:
		*left = 0;
		finish_drain();
		return 0;
	case -EAGAIN:
		return 0;
	case -ENOSPC:
		refuse(extack);
		break;
	case -EINTR:
		NL_SET_ERR_MSG(extack, "stopped; the tier is in use again");
		break;
	}
	stop_drain();
	return ret;
}

/**
 * vmswap_tier_del() - remove a tier, or take the next step of it
 * @name: of the tier
 * @owner: netlink port of the caller; when it is closed the removal is cancelled
 * @left: out: pages still in it, at least 1 while it is waited for; 0 it is removed
 * @extack: says why, but for -ENOMEM and a signal before the step has begun
 *
 * Process context, no lock held; sleeps for about a second, killably.
 *
 * Return: 0; -ENOSPC the pages have no room elsewhere, -EINTR stopped, -ENOMEM: the
 * tier is in use again; -EINTR without a message: killed while another step was under way,
 * and nothing has changed; -ENOENT no such tier; -EBUSY another tier is being removed.
 */
int vmswap_tier_del(const char *name, u32 owner, u64 *left, struct netlink_ext_ack *extack)
{
	int ret;

	if (mutex_lock_killable(&drain_lock))
		return -EINTR;
	ret = get_drain(name, owner, extack);
	if (!ret)
		ret = step_done(take_step(), left, extack);
	mutex_unlock(&drain_lock);
	return ret;
}

static bool cancel_if(bool (*is_meant)(const void *arg), const void *arg)
{
	bool meant;

	mutex_lock(&vmswap_tier_lock);
	meant = drain.tier && is_meant(arg);
	if (meant)
		WRITE_ONCE(drain.cancel, true);
	mutex_unlock(&vmswap_tier_lock);
	if (!meant)
		return false;
	/* A step under way ends now, and with it the removal; else we end it. */
	mutex_lock(&drain_lock);
	if (drain.tier && READ_ONCE(drain.cancel))
		stop_drain();
	mutex_unlock(&drain_lock);
	return true;
}

static bool has_name(const void *name)
{
	return !strcmp(drain.tier->name, name);
}

/**
 * vmswap_tier_del_cancel() - end the removal of a tier, which is used again
 * @name: of the tier
 * @extack: set on error
 *
 * Process context; sleeps until a step under way has ended, whose caller gets -EINTR.
 *
 * Return: 0; -ENOENT it is not being removed.
 */
int vmswap_tier_del_cancel(const char *name, struct netlink_ext_ack *extack)
{
	if (cancel_if(has_name, name))
		return 0;
	NL_SET_ERR_MSG(extack, "this tier is not being removed");
	return -ENOENT;
}

static bool has_owner(const void *port)
{
	return drain.owner == *(const u32 *)port;
}

/* NETLINK_URELEASE comes in process context, from close(), without a lock. */
static int socket_closed(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct netlink_notify *n = data;

	/* Nearly all sockets have nothing to do with it: they take no lock. */
	if (event == NETLINK_URELEASE && n->protocol == NETLINK_GENERIC &&
	    net_eq(n->net, &init_net) && READ_ONCE(drain.tier) &&
	    READ_ONCE(drain.owner) == n->portid)
		cancel_if(has_owner, &n->portid);
	return NOTIFY_DONE;
}

static struct notifier_block socket_notifier = {
	.notifier_call = socket_closed,
};

int vmswap_drain_init(void)
{
	return netlink_register_notifier(&socket_notifier);
}

void vmswap_drain_exit(void)
{
	netlink_unregister_notifier(&socket_notifier);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * tier_place.c - which tier takes a page: the order of the tiers, slots in and out.
 *
 * Who runs at the same time: evictions walk the order and store, under SRCU;
 * faults load from the tier that a word names, which cannot go while a slot of it
 * is named.  Whoever changes the table publishes a new order.  A store may sleep in
 * its device for as long as that likes: who needs the stores under way to be over
 * waits in steps, and without the tier lock.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/srcu.h>

#include "event.h"
#include "reclaim.h"
#include "tier.h"
#include "tier_table.h"

/* The tiers by rank; replaced as a whole, read under SRCU. */
struct tier_order {
	struct rcu_head rcu;
	unsigned int nr;
	struct vmswap_tier *tier[];
};

static struct tier_order __rcu *order;
DEFINE_STATIC_SRCU(order_srcu);

static void free_order(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct tier_order, rcu));
}

/* Publish the tiers that take pages, by rank.  Under the tier lock; waits for nobody. */
int vmswap_order_publish(void)
{
	struct tier_order *new, *old;
	unsigned int i, j;

	new = kzalloc(struct_size(new, tier, VMSWAP_MAX_TIERS), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	for (i = 0; i < VMSWAP_MAX_TIERS; i++) {
		struct vmswap_tier *tier = vmswap_tiers[i];

		if (!tier || tier->draining)
			continue;
		for (j = new->nr++; j && vmswap_tier_rank_cmp(tier, new->tier[j - 1]) < 0; j--)
			new->tier[j] = new->tier[j - 1];
		new->tier[j] = tier;
	}
	old = rcu_replace_pointer(order, new, lockdep_is_held(&vmswap_tier_lock));
	if (old)
		call_srcu(&order_srcu, &old->rcu, free_order);
	return 0;
}

/* Who stores by the orders of before, and who has just freed a slot: for the next. */
unsigned long vmswap_order_users(void)
{
	return start_poll_synchronize_srcu(&order_srcu);
}

/* Are they done? */
bool vmswap_order_users_done(unsigned long users)
{
	return poll_state_synchronize_srcu(&order_srcu, users);
}

/* Nobody stores or frees any more. */
void vmswap_order_exit(void)
{
	kfree(rcu_replace_pointer(order, NULL, true));
	synchronize_srcu(&order_srcu);	/* whoever asked for users may not have looked */
	srcu_barrier(&order_srcu);
}

/* From here memory has the only copy, and nobody drops it. */
void vmswap_tier_give_up(struct vmswap_tier *tier, struct vmswap_region *region,
			 struct folio *folio)
{
	u64 *word = vmswap_word_at(&region->map, folio->index);

	if (!vmswap_tier_has(tier, READ_ONCE(*word)))
		return;
	folio_mark_dirty(folio);
	vmswap_word_set(region, word, VMSWAP_WORD_ZERO);
}

static bool is_usable(const struct vmswap_vm *vm, const struct vmswap_tier *tier)
{
	if (!(READ_ONCE(vm->set.tier_mask) & BIT(tier->id)))
		return false;
	/* Pairs with the release in attach_one(): priv is there. */
	return smp_load_acquire(&vm->tier[tier->id].attached);
}

static bool is_allowed(const struct vmswap_store *store, const struct vmswap_tier *tier)
{
	switch (store->where) {
	case VMSWAP_STORE_ANY:
	case VMSWAP_STORE_GAIN:
		return true;
	case VMSWAP_STORE_SAFE:
		return READ_ONCE(tier->reclaim_safe);
	case VMSWAP_STORE_MEMORY:
	case VMSWAP_STORE_RESERVE:
		return READ_ONCE(tier->reclaim_safe) && !tier->ops->does_io;
	}
	return false;
}

static bool has_bytes_free(const struct vmswap_tier *tier, u64 bytes)
{
	return atomic64_read(&tier->used) + bytes <= READ_ONCE(tier->size);
}

static bool has_space(const struct vmswap_tier *tier)
{
	return !READ_ONCE(tier->lost) && has_bytes_free(tier, PAGE_SIZE);
}

bool vmswap_tier_takes_pages(const struct vmswap_tier *tier)
{
	return tier->ops->kind != VMSWAP_TIER_KIND_NULL && has_space(tier);
}

/**
 * vmswap_tier_room() - is there a tier that may take a page of this VM
 * @vm: the VM
 *
 * Process context, does not sleep.
 *
 * Return: true when one is attached and has room, as far as is known.
 */
bool vmswap_tier_room(struct vmswap_vm *vm)
{
	struct tier_order *o;
	bool room = false;
	unsigned int i;
	int idx;

	idx = srcu_read_lock(&order_srcu);
	o = srcu_dereference(order, &order_srcu);
	for (i = 0; i < o->nr && !room; i++)
		room = is_usable(vm, o->tier[i]) && vmswap_tier_takes_pages(o->tier[i]) &&
		       !READ_ONCE(o->tier[i]->full);
	srcu_read_unlock(&order_srcu, idx);
	return room;
}

u32 vmswap_tier_state(const struct vmswap_tier *tier)
{
	if (tier->draining)
		return VMSWAP_TIER_STATE_DRAINING;
	if (READ_ONCE(tier->lost))
		return VMSWAP_TIER_STATE_FAILED;
	if (READ_ONCE(tier->degraded))
		return VMSWAP_TIER_STATE_DEGRADED;
	if (READ_ONCE(tier->full))
		return VMSWAP_TIER_STATE_FULL;
	return VMSWAP_TIER_STATE_ONLINE;
}

/* ------------------------------------------------------------ slots in and out */

void vmswap_tier_account(struct vmswap_tier *tier, struct vmswap_vm *vm, int pages, s64 stored)
{
	struct vmswap_vm_tier *vt = &vm->tier[tier->id];

	atomic_long_add(pages, &vt->pages);
	atomic64_add(stored, &vt->stored_bytes);
	atomic64_add(pages, &tier->pages);
	atomic64_add(stored, &tier->stored);
}

s64 vmswap_tier_memory(struct vmswap_vm *vm)
{
	struct tier_order *o;
	unsigned int i;
	s64 bytes = 0;
	int idx;

	idx = srcu_read_lock(&order_srcu);
	o = srcu_dereference(order, &order_srcu);
	for (i = 0; i < o->nr; i++)
		if (o->tier[i]->ops->kind == VMSWAP_TIER_KIND_RAM)
			bytes += atomic64_read(&vm->tier[o->tier[i]->id].stored_bytes);
	srcu_read_unlock(&order_srcu, idx);
	return bytes;
}

/* How long a tier whose writes fail is passed over, also when there is no other. */
#define DEGRADED_FOR	(5 * HZ)

/*
 * How long pages stay after a read failed.  Not until one succeeds: a VM that is full of
 * such pages would read none.
 */
#define IN_DOUBT_FOR	(10 * HZ)

static void note_full(struct vmswap_tier *tier)
{
	if (!READ_ONCE(tier->full) && !xchg(&tier->full, true))
		vmswap_event_tier(VMSWAP_EVENT_KIND_TIER_FULL, tier);
}

static void note_failure(struct vmswap_tier *tier, struct vmswap_store *store, int err)
{
	if (err == -ENOSPC) {
		note_full(tier);
		return;
	}
	/* The host's memory, at this moment: nothing that the tier would lack. */
	if (err == -ENOMEM)
		return;
	atomic64_inc(&tier->errors);
	WRITE_ONCE(tier->retry_at, jiffies + DEGRADED_FOR);
	WRITE_ONCE(tier->degraded, true);
	vmswap_count(store->region->vm, VC_IO_ERRORS, 1);
	vmswap_event_io(store->region, store->folio->index, tier, err);
}

static bool is_tried(const struct vmswap_tier *tier)
{
	if (READ_ONCE(tier->lost))
		return false;
	return !READ_ONCE(tier->degraded) || time_after(jiffies, READ_ONCE(tier->retry_at));
}

/*
 * A tier may have been found full while somebody freed its last slots.  With less than
 * a run free it may well refuse the next page: telling each time would be a flood.
 */
static void note_success(struct vmswap_tier *tier)
{
	if (READ_ONCE(tier->degraded))
		WRITE_ONCE(tier->degraded, false);
	if (READ_ONCE(tier->full) && has_bytes_free(tier, VMSWAP_RUN_MAX * PAGE_SIZE))
		WRITE_ONCE(tier->full, false);
}

static int store_in(struct vmswap_tier *tier, struct vmswap_store *store, u64 *word)
{
	bool spec = false;
	u64 payload;
	int ret;

	ret = tier->ops->store(tier, store, &payload, &spec);
	if (!ret || ret == -EINPROGRESS)
		*word = vmswap_word_slot(tier->id, payload, spec);
	else if (ret != -E2BIG)
		note_failure(tier, store, ret);
	if (!ret)
		note_success(tier);
	return ret;
}

static bool is_accepted(int ret)
{
	return !ret || ret == -EINPROGRESS;
}

/**
 * vmswap_tier_store() - put a copy of a page into the first tier that takes it
 * @store: the page; its folio locked, unmapped, up to date
 * @word: out: the word that names the copy
 *
 * A page that does not compress goes to the next tier; when there is none, the first
 * compressing tier that can keeps it as it is, if memory need not be gained.  A tier
 * whose last write failed is passed over for a while; one whose device is gone, for good.
 *
 * Return: 0; -EINPROGRESS the result comes with the batch; -E2BIG when a tier would
 * take another page, which compresses; -ENOSPC when no tier took it.
 */
int vmswap_tier_store(struct vmswap_store *store, u64 *word)
{
	struct tier_order *o;
	int ret = -ENOSPC, none = -ENOSPC;
	u32 too_big = 0;
	unsigned int i;
	int idx;

	store->last = false;
	idx = srcu_read_lock(&order_srcu);
	o = srcu_dereference(order, &order_srcu);
	for (i = 0; i < o->nr && !is_accepted(ret); i++) {
		struct vmswap_tier *tier = o->tier[i];

		if (!is_usable(store->region->vm, tier) || !is_tried(tier) ||
		    !is_allowed(store, tier))
			continue;
		if (!has_space(tier)) {
			note_full(tier);
			continue;
		}
		ret = store_in(tier, store, word);
		if (ret == -E2BIG)
			too_big |= BIT(i);
	}
	store->last = true;
	/* As it is, it takes as much memory as it frees. */
	if (too_big && store->where != VMSWAP_STORE_ANY) {
		too_big = 0;
		none = -E2BIG;
	}
	for (i = 0; i < o->nr && !is_accepted(ret); i++)
		if (too_big & BIT(i))
			ret = store_in(o->tier[i], store, word);
	srcu_read_unlock(&order_srcu, idx);
	return is_accepted(ret) ? ret : none;
}

/* The slot is named by a word, so its tier is not removed. */
static struct vmswap_tier *tier_of(u64 word)
{
	return READ_ONCE(vmswap_tiers[vmswap_word_tier(word)]);
}

/* A store that was under way has succeeded. */
void vmswap_tier_store_succeeded(u64 word)
{
	note_success(tier_of(word));
}

/**
 * vmswap_tier_store_failed() - a store that was under way has failed
 * @store: the page
 * @word: what vmswap_tier_store() said; its slot is freed
 * @err: why
 */
void vmswap_tier_store_failed(struct vmswap_store *store, u64 word, int err)
{
	note_failure(tier_of(word), store, err);
	vmswap_tier_free_slot(store->region->vm, word, 0);
}

/**
 * vmswap_tier_load() - read the copy of a page into its folio
 * @load: the page; its folio locked
 *
 * Process context, may sleep.  A read that fails at once is tried a second time.
 *
 * Return: 0 the folio has the bytes; -EINPROGRESS vmswap_load_done() follows, and
 * unlocks it; -EAGAIN with @load->nowait alone: there is no memory for a request; -EIO,
 * -EBADMSG the content cannot be had.
 */
int vmswap_tier_load(struct vmswap_load *load)
{
	struct vmswap_tier *tier = tier_of(load->word);
	int ret, tries;

	for (tries = 0; tries < 2; tries++) {
		ret = tier->ops->load(tier, load);
		if (is_accepted(ret) || ret == -EAGAIN)
			return ret;
		atomic64_inc(&tier->errors);
	}
	return ret;
}

void vmswap_tier_load_failed(struct vmswap_region *region, pgoff_t index, u64 word, int err)
{
	struct vmswap_tier *tier = tier_of(word);

	/* Other bytes than were stored, or a bad sector, say nothing of the other pages. */
	if (tier->ops->does_io && err != -EBADMSG && err != -ENODATA)
		WRITE_ONCE(tier->doubt_until, (jiffies + IN_DOUBT_FOR) | 1);
	vmswap_event_io(region, index, tier, err);
}

/* Copies of resident pages are given up when the tier gets full. */
bool vmswap_tier_keeps_copy(u64 word)
{
	const struct vmswap_tier *tier = tier_of(word);
	u64 size = READ_ONCE(tier->size);

	return tier->ops->keeps_copy && !READ_ONCE(tier->draining) && !READ_ONCE(tier->lost) &&
	       atomic64_read(&tier->used) <= size - size / 8;
}

/**
 * vmswap_tier_equal() - does a slot hold exactly what a page holds
 * @word: names the slot
 * @folio: locked, and not mapped
 *
 * Process context, may sleep.
 *
 * Return: true when it does, for a block tier by a checksum of 64 bits; false also when
 * the tier cannot tell, or its device is gone.
 */
bool vmswap_tier_equal(u64 word, struct folio *folio)
{
	struct vmswap_tier *tier = tier_of(word);

	return !READ_ONCE(tier->lost) && tier->ops->equal &&
	       tier->ops->equal(tier, word, folio);
}

bool vmswap_tier_readable(u64 word)
{
	return !READ_ONCE(tier_of(word)->lost);
}

/*
 * Reads of other pages may fail meanwhile, several at once: any of their times will do, and
 * an evictor that comes a moment too early drops a page as it did before the failure.
 */
bool vmswap_tier_in_doubt(u64 word)
{
	unsigned long until = READ_ONCE(tier_of(word)->doubt_until);

	return unlikely(until) && time_before(jiffies, until);
}

/**
 * vmswap_tier_free_slot() - give a slot back
 * @vm: whose page it has
 * @word: named it; no word does any more, or ever did
 * @len: bytes that it holds, as vmswap_load.len has told; 0: not known
 *
 * Does not sleep; for a tier that keeps copies also in softirq.  When its tier was full,
 * and is not any more, the VM is tried again.
 */
void vmswap_tier_free_slot(struct vmswap_vm *vm, u64 word, unsigned int len)
{
	struct vmswap_tier *tier;
	int idx;

	/* With its last slot goes what kept the tier. */
	idx = srcu_read_lock(&order_srcu);
	tier = tier_of(word);
	tier->ops->free(tier, vm, word, len);
	if (READ_ONCE(tier->full) && has_space(tier)) {
		WRITE_ONCE(tier->full, false);
		vmswap_reclaim_unstick(vm);
	}
	srcu_read_unlock(&order_srcu, idx);
}


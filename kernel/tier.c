// SPDX-License-Identifier: GPL-2.0
/*
 * tier.c - the tiers: registry, order, placement, removal.
 *
 * Who runs at the same time: evictions walk the order and store, under SRCU;
 * faults load from the tier that a word names, which cannot go while a slot of it
 * is named; adding and removing hold tier_lock.  Removing takes the tier out of
 * the order, waits for the stores under way (SRCU), and then nothing adds a slot
 * to it any more.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/srcu.h>

#include "compress.h"
#include "event.h"
#include "fault.h"
#include "reclaim.h"
#include "tier.h"

/* The tiers by rank; replaced as a whole, read under SRCU. */
struct tier_order {
	unsigned int nr;
	struct vmswap_tier *tier[];
};

static DEFINE_MUTEX(tier_lock);		/* tiers, order, all settings of tiers */
static struct vmswap_tier *tiers[VMSWAP_MAX_TIERS];
static struct tier_order __rcu *order;
DEFINE_STATIC_SRCU(order_srcu);
static struct vmswap_tier *drain_of;	/* the tier being drained; under tier_lock */
static bool drain_cancel;

static const struct vmswap_tier_ops *const kinds[] = {
	&vmswap_tier_ram_ops,
	&vmswap_tier_block_ops,
	&vmswap_tier_null_ops,
};

/* ------------------------------------------------------------------ the order */

static int rank_cmp(const struct vmswap_tier *a, const struct vmswap_tier *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return a->id < b->id ? -1 : 1;
}

/* Publish the tiers that take pages, by rank.  Under tier_lock. */
static int publish_order(void)
{
	struct tier_order *new, *old;
	unsigned int i, j;

	new = kzalloc(struct_size(new, tier, VMSWAP_MAX_TIERS), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	for (i = 0; i < VMSWAP_MAX_TIERS; i++) {
		if (!tiers[i] || tiers[i]->draining)
			continue;
		for (j = new->nr++; j && rank_cmp(tiers[i], new->tier[j - 1]) < 0; j--)
			new->tier[j] = new->tier[j - 1];
		new->tier[j] = tiers[i];
	}
	old = rcu_replace_pointer(order, new, lockdep_is_held(&tier_lock));
	synchronize_srcu(&order_srcu);
	kfree(old);
	return 0;
}

static bool is_usable(const struct vmswap_vm *vm, const struct vmswap_tier *tier)
{
	if (!(READ_ONCE(vm->set.tier_mask) & BIT(tier->id)))
		return false;
	/* Pairs with the release in attach_one(): priv is there. */
	return smp_load_acquire(&vm->tier[tier->id].attached);
}

static bool has_space(const struct vmswap_tier *tier)
{
	return atomic64_read(&tier->used) + PAGE_SIZE <= READ_ONCE(tier->size);
}

static bool takes_pages(const struct vmswap_tier *tier)
{
	return tier->ops->kind != VMSWAP_TIER_KIND_NULL && has_space(tier);
}

/**
 * vmswap_tier_room() - is there a tier that may take a page of this VM
 * @vm: the VM
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
		room = is_usable(vm, o->tier[i]) && takes_pages(o->tier[i]);
	srcu_read_unlock(&order_srcu, idx);
	return room;
}

u32 vmswap_tier_state(const struct vmswap_tier *tier)
{
	if (tier->draining)
		return VMSWAP_TIER_STATE_DRAINING;
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

/* How long a tier whose writes fail is passed over, when there are others. */
#define RETRY_AFTER	(5 * HZ)

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
	atomic64_inc(&tier->errors);
	WRITE_ONCE(tier->retry_at, jiffies + RETRY_AFTER);
	WRITE_ONCE(tier->degraded, true);
	vmswap_count(store->region->vm, VC_IO_ERRORS, 1);
	vmswap_event_io(store->region, store->folio->index, tier->id, err);
}

static bool is_tried(const struct vmswap_tier *tier)
{
	return !READ_ONCE(tier->degraded) || time_after(jiffies, READ_ONCE(tier->retry_at));
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
		WRITE_ONCE(tier->degraded, false);
	return ret;
}

static bool is_stored(int ret)
{
	return !ret || ret == -EINPROGRESS;
}

/**
 * vmswap_tier_store() - put a copy of a page into the first tier that takes it
 * @store: the page; its folio locked, unmapped, up to date
 * @word: out: the word that names the copy
 *
 * A page that does not compress goes to the next tier; when there is none, the
 * first compressing tier keeps it as it is.  A tier whose last write failed is
 * passed over for a while.
 *
 * Return: 0; -EINPROGRESS the result comes with the batch; -ENOSPC when no tier
 * took it.
 */
int vmswap_tier_store(struct vmswap_store *store, u64 *word)
{
	struct vmswap_tier *too_big = NULL;
	struct tier_order *o;
	int ret = -ENOSPC;
	unsigned int i;
	int idx;

	store->last = false;
	idx = srcu_read_lock(&order_srcu);
	o = srcu_dereference(order, &order_srcu);
	for (i = 0; i < o->nr && !is_stored(ret); i++) {
		struct vmswap_tier *tier = o->tier[i];

		if (!is_usable(store->region->vm, tier) || !is_tried(tier))
			continue;
		if (!has_space(tier)) {
			note_full(tier);
			continue;
		}
		ret = store_in(tier, store, word);
		if (ret == -E2BIG && !too_big)
			too_big = tier;
	}
	store->last = true;
	if (!is_stored(ret) && too_big)
		ret = store_in(too_big, store, word);
	srcu_read_unlock(&order_srcu, idx);
	return is_stored(ret) ? ret : -ENOSPC;
}

/* The slot is named by a word, so its tier is not removed. */
static struct vmswap_tier *tier_of(u64 word)
{
	return READ_ONCE(tiers[vmswap_word_tier(word)]);
}

/* A store that was under way has succeeded. */
void vmswap_tier_store_succeeded(u64 word)
{
	struct vmswap_tier *tier = tier_of(word);

	if (READ_ONCE(tier->degraded))
		WRITE_ONCE(tier->degraded, false);
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
	vmswap_tier_free_slot(store->region->vm, word);
}

int vmswap_tier_load(struct vmswap_vm *vm, u64 word, struct folio *folio)
{
	struct vmswap_tier *tier = tier_of(word);
	int ret, tries;

	for (tries = 0; tries < 2; tries++) {
		ret = tier->ops->load(tier, vm, word, folio);
		if (is_stored(ret))
			return ret;
		atomic64_inc(&tier->errors);
	}
	return ret;
}

/* Copies of resident pages are given up when the tier gets full. */
bool vmswap_tier_keeps_copy(u64 word)
{
	const struct vmswap_tier *tier = tier_of(word);
	u64 size = READ_ONCE(tier->size);

	return tier->ops->keeps_copy && !tier->draining &&
	       atomic64_read(&tier->used) <= size - size / 8;
}

bool vmswap_tier_equal(struct vmswap_vm *vm, u64 word, struct folio *folio)
{
	struct vmswap_tier *tier = tier_of(word);

	return tier->ops->equal && tier->ops->equal(tier, vm, word, folio);
}

void vmswap_tier_free_slot(struct vmswap_vm *vm, u64 word)
{
	struct vmswap_tier *tier;
	int idx;

	/* With its last slot goes what kept the tier. */
	idx = srcu_read_lock(&order_srcu);
	tier = tier_of(word);
	tier->ops->free(tier, vm, word);
	if (READ_ONCE(tier->full) && has_space(tier)) {
		WRITE_ONCE(tier->full, false);
		wake_up(&vm->room);
	}
	srcu_read_unlock(&order_srcu, idx);
}

/* ------------------------------------------------------------- VMs and tiers */

static int attach_one(struct vmswap_tier *tier, struct vmswap_vm *vm)
{
	struct vmswap_vm_tier *vt = &vm->tier[tier->id];
	int ret = 0;

	if (vt->attached)
		return 0;
	if (tier->ops->attach)
		ret = tier->ops->attach(tier, vm);
	if (!ret)
		/* Pairs with the acquire in is_usable(). */
		smp_store_release(&vt->attached, true);
	return ret;
}

static void detach_one(struct vmswap_tier *tier, struct vmswap_vm *vm)
{
	struct vmswap_vm_tier *vt = &vm->tier[tier->id];

	if (!vt->attached)
		return;
	WRITE_ONCE(vt->attached, false);
	if (tier->ops->detach)
		tier->ops->detach(tier, vm);
}

/*
 * Failure is not fatal: the VM has one tier less until it is tried again.  The
 * memory cgroup must be known, or compressed pages would be charged to the wrong
 * one: a VM that nobody has mapped or written has no page to store.
 */
void vmswap_tier_attach_vm(struct vmswap_vm *vm)
{
	unsigned int i;

	lockdep_assert_held(&vm->policy_lock);
	if (!vm->bound || vm->detached)
		return;
	mutex_lock(&tier_lock);
	for (i = 0; i < VMSWAP_MAX_TIERS; i++)
		if (tiers[i] && !tiers[i]->draining && attach_one(tiers[i], vm))
			pr_warn_ratelimited("vm %llu: no memory to use tier %s\n",
					    vm->id, tiers[i]->name);
	mutex_unlock(&tier_lock);
}

void vmswap_tier_detach_vm(struct vmswap_vm *vm)
{
	unsigned int i;

	mutex_lock(&vm->policy_lock);
	vm->detached = true;
	mutex_lock(&tier_lock);
	for (i = 0; i < VMSWAP_MAX_TIERS; i++)
		if (tiers[i])
			detach_one(tiers[i], vm);
	mutex_unlock(&tier_lock);
	mutex_unlock(&vm->policy_lock);
}

typedef void (*vm_fn)(struct vmswap_vm *vm, void *arg);

static void with_each_vm(vm_fn fn, void *arg)
{
	struct vmswap_vm *vm;
	u64 id;

	for (id = 0; (vm = vmswap_vm_next(&id)); id++) {
		fn(vm, arg);
		vmswap_vm_put(vm);
	}
}

static void prepare_vm(struct vmswap_vm *vm, void *arg)
{
	vmswap_vm_prepare(vm);
}

/* The tier's number may be used again, by one that this VM was not given. */
static void detach_vm(struct vmswap_vm *vm, void *arg)
{
	const struct vmswap_tier *tier = arg;

	mutex_lock(&vm->policy_lock);
	detach_one(arg, vm);
	if (vm->set.tier_mask != ~0u)
		WRITE_ONCE(vm->set.tier_mask, vm->set.tier_mask & ~BIT(tier->id));
	mutex_unlock(&vm->policy_lock);
}

/* ----------------------------------------------------------- add, change, list */

static struct vmswap_tier *find_tier(const char *name)
{
	unsigned int i;

	lockdep_assert_held(&tier_lock);
	for (i = 0; i < VMSWAP_MAX_TIERS; i++)
		if (tiers[i] && !strcmp(tiers[i]->name, name))
			return tiers[i];
	return NULL;
}

static const struct vmswap_tier_ops *find_kind(u32 kind)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i]->kind == kind)
			return kinds[i];
	return NULL;
}

static u32 next_rank(void)
{
	u32 last = 0;
	unsigned int i;

	for (i = 0; i < VMSWAP_MAX_TIERS; i++)
		if (tiers[i])
			last = max(last, tiers[i]->rank);
	return min_t(u32, last + 10, S32_MAX);
}

static void free_tier(struct vmswap_tier *tier)
{
	kfree(tier->path);
	kfree(tier);
}

static struct vmswap_tier *create_tier(const struct vmswap_tier_params *params,
				       struct netlink_ext_ack *extack)
{
	const struct vmswap_tier_ops *ops = find_kind(params->kind);
	struct vmswap_tier *tier;
	int ret;

	if (!ops) {
		NL_SET_ERR_MSG(extack, "this kind of tier is not built yet");
		return ERR_PTR(-EOPNOTSUPP);
	}
	tier = kzalloc(sizeof(*tier), GFP_KERNEL);
	if (!tier)
		return ERR_PTR(-ENOMEM);
	tier->ops = ops;
	tier->reclaim_safe = params->reclaim_safe < 0 ? ops->reclaim_safe :
							params->reclaim_safe;
	strscpy(tier->name, params->name, sizeof(tier->name));
	if (params->path) {
		tier->path = kstrdup(params->path, GFP_KERNEL);
		ret = -ENOMEM;
		if (!tier->path)
			goto free;
	}
	ret = ops->create(tier, params, extack);
	if (!ret)
		return tier;
free:
	free_tier(tier);
	return ERR_PTR(ret);
}

static int free_id(void)
{
	int i;

	for (i = 0; i < VMSWAP_MAX_TIERS; i++)
		if (!tiers[i])
			return i;
	return -ENOSPC;
}

static int name_is_free(const char *name, struct netlink_ext_ack *extack)
{
	int ret = 0;

	mutex_lock(&tier_lock);
	if (find_tier(name)) {
		NL_SET_ERR_MSG(extack, "a tier of that name exists");
		ret = -EEXIST;
	}
	mutex_unlock(&tier_lock);
	return ret;
}

static int publish_tier(struct vmswap_tier *tier, const struct vmswap_tier_params *params,
			struct netlink_ext_ack *extack)
{
	int id, ret;

	lockdep_assert_held(&tier_lock);
	if (find_tier(tier->name)) {
		NL_SET_ERR_MSG(extack, "a tier of that name exists");
		return -EEXIST;
	}
	id = free_id();
	if (id < 0) {
		NL_SET_ERR_MSG(extack, "32 tiers exist; remove one first");
		return id;
	}
	tier->id = id;
	tier->rank = params->has_rank ? params->rank : next_rank();
	tiers[id] = tier;
	ret = publish_order();
	if (ret)
		tiers[id] = NULL;
	else
		vmswap_event_tier(VMSWAP_EVENT_KIND_TIER_ADDED, tier);
	return ret;
}

/* The device is opened without tier_lock: it walks paths, and may take long. */
int vmswap_tier_add(const struct vmswap_tier_params *params, struct netlink_ext_ack *extack)
{
	struct vmswap_tier *tier;
	int ret;

	ret = name_is_free(params->name, extack);
	if (ret)
		return ret;
	tier = create_tier(params, extack);
	if (IS_ERR(tier))
		return PTR_ERR(tier);
	mutex_lock(&tier_lock);
	ret = publish_tier(tier, params, extack);
	mutex_unlock(&tier_lock);
	if (ret) {
		tier->ops->destroy(tier);
		free_tier(tier);
		return ret;
	}
	with_each_vm(prepare_vm, NULL);
	return 0;
}

int vmswap_tier_change(const struct vmswap_tier_params *params, struct netlink_ext_ack *extack)
{
	struct vmswap_tier *tier;
	u32 old_rank;
	int ret = 0;

	mutex_lock(&tier_lock);
	tier = find_tier(params->name);
	if (!tier) {
		NL_SET_ERR_MSG(extack, "no such tier");
		ret = -ENOENT;
		goto unlock;
	}
	if (params->size && params->size < atomic64_read(&tier->used)) {
		NL_SET_ERR_MSG(extack, "size is below what the tier holds");
		ret = -EBUSY;
		goto unlock;
	}
	if (params->size && tier->ops->kind == VMSWAP_TIER_KIND_BLOCK) {
		NL_SET_ERR_MSG(extack, "the size of a block tier is fixed");
		ret = -EOPNOTSUPP;
		goto unlock;
	}
	old_rank = tier->rank;
	if (params->has_rank) {
		tier->rank = params->rank;
		ret = publish_order();
		if (ret) {
			tier->rank = old_rank;
			goto unlock;
		}
	}
	if (params->size) {
		WRITE_ONCE(tier->size, params->size);
		WRITE_ONCE(tier->full, false);
	}
	if (params->reclaim_safe >= 0)
		tier->reclaim_safe = params->reclaim_safe;
	vmswap_event_tier(VMSWAP_EVENT_KIND_TIER_CHANGED, tier);
unlock:
	mutex_unlock(&tier_lock);
	return ret;
}

int vmswap_tier_for_each(int (*fn)(struct vmswap_tier *tier, void *arg), void *arg)
{
	struct vmswap_tier *last = NULL, *next;
	unsigned int i;
	int ret = 0;

	mutex_lock(&tier_lock);
	do {
		next = NULL;
		for (i = 0; i < VMSWAP_MAX_TIERS; i++)
			if (tiers[i] && (!last || rank_cmp(tiers[i], last) > 0) &&
			    tiers[i] != last && (!next || rank_cmp(tiers[i], next) < 0))
				next = tiers[i];
		last = next;
		if (next)
			ret = fn(next, arg);
	} while (next && !ret);
	mutex_unlock(&tier_lock);
	return ret;
}

/**
 * vmswap_tier_mask() - the set of tiers that a list of names means
 * @names: comma-separated; empty: all tiers, those to come included
 * @mask: out
 * @extack: set on error
 *
 * Return: 0, -ENOENT, -ENOMEM.
 */
int vmswap_tier_mask(const char *names, u32 *mask, struct netlink_ext_ack *extack)
{
	char *copy, *rest, *name;
	int ret = 0;

	*mask = *names ? 0 : ~0u;
	copy = kstrdup(names, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	rest = copy;
	mutex_lock(&tier_lock);
	while (*mask != ~0u && (name = strsep(&rest, ","))) {
		struct vmswap_tier *tier = find_tier(name);

		if (!tier) {
			NL_SET_ERR_MSG(extack, "tiers names a tier that does not exist");
			ret = -ENOENT;
			break;
		}
		*mask |= BIT(tier->id);
	}
	mutex_unlock(&tier_lock);
	kfree(copy);
	return ret;
}

struct mask_names {
	u32 mask;
	char *buf;
	size_t size, len;
};

static int append_name(struct vmswap_tier *tier, void *arg)
{
	struct mask_names *m = arg;

	if (m->mask & BIT(tier->id))
		m->len += scnprintf(m->buf + m->len, m->size - m->len, "%s%s",
				    m->len ? "," : "", tier->name);
	return 0;
}

size_t vmswap_tier_mask_names(u32 mask, char *buf, size_t size)
{
	struct mask_names m = { .mask = mask, .buf = buf, .size = size };

	*buf = '\0';
	if (!mask)
		return strscpy(buf, VMSWAP_TIER_NONE, size);
	if (mask != ~0u)
		vmswap_tier_for_each(append_name, &m);
	return m.len;
}

/* --------------------------------------------------------------------- removal */

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
		struct vmswap_tier *tier = tiers[i];

		if (tier && tier != except && !tier->draining && takes_pages(tier))
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

/* Under tier_lock.  The tier takes no page from here. */
static int start_drain(struct vmswap_tier *tier, struct drain *d,
		       struct netlink_ext_ack *extack)
{
	int ret;

	if (drain_of) {
		NL_SET_ERR_MSG(extack, "another tier is being removed");
		return -EBUSY;
	}
	with_each_vm(count_need, d);
	if (d->pages << PAGE_SHIFT > room_elsewhere(tier))
		return refuse_drain(d, extack);
	tier->draining = true;
	ret = publish_order();
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
	mutex_lock(&tier_lock);
	drain_of = NULL;
	tier->draining = false;
	publish_order();	/* on failure it stays out of the order until the next change */
	mutex_unlock(&tier_lock);
	with_each_vm(prepare_vm, NULL);	/* those made meanwhile */
}

/* Empty, and nothing can store into it: take it away. */
static void finish_drain(struct vmswap_tier *tier)
{
	synchronize_srcu(&order_srcu);	/* whoever freed the last slot is done with it */
	with_each_vm(detach_vm, tier);
	mutex_lock(&tier_lock);
	drain_of = NULL;
	tiers[tier->id] = NULL;
	vmswap_event_tier(VMSWAP_EVENT_KIND_TIER_DELETED, tier);
	mutex_unlock(&tier_lock);
	tier->ops->destroy(tier);
	free_tier(tier);
}

int vmswap_tier_del(const char *name, struct netlink_ext_ack *extack)
{
	struct drain d = {};
	struct vmswap_tier *tier;
	int ret;

	mutex_lock(&tier_lock);
	tier = find_tier(name);
	d.tier = tier;
	if (!tier) {
		NL_SET_ERR_MSG(extack, "no such tier");
		ret = -ENOENT;
	} else {
		ret = start_drain(tier, &d, extack);
	}
	mutex_unlock(&tier_lock);
	if (ret)
		return ret;
	while (atomic64_read(&tier->pages) && !d.ret) {
		with_each_vm(drain_vm, &d);
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

	mutex_lock(&tier_lock);
	if (drain_of && !strcmp(drain_of->name, name)) {
		WRITE_ONCE(drain_cancel, true);
	} else {
		NL_SET_ERR_MSG(extack, "this tier is not being removed");
		ret = -ENOENT;
	}
	mutex_unlock(&tier_lock);
	return ret;
}

int vmswap_tier_init(void)
{
	int ret = vmswap_compress_init();

	if (ret)
		return ret;
	ret = vmswap_tier_block_init();
	if (ret)
		goto compress;
	mutex_lock(&tier_lock);
	ret = publish_order();
	mutex_unlock(&tier_lock);
	if (!ret)
		return 0;
	vmswap_tier_block_exit();
compress:
	vmswap_compress_exit();
	return ret;
}

/* No VM exists any more: the tiers are empty. */
void vmswap_tier_exit(void)
{
	unsigned int i;

	for (i = 0; i < VMSWAP_MAX_TIERS; i++) {
		struct vmswap_tier *tier = tiers[i];

		if (!tier)
			continue;
		if (atomic64_read(&tier->pages) || atomic64_read(&tier->stored) ||
		    (tier->ops->kind == VMSWAP_TIER_KIND_RAM && atomic64_read(&tier->used)))
			pr_err("leak: tier %s: %lld pages, %lld bytes\n", tier->name,
			       atomic64_read(&tier->pages), atomic64_read(&tier->stored));
		tier->ops->destroy(tier);
		free_tier(tier);
		tiers[i] = NULL;
	}
	kfree(rcu_replace_pointer(order, NULL, true));
	vmswap_tier_block_exit();
	vmswap_compress_exit();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * tier.c - the tiers: registry, settings, which VM may use which.
 *
 * All of it happens under the tier lock, but what may take long: opening and closing
 * a device, and giving a new tier to each VM.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/slab.h>

#include "compress.h"
#include "event.h"
#include "tier.h"
#include "tier_table.h"

DEFINE_MUTEX(vmswap_tier_lock);	/* see tier_table.h */
struct vmswap_tier *vmswap_tiers[VMSWAP_MAX_TIERS];

static const struct vmswap_tier_ops *const kinds[] = {
	&vmswap_tier_ram_ops,
	&vmswap_tier_block_ops,
	&vmswap_tier_null_ops,
};

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
	mutex_lock(&vmswap_tier_lock);
	for (i = 0; i < VMSWAP_MAX_TIERS; i++) {
		struct vmswap_tier *tier = vmswap_tiers[i];

		if (tier && !tier->draining && attach_one(tier, vm))
			pr_warn_ratelimited("vm %llu: no memory to use tier %s\n",
					    vm->id, tier->name);
	}
	mutex_unlock(&vmswap_tier_lock);
}

void vmswap_tier_detach_vm(struct vmswap_vm *vm)
{
	unsigned int i;

	mutex_lock(&vm->policy_lock);
	vm->detached = true;
	mutex_lock(&vmswap_tier_lock);
	for (i = 0; i < VMSWAP_MAX_TIERS; i++)
		if (vmswap_tiers[i])
			detach_one(vmswap_tiers[i], vm);
	mutex_unlock(&vmswap_tier_lock);
	mutex_unlock(&vm->policy_lock);
}

void vmswap_tier_with_each_vm(vmswap_vm_fn fn, void *arg)
{
	struct vmswap_vm *vm;
	u64 id;

	for (id = 0; (vm = vmswap_vm_next(&id)); id++) {
		fn(vm, arg);
		vmswap_vm_put(vm);
	}
}

static void tell_vm(struct vmswap_vm *vm, void *arg)
{
	vmswap_vm_tiers_changed(vm);
}

/* A tier is new, or has more room. */
void vmswap_tier_tell_vms(void)
{
	vmswap_tier_with_each_vm(tell_vm, NULL);
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

void vmswap_tier_detach_vms(struct vmswap_tier *tier)
{
	vmswap_tier_with_each_vm(detach_vm, tier);
}

/* ----------------------------------------------------------- add, change, list */

int vmswap_tier_rank_cmp(const struct vmswap_tier *a, const struct vmswap_tier *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return a->id < b->id ? -1 : 1;
}

struct vmswap_tier *vmswap_tier_find(const char *name)
{
	unsigned int i;

	lockdep_assert_held(&vmswap_tier_lock);
	for (i = 0; i < VMSWAP_MAX_TIERS; i++)
		if (vmswap_tiers[i] && !strcmp(vmswap_tiers[i]->name, name))
			return vmswap_tiers[i];
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

	lockdep_assert_held(&vmswap_tier_lock);
	for (i = 0; i < VMSWAP_MAX_TIERS; i++)
		if (vmswap_tiers[i])
			last = max(last, vmswap_tiers[i]->rank);
	return min_t(u32, last + 10, VMSWAP_RANK_MAX);
}

static void free_tier(struct vmswap_tier *tier)
{
	vmswap_tier_lost_exit(tier);
	kfree(tier->path);
	kfree(tier);
}

/* Nothing names it and no slot of it is in use. */
void vmswap_tier_destroy(struct vmswap_tier *tier)
{
	pr_debug("tier %s gone\n", tier->name);
	tier->ops->destroy(tier);
	free_tier(tier);
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
	vmswap_tier_lost_init(tier);
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
	if (ret)
		goto free;
	pr_debug("tier %s created\n", tier->name);
	return tier;
free:
	free_tier(tier);
	return ERR_PTR(ret);
}

static int free_id(void)
{
	int i;

	lockdep_assert_held(&vmswap_tier_lock);
	for (i = 0; i < VMSWAP_MAX_TIERS; i++)
		if (!vmswap_tiers[i])
			return i;
	return -ENOSPC;
}

static int name_is_free(const char *name, struct netlink_ext_ack *extack)
{
	int ret = 0;

	mutex_lock(&vmswap_tier_lock);
	if (vmswap_tier_find(name)) {
		NL_SET_ERR_MSG(extack, "a tier of that name exists");
		ret = -EEXIST;
	}
	mutex_unlock(&vmswap_tier_lock);
	return ret;
}

static int publish_tier(struct vmswap_tier *tier, const struct vmswap_tier_params *params,
			struct netlink_ext_ack *extack)
{
	int id, ret;

	lockdep_assert_held(&vmswap_tier_lock);
	if (vmswap_tier_find(tier->name)) {
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
	WRITE_ONCE(vmswap_tiers[id], tier);
	ret = vmswap_order_publish();
	if (ret)
		WRITE_ONCE(vmswap_tiers[id], NULL);
	else
		vmswap_event_tier(VMSWAP_EVENT_KIND_TIER_ADDED, tier);
	return ret;
}

/**
 * vmswap_tier_add() - make a tier, and give it to all VMs
 * @params: what is asked for; sizes in bytes
 * @extack: set on error
 *
 * Process context, may sleep.  The device is opened without the tier lock: it walks
 * paths, and may take long.
 *
 * Return: 0; -EEXIST the name is taken; -ENOSPC there are VMSWAP_MAX_TIERS;
 * -EOPNOTSUPP there is no such kind; -ENOMEM; what the kind's @create says.
 */
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
	mutex_lock(&vmswap_tier_lock);
	ret = publish_tier(tier, params, extack);
	mutex_unlock(&vmswap_tier_lock);
	if (ret) {
		vmswap_tier_destroy(tier);
		return ret;
	}
	vmswap_tier_tell_vms();
	return 0;
}

/**
 * vmswap_tier_change() - change settings of a tier
 * @params: its name, and of rank, size (bytes) and reclaim_safe what is to change
 * @extack: set on error
 *
 * Process context, may sleep.  All that is asked for is changed, or nothing.
 *
 * Return: 0; -ENOENT there is none of that name; -EOPNOTSUPP the size of a block tier
 * is fixed; -EBUSY it holds more than the size; -ENOMEM.
 */
int vmswap_tier_change(const struct vmswap_tier_params *params, struct netlink_ext_ack *extack)
{
	struct vmswap_tier *tier;
	u32 old_rank;
	int ret = 0;

	mutex_lock(&vmswap_tier_lock);
	tier = vmswap_tier_find(params->name);
	if (!tier) {
		NL_SET_ERR_MSG(extack, "no such tier");
		ret = -ENOENT;
		goto unlock;
	}
	if (params->size && tier->ops->kind == VMSWAP_TIER_KIND_BLOCK) {
		NL_SET_ERR_MSG(extack, "the size of a block tier is fixed");
		ret = -EOPNOTSUPP;
		goto unlock;
	}
	if (params->size && params->size < atomic64_read(&tier->used)) {
		NL_SET_ERR_MSG(extack, "size is below what the tier holds");
		ret = -EBUSY;
		goto unlock;
	}
	old_rank = tier->rank;
	if (params->has_rank) {
		tier->rank = params->rank;
		ret = vmswap_order_publish();
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
		WRITE_ONCE(tier->reclaim_safe, params->reclaim_safe);
	vmswap_event_tier(VMSWAP_EVENT_KIND_TIER_CHANGED, tier);
unlock:
	mutex_unlock(&vmswap_tier_lock);
	/* It may have more room: VMs of which nothing could go are tried again. */
	if (!ret)
		vmswap_tier_tell_vms();
	return ret;
}

/* The first by rank after @last. */
static struct vmswap_tier *next_by_rank(const struct vmswap_tier *last)
{
	struct vmswap_tier *next = NULL;
	unsigned int i;

	lockdep_assert_held(&vmswap_tier_lock);
	for (i = 0; i < VMSWAP_MAX_TIERS; i++) {
		struct vmswap_tier *tier = vmswap_tiers[i];

		if (!tier || tier == last || (last && vmswap_tier_rank_cmp(tier, last) < 0))
			continue;
		if (!next || vmswap_tier_rank_cmp(tier, next) < 0)
			next = tier;
	}
	return next;
}

/**
 * vmswap_tier_for_each() - call a function for each tier, by rank
 * @fn: what to call, under the tier lock; anything but 0 ends the walk
 * @arg: for @fn
 *
 * Process context, may sleep.
 *
 * Return: what @fn has returned last; 0 when there is no tier.
 */
int vmswap_tier_for_each(int (*fn)(struct vmswap_tier *tier, void *arg), void *arg)
{
	struct vmswap_tier *tier;
	int ret = 0;

	mutex_lock(&vmswap_tier_lock);
	for (tier = next_by_rank(NULL); tier && !ret; tier = next_by_rank(tier))
		ret = fn(tier, arg);
	mutex_unlock(&vmswap_tier_lock);
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
	mutex_lock(&vmswap_tier_lock);
	while (*mask != ~0u && (name = strsep(&rest, ","))) {
		struct vmswap_tier *tier = vmswap_tier_find(name);

		/* One that goes leaves its number to another. */
		if (!tier || tier->draining) {
			NL_SET_ERR_MSG(extack, "no such tier, or it is being removed");
			ret = -ENOENT;
			break;
		}
		*mask |= BIT(tier->id);
	}
	mutex_unlock(&vmswap_tier_lock);
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

int vmswap_tier_init(void)
{
	int ret = vmswap_compress_init();

	if (ret)
		return ret;
	mutex_lock(&vmswap_tier_lock);
	ret = vmswap_order_publish();
	mutex_unlock(&vmswap_tier_lock);
	if (ret)
		vmswap_compress_exit();
	return ret;
}

/* No VM exists any more: the tiers are empty. */
void vmswap_tier_exit(void)
{
	unsigned int i;

	for (i = 0; i < VMSWAP_MAX_TIERS; i++) {
		struct vmswap_tier *tier = vmswap_tiers[i];

		if (!tier)
			continue;
		if (atomic64_read(&tier->pages) || atomic64_read(&tier->stored) ||
		    (tier->ops->kind == VMSWAP_TIER_KIND_RAM && atomic64_read(&tier->used)))
			pr_err("leak: tier %s: %lld pages, %lld bytes\n", tier->name,
			       atomic64_read(&tier->pages), atomic64_read(&tier->stored));
		vmswap_tier_destroy(tier);
		vmswap_tiers[i] = NULL;
	}
	vmswap_order_exit();
	vmswap_compress_exit();
}

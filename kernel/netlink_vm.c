// SPDX-License-Identifier: GPL-2.0
/* netlink_vm.c - the commands that show a VM and change its settings. */
#include <linux/mm.h>
#include <net/genetlink.h>

#include "event.h"
#include "fs.h"
#include "netlink_msg.h"
#include "reclaim.h"
#include "tier.h"
#include "vm.h"

struct vm_reply {
	struct vmswap_vm *vm;
	struct vmswap_gauges g;
	u64 hist[VMSWAP_HIST_BUCKETS];
	bool deleted;
	bool alone;			/* first in its buffer: it has no more room elsewhere */
	char name[NAME_MAX + 1];	/* scratch */
	char path[PATH_MAX];		/* scratch */
};

struct vm_tier_put {
	struct sk_buff *skb;
	struct vmswap_vm *vm;
};

static int put_vm_tier(struct vmswap_tier *tier, void *arg)
{
	struct vm_tier_put *p = arg;
	struct vmswap_vm_tier *vt = &p->vm->tier[tier->id];
	struct nlattr *nest = nla_nest_start(p->skb, VMSWAP_A_VM_STATS_TIER);

	if (!nest || nla_put_u32(p->skb, VMSWAP_A_VM_TIER_ID, tier->id) ||
	    nla_put_string(p->skb, VMSWAP_A_VM_TIER_NAME, tier->name) ||
	    put_u64(p->skb, VMSWAP_A_VM_TIER_PAGES, atomic_long_read(&vt->pages)) ||
	    put_u64(p->skb, VMSWAP_A_VM_TIER_STORED_BYTES, atomic64_read(&vt->stored_bytes)))
		return -EMSGSIZE;
	nla_nest_end(p->skb, nest);
	return 0;
}

/* What cannot be set yet. */
#define DEFAULT_SHARES	1000
#define DEFAULT_POLICY	"clock"

static const struct {
	u16 attr;
	u16 counter;
} counter_attrs[] = {
	{ VMSWAP_A_VM_STATS_FAULTS_ZERO,	   VC_FAULTS_ZERO },
	{ VMSWAP_A_VM_STATS_FAULTS_MINOR,	   VC_FAULTS_MINOR },
	{ VMSWAP_A_VM_STATS_FAULTS_MAJOR,	   VC_FAULTS_MAJOR },
	{ VMSWAP_A_VM_STATS_FAULTS_ASYNC,	   VC_FAULTS_ASYNC },
	{ VMSWAP_A_VM_STATS_SWAPIN_PAGES,	   VC_SWAPIN },
	{ VMSWAP_A_VM_STATS_SWAPOUT_PAGES,	   VC_SWAPOUT },
	{ VMSWAP_A_VM_STATS_SWAPOUT_SKIPPED_CLEAN, VC_SKIPPED_CLEAN },
	{ VMSWAP_A_VM_STATS_DISCARDED_PAGES,	   VC_DISCARDED },
	{ VMSWAP_A_VM_STATS_HINT_DISCARDED_PAGES,  VC_HINT_DISCARDED },
	{ VMSWAP_A_VM_STATS_IO_ERRORS,		   VC_IO_ERRORS },
	{ VMSWAP_A_VM_STATS_STALLED,		   VC_STALLED },
};

static int put_counters(struct sk_buff *skb, struct vmswap_vm *vm)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counter_attrs); i++)
		if (put_u64(skb, counter_attrs[i].attr,
			    vmswap_counter_sum(vm, counter_attrs[i].counter)))
			return -EMSGSIZE;
	return 0;
}

static int put_stats(struct sk_buff *skb, struct vm_reply *r)
{
	struct vm_tier_put p = { .skb = skb, .vm = r->vm };
	struct nlattr *nest = nla_nest_start(skb, VMSWAP_A_VM_STATS);
	struct vmswap_gauges *g = &r->g;

	if (!nest || put_u64(skb, VMSWAP_A_VM_STATS_RESIDENT, g->resident) ||
	    put_u64(skb, VMSWAP_A_VM_STATS_SWAPPED, g->swapped) ||
	    put_u64(skb, VMSWAP_A_VM_STATS_SAME, g->same) ||
	    put_u64(skb, VMSWAP_A_VM_STATS_ZERO, g->zero) ||
	    put_u64(skb, VMSWAP_A_VM_STATS_POISONED, g->poisoned) ||
	    put_u64(skb, VMSWAP_A_VM_STATS_DIRTY, g->dirty) ||
	    put_u64(skb, VMSWAP_A_VM_STATS_PINNED, g->pinned) ||
	    put_u64(skb, VMSWAP_A_VM_STATS_HINTED, g->hinted) ||
	    put_u64(skb, VMSWAP_A_VM_STATS_OVERHEAD, g->overhead) ||
	    put_counters(skb, r->vm) ||
	    nla_put(skb, VMSWAP_A_VM_STATS_FAULT_HIST, sizeof(r->hist), r->hist) ||
	    vmswap_tier_for_each(put_vm_tier, &p))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_settings(struct sk_buff *skb, struct vm_reply *r)
{
	struct vmswap_vm *vm = r->vm;
	u64 limit = vmswap_vm_limit(vm);
	u32 percent = READ_ONCE(vm->set.limit_percent);
	unsigned long effective = vmswap_reclaim_limit(vm);

	if (limit != VMSWAP_NO_LIMIT && put_u64(skb, VMSWAP_A_VM_LIMIT, limit))
		return -EMSGSIZE;
	if (effective != ULONG_MAX &&
	    put_u64(skb, VMSWAP_A_VM_LIMIT_EFFECTIVE, (u64)effective << PAGE_SHIFT))
		return -EMSGSIZE;
	if (percent && nla_put_u32(skb, VMSWAP_A_VM_LIMIT_PERCENT, percent))
		return -EMSGSIZE;
	vmswap_tier_mask_names(READ_ONCE(vm->set.tier_mask), r->path, sizeof(r->path));
	if (put_u64(skb, VMSWAP_A_VM_MIN_BYTES, 0) ||
	    put_u64(skb, VMSWAP_A_VM_MAX_BYTES, r->g.size) ||
	    nla_put_u32(skb, VMSWAP_A_VM_SHARES, DEFAULT_SHARES) ||
	    nla_put_string(skb, VMSWAP_A_VM_POLICY, DEFAULT_POLICY) ||
	    nla_put_string(skb, VMSWAP_A_VM_TIERS, r->path) ||
	    nla_put_u32(skb, VMSWAP_A_VM_GRANULE, READ_ONCE(vm->set.granule)) ||
	    nla_put_u32(skb, VMSWAP_A_VM_PREFETCH, READ_ONCE(vm->set.prefetch)) ||
	    nla_put_u32(skb, VMSWAP_A_VM_HINTS, VMSWAP_HINTS_AUTO))
		return -EMSGSIZE;
	return 0;
}

static int put_region(struct sk_buff *skb, struct vmswap_region *region, struct vm_reply *r)
{
	struct nlattr *nest = nla_nest_start(skb, VMSWAP_A_VM_REGION);

	vmswap_fs_region_name(region, r->path, sizeof(r->path));
	/* A file of /dev/vmswap has no name but its VM's. */
	if (!r->vm->dev)
		strscpy(r->path, r->name, sizeof(r->path));
	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(skb, VMSWAP_A_REGION_INDEX, region->index) ||
	    nla_put_string(skb, VMSWAP_A_REGION_NAME, r->path) ||
	    put_u64(skb, VMSWAP_A_REGION_SIZE,
		    (u64)vmswap_region_pages(region) << PAGE_SHIFT)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/*
 * Last in the message.  Without room for all, the VM waits for the next buffer of the
 * dump; when it was alone in this one, the regions that do not fit are left out.
 */
static int put_regions(struct sk_buff *skb, struct vm_reply *r)
{
	struct vmswap_region *region;
	int ret = 0;
	u32 i;

	/* Naming a region may drop its last dentry: not under regions_sem. */
	for (i = 0; !ret && (region = vmswap_vm_region_next(r->vm, i)); i++) {
		i = region->index;
		ret = put_region(skb, region, r);
		vmswap_region_put(region);
	}
	return r->alone ? 0 : ret;
}

static int fill_vm(struct sk_buff *skb, void *obj)
{
	struct vm_reply *r = obj;
	struct vmswap_vm *vm = r->vm;

	if (put_u64(skb, VMSWAP_A_VM_ID, vm->id) ||
	    nla_put_string(skb, VMSWAP_A_VM_NAME, r->name) ||
	    nla_put_u8(skb, VMSWAP_A_VM_DELETED, r->deleted) ||
	    put_u64(skb, VMSWAP_A_VM_SIZE, r->g.size))
		return -EMSGSIZE;
	if (vm->dev && (nla_put_u32(skb, VMSWAP_A_VM_DEV_MAJOR, MAJOR(vm->dev)) ||
			nla_put_u32(skb, VMSWAP_A_VM_DEV_MINOR, MINOR(vm->dev))))
		return -EMSGSIZE;
	return put_settings(skb, r) ?: put_stats(skb, r) ?: put_regions(skb, r);
}

/* Everything that takes long is read before the message is begun. */
static void read_vm(struct vm_reply *r, struct vmswap_vm *vm)
{
	struct vmswap_region *region;

	r->vm = vm;
	vmswap_gauges_read(vm, &r->g);
	vmswap_hist_sum(vm, r->hist);
	spin_lock(&vm->name_lock);
	strscpy(r->name, vm->name, sizeof(r->name));
	spin_unlock(&vm->name_lock);
	r->deleted = vm->dev;
	rcu_read_lock();
	list_for_each_entry_rcu(region, &vm->regions, vm_node)
		r->deleted &= !READ_ONCE(region->inode.i_nlink);
	rcu_read_unlock();
}

static size_t vm_size(struct vmswap_vm *vm)
{
	return 4 * PAGE_SIZE + READ_ONCE(vm->nr_regions) * (NAME_MAX + 64);
}

struct vmswap_vm *vmswap_nl_vm(struct genl_info *info, const struct nlattr *id)
{
	struct vmswap_vm *vm = vmswap_vm_get(nla_get_u64(id));

	if (vm)
		return vm;
	NL_SET_ERR_MSG_ATTR(info->extack, id, "no such VM");
	return ERR_PTR(-ENOENT);
}

static struct vmswap_vm *vm_asked_for(struct genl_info *info)
{
	const struct nlattr *id = info->attrs[VMSWAP_A_VM_ID];

	if (!id)
		return ERR_PTR(vmswap_nl_missing(info, VMSWAP_A_VM_ID, "id"));
	return vmswap_nl_vm(info, id);
}

int vmswap_nl_vm_get(struct sk_buff *skb, struct genl_info *info)
{
	struct vmswap_vm *vm = vm_asked_for(info);
	struct vm_reply *r;
	int ret = -ENOMEM;

	if (IS_ERR(vm))
		return PTR_ERR(vm);
	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (r) {
		read_vm(r, vm);
		r->alone = true;
		ret = vmswap_nl_reply(info, VMSWAP_CMD_VM_GET, vm_size(vm), fill_vm, r);
	}
	kfree(r);
	vmswap_vm_put(vm);
	return ret;
}

/* A VM is one message: have room for one with many regions. */
int vmswap_nl_vm_dump_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = SZ_32K;
	return 0;
}

int vmswap_nl_vm_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct vm_reply *r;
	u64 id = cb->args[0];
	struct vmswap_vm *vm;
	int ret;

	ret = vmswap_nl_dump_check(cb);
	if (ret)
		return ret;
	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	cb->seq = vmswap_nl_generation();
	while (!ret && (vm = vmswap_vm_next(&id))) {
		read_vm(r, vm);
		r->alone = !skb->len;
		ret = vmswap_nl_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				    NLM_F_MULTI, VMSWAP_CMD_VM_GET, fill_vm, r, cb);
		vmswap_vm_put(vm);
		if (!ret)
			cb->args[0] = ++id;
	}
	kfree(r);
	return ret && !skb->len ? ret : skb->len;
}

/* What is asked for, checked; nothing is changed before all of it is known to be good. */
static int parse_vm_set(struct genl_info *info, struct vmswap_settings *set)
{
	static const u8 later[] = {
		VMSWAP_A_VM_MIN_BYTES, VMSWAP_A_VM_MAX_BYTES, VMSWAP_A_VM_SHARES, VMSWAP_A_VM_HINTS,
	};
	struct nlattr **a = info->attrs;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(later); i++)
		if (a[later[i]]) {
			NL_SET_ERR_MSG_ATTR(info->extack, a[later[i]],
					    "this setting is not built yet");
			return -EOPNOTSUPP;
		}
	if (a[VMSWAP_A_VM_POLICY] && nla_strcmp(a[VMSWAP_A_VM_POLICY], DEFAULT_POLICY)) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[VMSWAP_A_VM_POLICY],
				    "the only policy built yet is " DEFAULT_POLICY);
		return -EOPNOTSUPP;
	}
	if (a[VMSWAP_A_VM_LIMIT] && a[VMSWAP_A_VM_LIMIT_PERCENT]) {
		NL_SET_ERR_MSG(info->extack, "limit in bytes and in percent exclude each other");
		return -EINVAL;
	}
	if (a[VMSWAP_A_VM_LIMIT]) {
		set->limit = nla_get_u64(a[VMSWAP_A_VM_LIMIT]);
		set->limit_percent = 0;
		if (set->limit < SZ_1M) {
			NL_SET_ERR_MSG_ATTR(info->extack, a[VMSWAP_A_VM_LIMIT],
					    "limit is at least 1M");
			return -EINVAL;
		}
	}
	if (a[VMSWAP_A_VM_LIMIT_PERCENT])
		set->limit_percent = nla_get_u32(a[VMSWAP_A_VM_LIMIT_PERCENT]);
	if (a[VMSWAP_A_VM_GRANULE])
		set->granule = nla_get_u32(a[VMSWAP_A_VM_GRANULE]);
	if (!is_power_of_2(set->granule)) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[VMSWAP_A_VM_GRANULE],
				    "granule is a power of two from 1 to 512");
		return -EINVAL;
	}
	if (a[VMSWAP_A_VM_PREFETCH])
		set->prefetch = nla_get_u32(a[VMSWAP_A_VM_PREFETCH]);
	if (a[VMSWAP_A_VM_TIERS])
		return vmswap_tier_mask(nla_data(a[VMSWAP_A_VM_TIERS]), &set->tier_mask,
					info->extack);
	return 0;
}

static void apply_settings(struct vmswap_vm *vm, const struct vmswap_settings *set)
{
	WRITE_ONCE(vm->set.limit, set->limit);
	WRITE_ONCE(vm->set.limit_percent, set->limit_percent);
	WRITE_ONCE(vm->set.tier_mask, set->tier_mask);
	WRITE_ONCE(vm->set.granule, set->granule);
	WRITE_ONCE(vm->set.prefetch, set->prefetch);
}

/* Apply and enforce; a limit that cannot be kept is taken back. */
static int change_vm(struct vmswap_vm *vm, struct genl_info *info)
{
	struct vmswap_settings old, new;
	int ret;

	mutex_lock(&vm->policy_lock);
	old = vm->set;
	new = old;
	ret = parse_vm_set(info, &new);
	if (ret)
		goto unlock;
	apply_settings(vm, &new);
	if (vmswap_vm_limit(vm) < (u64)vmswap_vm_resident(vm) << PAGE_SHIFT &&
	    !vmswap_tier_room(vm)) {
		/* Only pages without content can leave: no I/O, and so no step. */
		ret = vmswap_reclaim_to_limit(vm, MAX_SCHEDULE_TIMEOUT);
		if (ret) {
			apply_settings(vm, &old);
			NL_SET_ERR_MSG(info->extack,
				       "more is resident, and no tier has room: add one with vmswapctl tier add");
		}
	}
unlock:
	mutex_unlock(&vm->policy_lock);
	return ret;
}

int vmswap_nl_vm_set(struct sk_buff *skb, struct genl_info *info)
{
	struct vmswap_vm *vm;
	int ret = vmswap_nl_may_change(skb, info);

	if (ret)
		return ret;
	vm = vm_asked_for(info);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	ret = vmswap_nl_some_but(info, VMSWAP_A_VM_ID) ?: change_vm(vm, info);
	if (!ret) {
		/* The rest, and what is pinned or busy at this moment, the worker does. */
		vmswap_reclaim_to_limit(vm, HZ);
		vmswap_reclaim_unstick(vm);
		wake_up(&vm->room);
		vmswap_event_by(VMSWAP_EVENT_KIND_VM_CHANGED, vm, info);
	}
	vmswap_vm_put(vm);
	return ret;
}

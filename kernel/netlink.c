// SPDX-License-Identifier: GPL-2.0
/*
 * netlink.c - the generic netlink family: policy in, state and events out.
 *
 * Documentation/netlink/specs/vmswap.yaml is the contract.  Commands run in
 * parallel (parallel_ops): each takes the locks of what it changes.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <net/genetlink.h>

#include "compat.h"
#include "event.h"
#include "fs.h"
#include "netlink.h"
#include "netlink_msg.h"
#include "reclaim.h"
#include "tier.h"
#include "vm.h"

static atomic_t generation;	/* of everything that a dump shows */

void vmswap_nl_changed(void)
{
	atomic_inc(&generation);
}

u32 vmswap_nl_generation(void)
{
	return atomic_read(&generation);
}

/* CAP_NET_ADMIN, which GENL_ADMIN_PERM would ask for, is not what this is about. */
int vmswap_nl_may_change(struct sk_buff *skb, struct genl_info *info)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(info->extack, "CAP_SYS_ADMIN is needed");
	return -EPERM;
}

/* One message about one object. */
int vmswap_nl_put(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd,
		  vmswap_nl_fill_fn fill, void *obj, struct netlink_callback *cb)
{
	void *hdr = genlmsg_put(skb, portid, seq, &vmswap_genl, flags, cmd);

	if (!hdr)
		return -EMSGSIZE;
	if (cb)
		genl_dump_check_consistent(cb, hdr);
	if (fill(skb, obj)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int vmswap_nl_reply(struct genl_info *info, u8 cmd, size_t size, vmswap_nl_fill_fn fill, void *obj)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);
	int ret;

	if (!skb)
		return -ENOMEM;
	ret = vmswap_nl_put(skb, info->snd_portid, info->snd_seq, 0, cmd, fill, obj, NULL);
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}
	return genlmsg_reply(skb, info);
}

/* ---------------------------------------------------------------------- host */

struct tier_sums {
	u64 pages, stored;
	u32 nr;
};

static int sum_tier(struct vmswap_tier *tier, void *arg)
{
	struct tier_sums *s = arg;

	s->nr++;
	s->pages += atomic64_read(&tier->pages);
	s->stored += atomic64_read(&tier->stored);
	return 0;
}

struct host_state {
	struct tier_sums tiers;
	u32 vms;
	u64 size, resident, swapped, overhead;
};

static void read_host(struct host_state *h)
{
	struct vmswap_gauges g;
	struct vmswap_vm *vm;
	u64 id;

	memset(h, 0, sizeof(*h));
	vmswap_tier_for_each(sum_tier, &h->tiers);
	for (id = 0; (vm = vmswap_vm_next(&id)); id++) {
		vmswap_gauges_read(vm, &g);
		vmswap_vm_put(vm);
		h->vms++;
		h->size += g.size;
		h->resident += g.resident;
		h->swapped += g.swapped;
		h->overhead += g.overhead;
	}
}

/*
 * Counted where it is taken and freed, so that it shows what no VM has any more; but for
 * the pages: a file leaves its VM when it has none.
 */
static int put_leaks(struct sk_buff *skb, struct host_state *h)
{
	struct nlattr *nest = nla_nest_start(skb, VMSWAP_A_HOST_LEAKS);

	if (!nest)
		return -EMSGSIZE;
	if (put_u64(skb, VMSWAP_A_LEAKS_PAGES, h->resident >> PAGE_SHIFT) ||
	    put_u64(skb, VMSWAP_A_LEAKS_SLOTS, h->tiers.pages) ||
	    put_u64(skb, VMSWAP_A_LEAKS_STORED_BYTES, h->tiers.stored) ||
	    put_u64(skb, VMSWAP_A_LEAKS_METADATA_BYTES,
		    vmswap_pagemap_held() + vmswap_vm_held()) ||
	    put_u64(skb, VMSWAP_A_LEAKS_REGIONS, vmswap_fs_files()))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_host(struct sk_buff *skb, void *obj)
{
	struct host_state *h = obj;

	if (nla_put_u32(skb, VMSWAP_A_HOST_FULL, vmswap_reclaim_full()) ||
	    nla_put_u32(skb, VMSWAP_A_HOST_VMS, h->vms) ||
	    nla_put_u32(skb, VMSWAP_A_HOST_TIERS, h->tiers.nr) ||
	    put_u64(skb, VMSWAP_A_HOST_SIZE, h->size) ||
	    put_u64(skb, VMSWAP_A_HOST_RESIDENT, h->resident) ||
	    put_u64(skb, VMSWAP_A_HOST_SWAPPED, h->swapped) ||
	    put_u64(skb, VMSWAP_A_HOST_STORED_BYTES, h->tiers.stored) ||
	    put_u64(skb, VMSWAP_A_HOST_OVERHEAD, h->overhead) ||
	    put_u64(skb, VMSWAP_A_HOST_RAM_TOTAL, (u64)totalram_pages() << PAGE_SHIFT) ||
	    put_u64(skb, VMSWAP_A_HOST_RAM_FREE,
		    (u64)global_zone_page_state(NR_FREE_PAGES) << PAGE_SHIFT) ||
	    nla_put_u32(skb, VMSWAP_A_HOST_GENERATION, vmswap_nl_generation()))
		return -EMSGSIZE;
	return put_leaks(skb, h);
}

static int host_get(struct sk_buff *skb, struct genl_info *info)
{
	struct host_state h;

	read_host(&h);
	return vmswap_nl_reply(info, VMSWAP_CMD_HOST_GET, NLMSG_GOODSIZE, fill_host, &h);
}

static int host_set(struct sk_buff *skb, struct genl_info *info)
{
	int ret = vmswap_nl_may_change(skb, info);

	if (ret)
		return ret;
	if (!info->attrs[VMSWAP_A_HOST_FULL])
		return vmswap_nl_missing(info, VMSWAP_A_HOST_FULL, "full");
	vmswap_reclaim_set_full(nla_get_u32(info->attrs[VMSWAP_A_HOST_FULL]));
	vmswap_event_by(VMSWAP_EVENT_KIND_HOST_CHANGED, NULL, info);
	return 0;
}

/* -------------------------------------------------------------------- family */

/*
 * Each command takes what the specification lists for it and refuses the rest: what
 * would be ignored might be meant.
 */
static const struct nla_policy no_attrs[2];	/* an array of one would mean "no policy" */

static const struct nla_policy host_set_attrs[] = {
	[VMSWAP_A_HOST_FULL]	= NLA_POLICY_MAX(NLA_U32, VMSWAP_FULL_ACTION_EXCEED),
};

#define TIER_NAME { .type = NLA_NUL_STRING, .len = VMSWAP_TIER_NAME_MAX }

static const struct nla_policy tier_get_attrs[] = {
	[VMSWAP_A_TIER_NAME]	= TIER_NAME,
};

static const struct nla_policy tier_add_attrs[] = {
	[VMSWAP_A_TIER_NAME]	= TIER_NAME,
	[VMSWAP_A_TIER_KIND]	= NLA_POLICY_MAX(NLA_U32, VMSWAP_TIER_KIND_NULL),
	[VMSWAP_A_TIER_RANK]	= NLA_POLICY_MAX(NLA_U32, VMSWAP_RANK_MAX),
	[VMSWAP_A_TIER_SIZE]	= { .type = NLA_U64 },
	[VMSWAP_A_TIER_ALGO]	= NLA_POLICY_MAX(NLA_U32, VMSWAP_ALGO_ZSTD),
	[VMSWAP_A_TIER_PATH]	= { .type = NLA_NUL_STRING, .len = PATH_MAX - 1 },
	[VMSWAP_A_TIER_RECLAIM_SAFE] = NLA_POLICY_MAX(NLA_U8, 1),
};

static const struct nla_policy tier_set_attrs[] = {
	[VMSWAP_A_TIER_NAME]	= TIER_NAME,
	[VMSWAP_A_TIER_RANK]	= NLA_POLICY_MAX(NLA_U32, VMSWAP_RANK_MAX),
	[VMSWAP_A_TIER_SIZE]	= { .type = NLA_U64 },
	[VMSWAP_A_TIER_ALGO]	= NLA_POLICY_MAX(NLA_U32, VMSWAP_ALGO_ZSTD),
	[VMSWAP_A_TIER_RECLAIM_SAFE] = NLA_POLICY_MAX(NLA_U8, 1),
};

static const struct nla_policy tier_del_attrs[] = {
	[VMSWAP_A_TIER_NAME]	= TIER_NAME,
	[VMSWAP_A_TIER_CANCEL]	= { .type = NLA_FLAG },
};

static const struct nla_policy vm_get_attrs[] = {
	[VMSWAP_A_VM_ID]	= { .type = NLA_U64 },
};

static const struct nla_policy vm_set_attrs[] = {
	[VMSWAP_A_VM_ID]	= { .type = NLA_U64 },
	[VMSWAP_A_VM_LIMIT]	= { .type = NLA_U64 },
	[VMSWAP_A_VM_LIMIT_PERCENT] = NLA_POLICY_RANGE(NLA_U32, 1, 100),
	[VMSWAP_A_VM_MIN_BYTES]	= { .type = NLA_U64 },
	[VMSWAP_A_VM_MAX_BYTES]	= { .type = NLA_U64 },
	[VMSWAP_A_VM_SHARES]	= { .type = NLA_U32 },
	[VMSWAP_A_VM_POLICY]	= { .type = NLA_NUL_STRING, .len = 31 },
	[VMSWAP_A_VM_TIERS]	= { .type = NLA_NUL_STRING,
				    .len = VMSWAP_MAX_TIERS * (VMSWAP_TIER_NAME_MAX + 1) },
	[VMSWAP_A_VM_GRANULE]	= NLA_POLICY_RANGE(NLA_U32, 1, VMSWAP_LEAF_WORDS),
	[VMSWAP_A_VM_PREFETCH]	= NLA_POLICY_MAX(NLA_U32, VMSWAP_PREFETCH_MAX),
	[VMSWAP_A_VM_HINTS]	= NLA_POLICY_MAX(NLA_U32, VMSWAP_HINTS_OFF),
};

static const struct nla_policy range_attrs[] = {
	[VMSWAP_A_RANGE_VM_ID]	= { .type = NLA_U64 },
	[VMSWAP_A_RANGE_REGION]	= { .type = NLA_U32 },
	[VMSWAP_A_RANGE_OFFSET]	= { .type = NLA_U64 },
	[VMSWAP_A_RANGE_LENGTH]	= { .type = NLA_U64 },
};

/*
 * The kernel has one policy for both forms of a command.  Called by dumpit itself: not
 * all kernels have a text for what start() refuses.
 */
int vmswap_nl_dump_check(struct netlink_callback *cb)
{
	if (!nlmsg_attrlen(cb->nlh, GENL_HDRLEN))
		return 0;
	NL_SET_ERR_MSG(cb->extack, "a dump shows all, and takes no attribute");
	return -EINVAL;
}

#define OP(name, attrs, ...) \
	{ .cmd = VMSWAP_CMD_##name, .policy = attrs, .maxattr = ARRAY_SIZE(attrs) - 1, \
	  __VA_ARGS__ }

static const struct genl_ops vmswap_ops[] = {
	OP(HOST_GET, no_attrs, .doit = host_get),
	OP(HOST_SET, host_set_attrs, .doit = host_set),
	OP(TIER_GET, tier_get_attrs, .doit = vmswap_nl_tier_get,
	   .dumpit = vmswap_nl_tier_dump, .start = vmswap_nl_tier_dump_start),
	OP(TIER_ADD, tier_add_attrs, .doit = vmswap_nl_tier_add),
	OP(TIER_SET, tier_set_attrs, .doit = vmswap_nl_tier_set),
	OP(TIER_DEL, tier_del_attrs, .doit = vmswap_nl_tier_del),
	OP(VM_GET, vm_get_attrs, .doit = vmswap_nl_vm_get,
	   .dumpit = vmswap_nl_vm_dump, .start = vmswap_nl_vm_dump_start),
	OP(VM_SET, vm_set_attrs, .doit = vmswap_nl_vm_set),
	OP(VM_EVICT, range_attrs, .doit = vmswap_nl_vm_evict),
	OP(VM_PREFETCH, range_attrs, .doit = vmswap_nl_vm_prefetch),
};

/* A change of nothing would be told to all who listen, and was meant otherwise. */
int vmswap_nl_some_but(struct genl_info *info, unsigned int object)
{
	const struct genl_ops *op = vmswap_ops;
	unsigned int attr;

	while (op->cmd != info->genlhdr->cmd)
		op++;
	for (attr = 1; attr <= op->maxattr; attr++)
		if (attr != object && info->attrs[attr])
			return 0;
	NL_SET_ERR_MSG(info->extack, "nothing to change: no setting is given");
	return -EINVAL;
}

static const struct genl_multicast_group vmswap_groups[] = {
	{ .name = VMSWAP_MCGRP_EVENTS, .flags = GENL_MCAST_CAP_SYS_ADMIN },
};

/* Strict validation of everything: resv_start_op comes before the first command. */
struct genl_family vmswap_genl __ro_after_init = {
	.name		= VMSWAP_FAMILY_NAME,
	.version	= VMSWAP_FAMILY_VERSION,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= vmswap_ops,
	.n_ops		= ARRAY_SIZE(vmswap_ops),
	.mcgrps		= vmswap_groups,
	.n_mcgrps	= ARRAY_SIZE(vmswap_groups),
	.resv_start_op	= VMSWAP_CMD_HOST_GET,
};
MODULE_ALIAS_GENL_FAMILY(VMSWAP_FAMILY_NAME);

int vmswap_netlink_init(void)
{
	return genl_register_family(&vmswap_genl);
}

void vmswap_netlink_exit(void)
{
	genl_unregister_family(&vmswap_genl);
}

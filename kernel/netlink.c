// SPDX-License-Identifier: GPL-2.0
/*
 * netlink.c - the generic netlink family: policy in, state and events out.
 *
 * Documentation/netlink/specs/vmswap.yaml is the contract.  Commands run in
 * parallel (parallel_ops): each takes the locks of what it changes.
 */
#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <net/genetlink.h>

#include "compat.h"
#include "evict.h"
#include "fault.h"
#include "fs.h"
#include "netlink.h"
#include "reclaim.h"
#include "tier.h"
#include "vm.h"

static struct genl_family vmswap_genl;
static atomic_t generation;	/* of everything that a dump shows */

/* How long one range command works before it says where to go on. */
#define RANGE_MS	1000
#define RANGE_STEP	2048	/* pages */

static void changed(void)
{
	atomic_inc(&generation);
}

/* CAP_NET_ADMIN, which GENL_ADMIN_PERM would ask for, is not what this is about. */
static int may_change(struct sk_buff *skb, struct genl_info *info)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(info->extack, "CAP_SYS_ADMIN is needed");
	return -EPERM;
}

static int missing(struct genl_info *info, const char *what)
{
	NL_SET_ERR_MSG(info->extack, "a required attribute is not there");
	pr_debug("request without %s\n", what);
	return -EINVAL;
}

#define put_u64(skb, attr, value) nla_put_u64_64bit(skb, attr, value, 0)

typedef int (*fill_fn)(struct sk_buff *skb, void *obj);

/* One message about one object. */
static int put_message(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd,
		       fill_fn fill, void *obj, struct netlink_callback *cb)
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

static int reply(struct genl_info *info, u8 cmd, size_t size, fill_fn fill, void *obj)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);
	int ret;

	if (!skb)
		return -ENOMEM;
	ret = put_message(skb, info->snd_portid, info->snd_seq, 0, cmd, fill, obj, NULL);
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}
	return genlmsg_reply(skb, info);
}

/* -------------------------------------------------------------------- events */

struct event {
	enum vmswap_event_kind kind;
	struct vmswap_vm *vm;
	struct vmswap_region *region;
	pgoff_t index;
	const char *tier_name;
	u32 tier_id;
	bool has_tier;
	int err;
	u32 portid;
};

static int put_event_vm(struct sk_buff *skb, struct vmswap_vm *vm)
{
	char name[NAME_MAX + 1];

	spin_lock(&vm->name_lock);
	strscpy(name, vm->name, sizeof(name));
	spin_unlock(&vm->name_lock);
	return put_u64(skb, VMSWAP_A_EVENT_VM_ID, vm->id) ||
	       nla_put_string(skb, VMSWAP_A_EVENT_VM_NAME, name);
}

static int fill_event(struct sk_buff *skb, void *obj)
{
	struct event *e = obj;

	if (nla_put_u32(skb, VMSWAP_A_EVENT_KIND, e->kind) ||
	    put_u64(skb, VMSWAP_A_EVENT_TIME_NS, ktime_get_real_ns()))
		return -EMSGSIZE;
	if (e->vm && put_event_vm(skb, e->vm))
		return -EMSGSIZE;
	if (e->region && (nla_put_u32(skb, VMSWAP_A_EVENT_REGION, e->region->index) ||
			  put_u64(skb, VMSWAP_A_EVENT_OFFSET, (u64)e->index << PAGE_SHIFT)))
		return -EMSGSIZE;
	if (e->has_tier && nla_put_u32(skb, VMSWAP_A_EVENT_TIER_ID, e->tier_id))
		return -EMSGSIZE;
	if (e->tier_name && nla_put_string(skb, VMSWAP_A_EVENT_TIER_NAME, e->tier_name))
		return -EMSGSIZE;
	if (e->err && nla_put_u32(skb, VMSWAP_A_EVENT_ERROR, -e->err))
		return -EMSGSIZE;
	if (e->portid && nla_put_u32(skb, VMSWAP_A_EVENT_PORTID, e->portid))
		return -EMSGSIZE;
	return 0;
}

/* Events may be lost when there is no memory; state can always be read. */
static void send_event(struct event *e)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&vmswap_genl, &init_net, 0))
		return;
	skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_NOWAIT | __GFP_NOWARN);
	if (!skb)
		return;
	if (put_message(skb, 0, 0, 0, VMSWAP_CMD_EVENT, fill_event, e, NULL))
		nlmsg_free(skb);
	else
		genlmsg_multicast(&vmswap_genl, skb, 0, 0, GFP_NOWAIT | __GFP_NOWARN);
}

void vmswap_event_vm(enum vmswap_event_kind kind, struct vmswap_vm *vm)
{
	struct event e = { .kind = kind, .vm = vm };

	changed();
	send_event(&e);
}

void vmswap_event_limit(struct vmswap_vm *vm)
{
	unsigned long last = READ_ONCE(vm->event_jiffies);
	struct event e = { .kind = VMSWAP_EVENT_KIND_LIMIT, .vm = vm };

	if (last && time_before(jiffies, last + HZ))
		return;
	WRITE_ONCE(vm->event_jiffies, jiffies ?: 1);
	send_event(&e);
}

void vmswap_event_tier(enum vmswap_event_kind kind, struct vmswap_tier *tier)
{
	struct event e = {
		.kind = kind, .tier_name = tier->name, .tier_id = tier->id, .has_tier = true,
	};

	if (kind != VMSWAP_EVENT_KIND_TIER_FULL)
		changed();
	send_event(&e);
}

void vmswap_event_io(struct vmswap_region *region, pgoff_t index, u32 tier, int err)
{
	struct event e = {
		.kind = VMSWAP_EVENT_KIND_IO_ERROR, .vm = region->vm, .region = region,
		.index = index, .tier_id = tier, .has_tier = true, .err = err,
	};

	send_event(&e);
}

static void event_by(enum vmswap_event_kind kind, struct vmswap_vm *vm, struct genl_info *info)
{
	struct event e = { .kind = kind, .vm = vm, .portid = info->snd_portid };

	changed();
	send_event(&e);
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

static int put_leaks(struct sk_buff *skb, struct host_state *h)
{
	struct nlattr *nest = nla_nest_start(skb, VMSWAP_A_HOST_LEAKS);

	if (!nest)
		return -EMSGSIZE;
	if (put_u64(skb, VMSWAP_A_LEAKS_PAGES, h->resident >> PAGE_SHIFT) ||
	    put_u64(skb, VMSWAP_A_LEAKS_SLOTS, h->tiers.pages) ||
	    put_u64(skb, VMSWAP_A_LEAKS_STORED_BYTES, h->tiers.stored) ||
	    put_u64(skb, VMSWAP_A_LEAKS_METADATA_BYTES, h->overhead) ||
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
	    nla_put_u32(skb, VMSWAP_A_HOST_GENERATION, atomic_read(&generation)))
		return -EMSGSIZE;
	return put_leaks(skb, h);
}

static int host_get(struct sk_buff *skb, struct genl_info *info)
{
	struct host_state h;

	read_host(&h);
	return reply(info, VMSWAP_CMD_HOST_GET, NLMSG_GOODSIZE, fill_host, &h);
}

static int host_set(struct sk_buff *skb, struct genl_info *info)
{
	int ret = may_change(skb, info);

	if (ret)
		return ret;
	if (!info->attrs[VMSWAP_A_HOST_FULL])
		return missing(info, "full");
	vmswap_reclaim_set_full(nla_get_u32(info->attrs[VMSWAP_A_HOST_FULL]));
	event_by(VMSWAP_EVENT_KIND_HOST_CHANGED, NULL, info);
	return 0;
}

/* --------------------------------------------------------------------- tiers */

static u32 vms_with_pages_in(u32 id)
{
	struct vmswap_vm *vm;
	u32 n = 0;
	u64 i;

	for (i = 0; (vm = vmswap_vm_next(&i)); i++) {
		n += !!atomic_long_read(&vm->tier[id].pages);
		vmswap_vm_put(vm);
	}
	return n;
}

static int fill_tier(struct sk_buff *skb, void *obj)
{
	struct vmswap_tier *tier = obj;

	if (nla_put_u32(skb, VMSWAP_A_TIER_ID, tier->id) ||
	    nla_put_string(skb, VMSWAP_A_TIER_NAME, tier->name) ||
	    nla_put_u32(skb, VMSWAP_A_TIER_KIND, tier->ops->kind) ||
	    nla_put_u32(skb, VMSWAP_A_TIER_RANK, tier->rank) ||
	    put_u64(skb, VMSWAP_A_TIER_SIZE, tier->size) ||
	    put_u64(skb, VMSWAP_A_TIER_USED, atomic64_read(&tier->used)) ||
	    put_u64(skb, VMSWAP_A_TIER_PAGES, atomic64_read(&tier->pages)) ||
	    put_u64(skb, VMSWAP_A_TIER_STORED_BYTES, atomic64_read(&tier->stored)) ||
	    nla_put_u32(skb, VMSWAP_A_TIER_STATE, vmswap_tier_state(tier)) ||
	    put_u64(skb, VMSWAP_A_TIER_ERRORS, atomic64_read(&tier->errors)) ||
	    nla_put_u8(skb, VMSWAP_A_TIER_RECLAIM_SAFE, tier->reclaim_safe) ||
	    nla_put_u32(skb, VMSWAP_A_TIER_VMS, vms_with_pages_in(tier->id)))
		return -EMSGSIZE;
	if (tier->ops->kind == VMSWAP_TIER_KIND_RAM &&
	    nla_put_u32(skb, VMSWAP_A_TIER_ALGO, tier->algo))
		return -EMSGSIZE;
	if (tier->path && nla_put_string(skb, VMSWAP_A_TIER_PATH, tier->path))
		return -EMSGSIZE;
	return 0;
}

struct tier_find {
	const char *name;
	struct genl_info *info;
	bool found;
};

static int reply_if_named(struct vmswap_tier *tier, void *arg)
{
	struct tier_find *f = arg;

	if (strcmp(tier->name, f->name))
		return 0;
	f->found = true;
	return reply(f->info, VMSWAP_CMD_TIER_GET, NLMSG_GOODSIZE, fill_tier, tier);
}

static int reply_tier(struct genl_info *info)
{
	struct tier_find f = { .info = info };
	int ret;

	if (!info->attrs[VMSWAP_A_TIER_NAME])
		return missing(info, "name");
	f.name = nla_data(info->attrs[VMSWAP_A_TIER_NAME]);
	ret = vmswap_tier_for_each(reply_if_named, &f);
	if (ret || f.found)
		return ret;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[VMSWAP_A_TIER_NAME], "no such tier");
	return -ENOENT;
}

static int tier_get(struct sk_buff *skb, struct genl_info *info)
{
	return reply_tier(info);
}

struct tier_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	long skip;
};

static int dump_tier(struct vmswap_tier *tier, void *arg)
{
	struct tier_dump *d = arg;

	if (d->skip-- > 0)
		return 0;
	if (put_message(d->skb, NETLINK_CB(d->cb->skb).portid, d->cb->nlh->nlmsg_seq,
			NLM_F_MULTI, VMSWAP_CMD_TIER_GET, fill_tier, tier, d->cb))
		return -EMSGSIZE;
	d->cb->args[0]++;
	return 0;
}

static int tier_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct tier_dump d = { .skb = skb, .cb = cb, .skip = cb->args[0] };
	long before = cb->args[0];
	int ret;

	cb->seq = atomic_read(&generation);
	ret = vmswap_tier_for_each(dump_tier, &d);
	return ret && cb->args[0] == before ? ret : skb->len;
}

static bool name_ok(const char *name)
{
	if (!*name || !strcmp(name, VMSWAP_TIER_NONE))
		return false;
	for (; *name; name++)
		if (!isalnum(*name) && *name != '.' && *name != '_' && *name != '-')
			return false;
	return true;
}

static void tier_params(struct nlattr **a, struct vmswap_tier_params *p)
{
	memset(p, 0, sizeof(*p));
	p->reclaim_safe = -1;
	p->name = nla_data(a[VMSWAP_A_TIER_NAME]);
	if (a[VMSWAP_A_TIER_KIND])
		p->kind = nla_get_u32(a[VMSWAP_A_TIER_KIND]);
	if (a[VMSWAP_A_TIER_PATH])
		p->path = nla_data(a[VMSWAP_A_TIER_PATH]);
	if (a[VMSWAP_A_TIER_SIZE])
		p->size = round_down(nla_get_u64(a[VMSWAP_A_TIER_SIZE]), PAGE_SIZE);
	if (a[VMSWAP_A_TIER_RANK]) {
		p->rank = nla_get_u32(a[VMSWAP_A_TIER_RANK]);
		p->has_rank = true;
	}
	if (a[VMSWAP_A_TIER_ALGO])
		p->algo = nla_get_u32(a[VMSWAP_A_TIER_ALGO]);
	if (a[VMSWAP_A_TIER_RECLAIM_SAFE])
		p->reclaim_safe = nla_get_u8(a[VMSWAP_A_TIER_RECLAIM_SAFE]);
}

static int check_tier(struct genl_info *info)
{
	struct nlattr **a = info->attrs;

	if (!a[VMSWAP_A_TIER_NAME])
		return missing(info, "name");
	if (!name_ok(nla_data(a[VMSWAP_A_TIER_NAME]))) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[VMSWAP_A_TIER_NAME],
				    "a name is 1 to 31 of [A-Za-z0-9._-], and not none");
		return -EINVAL;
	}
	if (a[VMSWAP_A_TIER_SIZE] && nla_get_u64(a[VMSWAP_A_TIER_SIZE]) < PAGE_SIZE) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[VMSWAP_A_TIER_SIZE],
				    "size is at least one page");
		return -EINVAL;
	}
	return 0;
}

static int tier_add(struct sk_buff *skb, struct genl_info *info)
{
	struct vmswap_tier_params p;
	int ret;

	ret = may_change(skb, info) ?: check_tier(info);
	if (ret)
		return ret;
	if (!info->attrs[VMSWAP_A_TIER_KIND])
		return missing(info, "kind");
	tier_params(info->attrs, &p);
	return vmswap_tier_add(&p, info->extack) ?: reply_tier(info);
}

static int tier_set(struct sk_buff *skb, struct genl_info *info)
{
	struct vmswap_tier_params p;
	int ret;

	ret = may_change(skb, info) ?: check_tier(info);
	if (ret)
		return ret;
	if (info->attrs[VMSWAP_A_TIER_ALGO]) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[VMSWAP_A_TIER_ALGO],
				    "the compressor of a tier is fixed");
		return -EOPNOTSUPP;
	}
	tier_params(info->attrs, &p);
	return vmswap_tier_change(&p, info->extack);
}

static int tier_del(struct sk_buff *skb, struct genl_info *info)
{
	const char *name;
	int ret;

	ret = may_change(skb, info);
	if (ret)
		return ret;
	if (!info->attrs[VMSWAP_A_TIER_NAME])
		return missing(info, "name");
	name = nla_data(info->attrs[VMSWAP_A_TIER_NAME]);
	if (info->attrs[VMSWAP_A_TIER_CANCEL])
		return vmswap_tier_del_cancel(name, info->extack);
	return vmswap_tier_del(name, info->extack);
}

/* ----------------------------------------------------------------------- VMs */

struct vm_reply {
	struct vmswap_vm *vm;
	struct vmswap_gauges g;
	u64 hist[VMSWAP_HIST_BUCKETS];
	bool deleted;
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
	    nla_put_u32(skb, VMSWAP_A_VM_SHARES, 1000) ||
	    nla_put_string(skb, VMSWAP_A_VM_POLICY, "clock") ||
	    nla_put_string(skb, VMSWAP_A_VM_TIERS, r->path) ||
	    nla_put_u32(skb, VMSWAP_A_VM_GRANULE, VMSWAP_GRANULE) ||
	    nla_put_u32(skb, VMSWAP_A_VM_PREFETCH, VMSWAP_GRANULE) ||
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
		    round_up(i_size_read(&region->inode), PAGE_SIZE))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/* Last in the message: regions for which there is no room are left out. */
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
	return 0;
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

static struct vmswap_vm *vm_of(struct genl_info *info, int attr)
{
	struct vmswap_vm *vm;

	if (!info->attrs[attr])
		return ERR_PTR(missing(info, "id"));
	vm = vmswap_vm_get(nla_get_u64(info->attrs[attr]));
	if (vm)
		return vm;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr], "no such VM");
	return ERR_PTR(-ENOENT);
}

static int vm_get(struct sk_buff *skb, struct genl_info *info)
{
	struct vmswap_vm *vm = vm_of(info, VMSWAP_A_VM_ID);
	struct vm_reply *r;
	int ret = -ENOMEM;

	if (IS_ERR(vm))
		return PTR_ERR(vm);
	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (r) {
		read_vm(r, vm);
		ret = reply(info, VMSWAP_CMD_VM_GET, vm_size(vm), fill_vm, r);
	}
	kfree(r);
	vmswap_vm_put(vm);
	return ret;
}

/* A VM is one message: have room for one with many regions. */
static int vm_dump_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = SZ_32K;
	return 0;
}

static int vm_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct vm_reply *r = kzalloc(sizeof(*r), GFP_KERNEL);
	u64 id = cb->args[0];
	struct vmswap_vm *vm;
	int ret = 0;

	if (!r)
		return -ENOMEM;
	cb->seq = atomic_read(&generation);
	while (!ret && (vm = vmswap_vm_next(&id))) {
		read_vm(r, vm);
		ret = put_message(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				  NLM_F_MULTI, VMSWAP_CMD_VM_GET, fill_vm, r, cb);
		vmswap_vm_put(vm);
		if (!ret)
			cb->args[0] = ++id;
	}
	kfree(r);
	return ret && !skb->len ? ret : skb->len;
}

/* What is asked for, checked; nothing is changed before all of it is known to be good. */
static int parse_vm_set(struct genl_info *info, struct vmswap_vm *vm,
			struct vmswap_settings *set)
{
	static const u8 later[] = {
		VMSWAP_A_VM_MIN_BYTES, VMSWAP_A_VM_MAX_BYTES, VMSWAP_A_VM_SHARES, VMSWAP_A_VM_HINTS,
		VMSWAP_A_VM_GRANULE, VMSWAP_A_VM_PREFETCH,
	};
	struct nlattr **a = info->attrs;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(later); i++)
		if (a[later[i]]) {
			NL_SET_ERR_MSG_ATTR(info->extack, a[later[i]],
					    "this setting is not built yet");
			return -EOPNOTSUPP;
		}
	if (a[VMSWAP_A_VM_POLICY] && nla_strcmp(a[VMSWAP_A_VM_POLICY], "clock")) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[VMSWAP_A_VM_POLICY],
				    "the only policy built yet is clock");
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
}

/* Apply and enforce; a limit that cannot be kept is taken back. */
static int change_vm(struct vmswap_vm *vm, struct genl_info *info)
{
	struct vmswap_settings old, new;
	int ret;

	mutex_lock(&vm->policy_lock);
	old = vm->set;
	new = old;
	ret = parse_vm_set(info, vm, &new);
	if (ret)
		goto unlock;
	apply_settings(vm, &new);
	if (vmswap_vm_limit(vm) < (u64)vmswap_vm_resident(vm) << PAGE_SHIFT &&
	    !vmswap_tier_room(vm)) {
		ret = vmswap_reclaim_to_limit(vm);
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

static int vm_set(struct sk_buff *skb, struct genl_info *info)
{
	struct vmswap_vm *vm;
	int ret = may_change(skb, info);

	if (ret)
		return ret;
	vm = vm_of(info, VMSWAP_A_VM_ID);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	ret = change_vm(vm, info);
	if (!ret) {
		/* What is pinned or busy at this moment follows when it can. */
		vmswap_reclaim_to_limit(vm);
		vmswap_reclaim_kick(vm);
		wake_up(&vm->room);
		event_by(VMSWAP_EVENT_KIND_VM_CHANGED, vm, info);
	}
	vmswap_vm_put(vm);
	return ret;
}

/* -------------------------------------------------------------------- ranges */

struct range_reply {
	struct vmswap_evict_result res;
	u64 next;
};

static int fill_range(struct sk_buff *skb, void *obj)
{
	struct range_reply *r = obj;

	return put_u64(skb, VMSWAP_A_RANGE_DONE_PAGES, r->res.evicted) ||
	       put_u64(skb, VMSWAP_A_RANGE_KEPT_PINNED, r->res.pinned) ||
	       put_u64(skb, VMSWAP_A_RANGE_KEPT_BUSY, r->res.busy) ||
	       put_u64(skb, VMSWAP_A_RANGE_KEPT_NO_ROOM, r->res.no_room) ||
	       put_u64(skb, VMSWAP_A_RANGE_NEXT, r->next) ? -EMSGSIZE : 0;
}

static int parse_range(struct genl_info *info, u64 *offset, u64 *length)
{
	struct nlattr **a = info->attrs;

	if (!a[VMSWAP_A_RANGE_OFFSET] || !a[VMSWAP_A_RANGE_LENGTH])
		return missing(info, "offset or length");
	*offset = nla_get_u64(a[VMSWAP_A_RANGE_OFFSET]);
	*length = nla_get_u64(a[VMSWAP_A_RANGE_LENGTH]);
	if (!PAGE_ALIGNED(*offset)) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[VMSWAP_A_RANGE_OFFSET],
				    "offset is not a multiple of 4096");
		return -EINVAL;
	}
	if (!PAGE_ALIGNED(*length) || *offset + *length < *offset) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[VMSWAP_A_RANGE_LENGTH],
				    "length is not a multiple of 4096, or too large");
		return -EINVAL;
	}
	return 0;
}

static int range_step(struct vmswap_region *region, pgoff_t start, pgoff_t end, bool evict,
		      struct vmswap_evict_result *res)
{
	if (evict)
		return vmswap_evict_range(region, start, end, VMSWAP_EVICT_ALL, res);
	return vmswap_prefetch(region, start, end, &res->evicted, &res->no_room);
}

/* Work for about RANGE_MS; what is left is told in ->next. */
static int work_range(struct vmswap_region *region, u64 offset, u64 length, bool evict,
		      struct range_reply *r)
{
	unsigned long stop = jiffies + msecs_to_jiffies(RANGE_MS);
	pgoff_t i = offset >> PAGE_SHIFT;
	pgoff_t end = min_t(u64, offset + length,
			    round_up(i_size_read(&region->inode), PAGE_SIZE)) >> PAGE_SHIFT;
	int ret = 0;

	while (i < end && !ret) {
		pgoff_t n = min_t(pgoff_t, end - i, RANGE_STEP);
		struct vmswap_evict_result res = {};

		ret = range_step(region, i, i + n, evict, &res);
		r->res.evicted += res.evicted;
		r->res.pinned += res.pinned;
		r->res.busy += res.busy;
		r->res.no_room += res.no_room;
		i += n;
		if (time_after(jiffies, stop) || signal_pending(current))
			break;
	}
	r->next = i < end ? (u64)i << PAGE_SHIFT : offset + length;
	return ret;
}

static int vm_range(struct sk_buff *skb, struct genl_info *info, u8 cmd)
{
	struct range_reply r = {};
	struct vmswap_region *region;
	struct vmswap_vm *vm;
	u64 offset, length;
	u32 index = 0;
	int ret;

	ret = may_change(skb, info) ?: parse_range(info, &offset, &length);
	if (ret)
		return ret;
	vm = vm_of(info, VMSWAP_A_RANGE_VM_ID);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	if (info->attrs[VMSWAP_A_RANGE_REGION])
		index = nla_get_u32(info->attrs[VMSWAP_A_RANGE_REGION]);
	region = vmswap_vm_region_get(vm, index);
	if (!region) {
		NL_SET_ERR_MSG(info->extack, "the VM has no such region");
		ret = -ENOENT;
		goto put;
	}
	ret = work_range(region, offset, length, cmd == VMSWAP_CMD_VM_EVICT, &r);
	vmswap_region_put(region);
	if (!ret)
		ret = reply(info, cmd, NLMSG_GOODSIZE, fill_range, &r);
put:
	vmswap_vm_put(vm);
	return ret;
}

static int vm_evict(struct sk_buff *skb, struct genl_info *info)
{
	return vm_range(skb, info, VMSWAP_CMD_VM_EVICT);
}

static int vm_prefetch(struct sk_buff *skb, struct genl_info *info)
{
	return vm_range(skb, info, VMSWAP_CMD_VM_PREFETCH);
}

/* -------------------------------------------------------------------- family */

static const struct nla_policy host_policy[VMSWAP_A_HOST_MAX + 1] = {
	[VMSWAP_A_HOST_FULL]	= NLA_POLICY_MAX(NLA_U32, VMSWAP_FULL_ACTION_EXCEED),
};

static const struct nla_policy tier_policy[VMSWAP_A_TIER_MAX + 1] = {
	[VMSWAP_A_TIER_NAME]	= { .type = NLA_NUL_STRING, .len = VMSWAP_TIER_NAME_MAX },
	[VMSWAP_A_TIER_KIND]	= NLA_POLICY_MAX(NLA_U32, VMSWAP_TIER_KIND_NULL),
	[VMSWAP_A_TIER_RANK]	= NLA_POLICY_MAX(NLA_U32, S16_MAX),
	[VMSWAP_A_TIER_SIZE]	= { .type = NLA_U64 },
	[VMSWAP_A_TIER_ALGO]	= NLA_POLICY_MAX(NLA_U32, VMSWAP_ALGO_ZSTD),
	[VMSWAP_A_TIER_PATH]	= { .type = NLA_NUL_STRING, .len = PATH_MAX - 1 },
	[VMSWAP_A_TIER_RECLAIM_SAFE] = NLA_POLICY_MAX(NLA_U8, 1),
	[VMSWAP_A_TIER_CANCEL]	= { .type = NLA_FLAG },
};

static const struct nla_policy vm_policy[VMSWAP_A_VM_LAST + 1] = {
	[VMSWAP_A_VM_ID]	= { .type = NLA_U64 },
	[VMSWAP_A_VM_LIMIT]	= { .type = NLA_U64 },
	[VMSWAP_A_VM_LIMIT_PERCENT] = NLA_POLICY_RANGE(NLA_U32, 1, 100),
	[VMSWAP_A_VM_MIN_BYTES]	= { .type = NLA_U64 },
	[VMSWAP_A_VM_MAX_BYTES]	= { .type = NLA_U64 },
	[VMSWAP_A_VM_SHARES]	= { .type = NLA_U32 },
	[VMSWAP_A_VM_POLICY]	= { .type = NLA_NUL_STRING, .len = 31 },
	[VMSWAP_A_VM_TIERS]	= { .type = NLA_NUL_STRING,
				    .len = VMSWAP_MAX_TIERS * (VMSWAP_TIER_NAME_MAX + 1) },
	[VMSWAP_A_VM_GRANULE]	= NLA_POLICY_RANGE(NLA_U32, 1, 512),
	[VMSWAP_A_VM_PREFETCH]	= NLA_POLICY_MAX(NLA_U32, 512),
	[VMSWAP_A_VM_HINTS]	= NLA_POLICY_MAX(NLA_U32, VMSWAP_HINTS_OFF),
};

static const struct nla_policy range_policy[VMSWAP_A_RANGE_MAX + 1] = {
	[VMSWAP_A_RANGE_VM_ID]	= { .type = NLA_U64 },
	[VMSWAP_A_RANGE_REGION]	= { .type = NLA_U32 },
	[VMSWAP_A_RANGE_OFFSET]	= { .type = NLA_U64 },
	[VMSWAP_A_RANGE_LENGTH]	= { .type = NLA_U64 },
};

#define OP(name, set, maximum, ...) \
	{ .cmd = VMSWAP_CMD_##name, .policy = set, .maxattr = maximum, __VA_ARGS__ }

static const struct genl_ops vmswap_ops[] = {
	OP(HOST_GET, host_policy, VMSWAP_A_HOST_MAX, .doit = host_get),
	OP(HOST_SET, host_policy, VMSWAP_A_HOST_MAX, .doit = host_set),
	OP(TIER_GET, tier_policy, VMSWAP_A_TIER_MAX, .doit = tier_get, .dumpit = tier_dump),
	OP(TIER_ADD, tier_policy, VMSWAP_A_TIER_MAX, .doit = tier_add),
	OP(TIER_SET, tier_policy, VMSWAP_A_TIER_MAX, .doit = tier_set),
	OP(TIER_DEL, tier_policy, VMSWAP_A_TIER_MAX, .doit = tier_del),
	OP(VM_GET, vm_policy, VMSWAP_A_VM_LAST, .doit = vm_get, .dumpit = vm_dump,
	   .start = vm_dump_start),
	OP(VM_SET, vm_policy, VMSWAP_A_VM_LAST, .doit = vm_set),
	OP(VM_EVICT, range_policy, VMSWAP_A_RANGE_MAX, .doit = vm_evict),
	OP(VM_PREFETCH, range_policy, VMSWAP_A_RANGE_MAX, .doit = vm_prefetch),
};

static const struct genl_multicast_group vmswap_groups[] = {
	{ .name = VMSWAP_MCGRP_EVENTS, .flags = GENL_MCAST_CAP_SYS_ADMIN },
};

/* Strict validation of everything: resv_start_op comes before the first command. */
static struct genl_family vmswap_genl __ro_after_init = {
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

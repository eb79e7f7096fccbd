// SPDX-License-Identifier: GPL-2.0
/* netlink_tier.c - the commands about tiers. */
#include <net/genetlink.h>

#include "drain.h"
#include "netlink_msg.h"
#include "tier.h"
#include "vm.h"

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

/* What fill_tier() needs at most: a path, and some numbers. */
#define TIER_MSG_SIZE	(PATH_MAX + SZ_1K)

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
	return vmswap_nl_reply(f->info, VMSWAP_CMD_TIER_GET, TIER_MSG_SIZE, fill_tier, tier);
}

static int reply_tier(struct genl_info *info)
{
	struct tier_find f = { .info = info };
	int ret;

	if (!info->attrs[VMSWAP_A_TIER_NAME])
		return vmswap_nl_missing(info, VMSWAP_A_TIER_NAME, "name");
	f.name = nla_data(info->attrs[VMSWAP_A_TIER_NAME]);
	ret = vmswap_tier_for_each(reply_if_named, &f);
	if (ret || f.found)
		return ret;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[VMSWAP_A_TIER_NAME], "no such tier");
	return -ENOENT;
}

int vmswap_nl_tier_get(struct sk_buff *skb, struct genl_info *info)
{
	return reply_tier(info);
}

struct tier_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	long skip;
};

/* A tier is one message, also when the reader has never shown how much it takes. */
int vmswap_nl_tier_dump_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = TIER_MSG_SIZE;
	return 0;
}

static int dump_tier(struct vmswap_tier *tier, void *arg)
{
	struct tier_dump *d = arg;

	if (d->skip-- > 0)
		return 0;
	if (vmswap_nl_put(d->skb, NETLINK_CB(d->cb->skb).portid, d->cb->nlh->nlmsg_seq,
			  NLM_F_MULTI, VMSWAP_CMD_TIER_GET, fill_tier, tier, d->cb))
		return -EMSGSIZE;
	d->cb->args[0]++;
	return 0;
}

int vmswap_nl_tier_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct tier_dump d = { .skb = skb, .cb = cb, .skip = cb->args[0] };
	long before = cb->args[0];
	int ret = vmswap_nl_dump_check(cb);

	if (ret)
		return ret;
	cb->seq = vmswap_nl_generation();
	ret = vmswap_tier_for_each(dump_tier, &d);
	return ret && cb->args[0] == before ? ret : skb->len;
}

static bool name_ok(const char *name)
{
	return *name && vmswap_name_ok(name) && strcmp(name, VMSWAP_TIER_NONE) &&
	       strcmp(name, VMSWAP_TIER_ALL);
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
		return vmswap_nl_missing(info, VMSWAP_A_TIER_NAME, "name");
	if (!name_ok(nla_data(a[VMSWAP_A_TIER_NAME]))) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[VMSWAP_A_TIER_NAME],
				    "a name is 1 to 31 of [A-Za-z0-9._-], and neither all nor none");
		return -EINVAL;
	}
	if (a[VMSWAP_A_TIER_SIZE] && nla_get_u64(a[VMSWAP_A_TIER_SIZE]) < PAGE_SIZE) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[VMSWAP_A_TIER_SIZE],
				    "size is at least one page");
		return -EINVAL;
	}
	return 0;
}

/* What a kind has no use for somebody means for another kind. */
static int check_kind(struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	u32 kind;

	if (!a[VMSWAP_A_TIER_KIND])
		return vmswap_nl_missing(info, VMSWAP_A_TIER_KIND, "kind");
	kind = nla_get_u32(a[VMSWAP_A_TIER_KIND]);
	if (a[VMSWAP_A_TIER_PATH] && kind == VMSWAP_TIER_KIND_RAM) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[VMSWAP_A_TIER_PATH],
				    "a ram tier has no path; block takes one");
		return -EINVAL;
	}
	if (a[VMSWAP_A_TIER_ALGO] && kind != VMSWAP_TIER_KIND_RAM) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[VMSWAP_A_TIER_ALGO],
				    "only a ram tier has a compressor");
		return -EINVAL;
	}
	return 0;
}

int vmswap_nl_tier_add(struct sk_buff *skb, struct genl_info *info)
{
	struct vmswap_tier_params p;
	int ret;

	ret = vmswap_nl_may_change(skb, info) ?: check_tier(info) ?: check_kind(info);
	if (ret)
		return ret;
	tier_params(info->attrs, &p);
	return vmswap_tier_add(&p, info->extack) ?: reply_tier(info);
}

int vmswap_nl_tier_set(struct sk_buff *skb, struct genl_info *info)
{
	struct vmswap_tier_params p;
	int ret;

	ret = vmswap_nl_may_change(skb, info) ?: check_tier(info) ?:
	      vmswap_nl_some_but(info, VMSWAP_A_TIER_NAME);
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

struct del_reply {
	const char *name;
	u64 left;
};

static int fill_del(struct sk_buff *skb, void *obj)
{
	struct del_reply *r = obj;

	return nla_put_string(skb, VMSWAP_A_TIER_NAME, r->name) ||
	       put_u64(skb, VMSWAP_A_TIER_PAGES, r->left) ? -EMSGSIZE : 0;
}

int vmswap_nl_tier_del(struct sk_buff *skb, struct genl_info *info)
{
	struct del_reply r = {};
	int ret;

	ret = vmswap_nl_may_change(skb, info);
	if (ret)
		return ret;
	if (!info->attrs[VMSWAP_A_TIER_NAME])
		return vmswap_nl_missing(info, VMSWAP_A_TIER_NAME, "name");
	r.name = nla_data(info->attrs[VMSWAP_A_TIER_NAME]);
	if (info->attrs[VMSWAP_A_TIER_CANCEL])
		return vmswap_tier_del_cancel(r.name, info->extack);
	ret = vmswap_tier_del(r.name, info->snd_portid, &r.left, info->extack);
	return ret ?: vmswap_nl_reply(info, VMSWAP_CMD_TIER_DEL, NLMSG_GOODSIZE, fill_del, &r);
}

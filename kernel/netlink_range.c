// SPDX-License-Identifier: GPL-2.0
/*
 * netlink_range.c - the commands that move a range of a VM's pages.
 *
 * Each works for about a second and says where to go on: a request holds locks
 * of generic netlink, and whoever asked wants to be told how far it is.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <net/genetlink.h>

#include "evict.h"
#include "netlink_msg.h"
#include "page.h"
#include "vm.h"

/* How long one range command works before it says where to go on. */
#define RANGE_MS	1000
#define RANGE_STEP	2048	/* pages */

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

	if (!a[VMSWAP_A_RANGE_VM_ID])
		return vmswap_nl_missing(info, VMSWAP_A_RANGE_VM_ID, "vm-id");
	if (!a[VMSWAP_A_RANGE_OFFSET])
		return vmswap_nl_missing(info, VMSWAP_A_RANGE_OFFSET, "offset");
	if (!a[VMSWAP_A_RANGE_LENGTH])
		return vmswap_nl_missing(info, VMSWAP_A_RANGE_LENGTH, "length");
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
		return vmswap_evict_range(region, start, end, res);
	return vmswap_prefetch(region, start, end, &res->evicted, &res->no_room);
}

/* Work for about RANGE_MS; what is left is told in ->next. */
static int work_range(struct vmswap_region *region, u64 offset, u64 length, bool evict,
		      struct range_reply *r)
{
	unsigned long stop = jiffies + msecs_to_jiffies(RANGE_MS);
	pgoff_t i = offset >> PAGE_SHIFT;
	pgoff_t end = min_t(u64, (offset + length) >> PAGE_SHIFT, vmswap_region_pages(region));
	int ret = 0;

	while (i < end && !ret) {
		pgoff_t n = min_t(pgoff_t, end - i, RANGE_STEP);

		ret = range_step(region, i, i + n, evict, &r->res);
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

	ret = vmswap_nl_may_change(skb, info) ?: parse_range(info, &offset, &length);
	if (ret)
		return ret;
	vm = vmswap_nl_vm(info, info->attrs[VMSWAP_A_RANGE_VM_ID]);
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
		ret = vmswap_nl_reply(info, cmd, NLMSG_GOODSIZE, fill_range, &r);
put:
	vmswap_vm_put(vm);
	return ret;
}

int vmswap_nl_vm_evict(struct sk_buff *skb, struct genl_info *info)
{
	return vm_range(skb, info, VMSWAP_CMD_VM_EVICT);
}

int vmswap_nl_vm_prefetch(struct sk_buff *skb, struct genl_info *info)
{
	return vm_range(skb, info, VMSWAP_CMD_VM_PREFETCH);
}

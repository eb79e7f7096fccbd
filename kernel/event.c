// SPDX-License-Identifier: GPL-2.0
/*
 * event.c - tell whoever listens what happens: the multicast group of the family.
 *
 * Events may be lost when there is no memory; state can always be read.
 */
#include <linux/mm.h>
#include <net/genetlink.h>

#include "event.h"
#include "netlink_msg.h"
#include "tier.h"
#include "vm.h"

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

/* While evicting, the reserves are for copies; what is made of them nobody gets. */
#define EVENT_GFP	(GFP_NOWAIT | __GFP_NOWARN | __GFP_NOMEMALLOC)

static void send_event(struct event *e)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&vmswap_genl, &init_net, 0))
		return;
	skb = genlmsg_new(NLMSG_DEFAULT_SIZE, EVENT_GFP);
	if (!skb)
		return;
	if (vmswap_nl_put(skb, 0, 0, 0, VMSWAP_CMD_EVENT, fill_event, e, NULL))
		nlmsg_free(skb);
	else
		genlmsg_multicast(&vmswap_genl, skb, 0, 0, EVENT_GFP);
}

/**
 * vmswap_event_vm() - tell that a VM has begun, or ended
 * @kind: VMSWAP_EVENT_KIND_VM_*
 * @vm: the VM
 *
 * Process context, does not sleep.  A dump under way is found to be interrupted.
 */
void vmswap_event_vm(enum vmswap_event_kind kind, struct vmswap_vm *vm)
{
	struct event e = { .kind = kind, .vm = vm };

	vmswap_nl_changed();
	send_event(&e);
}

/**
 * vmswap_event_limit() - tell that a VM is beyond its limit, and nothing of it can leave
 * @vm: the VM
 *
 * Process context, does not sleep.  At most one a second is told of a VM.
 */
void vmswap_event_limit(struct vmswap_vm *vm)
{
	unsigned long last = READ_ONCE(vm->event_jiffies);
	struct event e = { .kind = VMSWAP_EVENT_KIND_LIMIT, .vm = vm };

	if (last && time_before(jiffies, last + HZ))
		return;
	WRITE_ONCE(vm->event_jiffies, jiffies ?: 1);
	send_event(&e);
}

/**
 * vmswap_event_tier() - tell what has become of a tier
 * @kind: VMSWAP_EVENT_KIND_TIER_* or VMSWAP_EVENT_KIND_DEVICE_LOST
 * @tier: the tier
 *
 * Any context, softirq included: the last write to a device that is gone tells.  A
 * dump under way is found to be interrupted, but for a tier that is full.
 */
void vmswap_event_tier(enum vmswap_event_kind kind, struct vmswap_tier *tier)
{
	struct event e = {
		.kind = kind, .tier_name = tier->name, .tier_id = tier->id, .has_tier = true,
	};

	if (kind != VMSWAP_EVENT_KIND_TIER_FULL)
		vmswap_nl_changed();
	send_event(&e);
}

/**
 * vmswap_event_io() - tell that a read or write of a tier has failed
 * @region: of the page
 * @index: of the page in it
 * @tier: the tier
 * @err: why, a negative errno
 *
 * Process context, does not sleep.
 */
void vmswap_event_io(struct vmswap_region *region, pgoff_t index,
		     const struct vmswap_tier *tier, int err)
{
	struct event e = {
		.kind = VMSWAP_EVENT_KIND_IO_ERROR, .vm = region->vm, .region = region,
		.index = index, .tier_name = tier->name, .tier_id = tier->id, .has_tier = true,
		.err = err,
	};

	send_event(&e);
}

/**
 * vmswap_event_lost() - tell that the memory of a page broke, and its bytes are lost
 * @region: of the page
 * @index: of the page in it
 *
 * Process context, does not sleep.
 */
void vmswap_event_lost(struct vmswap_region *region, pgoff_t index)
{
	struct event e = {
		.kind = VMSWAP_EVENT_KIND_PAGE_LOST, .vm = region->vm, .region = region,
		.index = index,
	};

	send_event(&e);
}

/**
 * vmswap_event_by() - tell of a setting that a request has changed
 * @kind: VMSWAP_EVENT_KIND_VM_CHANGED or VMSWAP_EVENT_KIND_HOST_CHANGED
 * @vm: whose it is, or NULL
 * @info: the request; its socket is told
 *
 * Process context, does not sleep.  A dump under way is found to be interrupted.
 */
void vmswap_event_by(enum vmswap_event_kind kind, struct vmswap_vm *vm, struct genl_info *info)
{
	struct event e = { .kind = kind, .vm = vm, .portid = info->snd_portid };

	vmswap_nl_changed();
	send_event(&e);
}

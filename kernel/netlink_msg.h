/* SPDX-License-Identifier: GPL-2.0 */
/* netlink_msg.h - what the files with netlink commands share. */
#ifndef VMSWAP_NETLINK_MSG_H
#define VMSWAP_NETLINK_MSG_H

#include <net/genetlink.h>

struct vmswap_vm;

extern struct genl_family vmswap_genl;

/* Something that a dump shows has changed: a dump under way will say so. */
void vmswap_nl_changed(void);
u32 vmswap_nl_generation(void);

/* Checks; they set the text of the refusal. */
int vmswap_nl_may_change(struct sk_buff *skb, struct genl_info *info);
int vmswap_nl_dump_check(struct netlink_callback *cb);
/* An attribute beside @object must be there: a setting. */
int vmswap_nl_some_but(struct genl_info *info, unsigned int object);
/* The VM whose id @id has, with a strong reference; or an error pointer. */
struct vmswap_vm *vmswap_nl_vm(struct genl_info *info, const struct nlattr *id);

/* One message about one object, filled by @fill: 0, or not 0 when it does not fit. */
typedef int (*vmswap_nl_fill_fn)(struct sk_buff *skb, void *obj);
int vmswap_nl_put(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd,
		  vmswap_nl_fill_fn fill, void *obj, struct netlink_callback *cb);
int vmswap_nl_reply(struct genl_info *info, u8 cmd, size_t size, vmswap_nl_fill_fn fill,
		    void *obj);

/* Told by number, too; as NL_REQ_ATTR_CHECK() does, which has no text. */
#define vmswap_nl_missing(info, attr, name) ({						\
	NL_SET_ERR_ATTR_MISS((info)->extack, NULL, attr);				\
	NL_SET_ERR_MSG((info)->extack, "a required attribute is missing: " name);	\
	-EINVAL;									\
})

#define put_u64(skb, attr, value) nla_put_u64_64bit(skb, attr, value, 0)

/* The commands; process context, may sleep. */
int vmswap_nl_tier_get(struct sk_buff *skb, struct genl_info *info);
int vmswap_nl_tier_dump_start(struct netlink_callback *cb);
int vmswap_nl_tier_dump(struct sk_buff *skb, struct netlink_callback *cb);
int vmswap_nl_tier_add(struct sk_buff *skb, struct genl_info *info);
int vmswap_nl_tier_set(struct sk_buff *skb, struct genl_info *info);
int vmswap_nl_tier_del(struct sk_buff *skb, struct genl_info *info);
int vmswap_nl_vm_get(struct sk_buff *skb, struct genl_info *info);
int vmswap_nl_vm_dump_start(struct netlink_callback *cb);
int vmswap_nl_vm_dump(struct sk_buff *skb, struct netlink_callback *cb);
int vmswap_nl_vm_set(struct sk_buff *skb, struct genl_info *info);
int vmswap_nl_vm_evict(struct sk_buff *skb, struct genl_info *info);
int vmswap_nl_vm_prefetch(struct sk_buff *skb, struct genl_info *info);

#endif /* VMSWAP_NETLINK_MSG_H */

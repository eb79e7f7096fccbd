/* SPDX-License-Identifier: GPL-2.0 */
/* drain.h - removal of a tier. */
#ifndef VMSWAP_DRAIN_H
#define VMSWAP_DRAIN_H

#include <linux/types.h>

struct netlink_ext_ack;

/* Process context, may sleep; no lock of ours held. */
int vmswap_tier_del(const char *name, u32 owner, u64 *left, struct netlink_ext_ack *extack);
int vmswap_tier_del_cancel(const char *name, struct netlink_ext_ack *extack);

int vmswap_drain_init(void);
void vmswap_drain_exit(void);

#endif /* VMSWAP_DRAIN_H */

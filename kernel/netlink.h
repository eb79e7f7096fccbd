/* SPDX-License-Identifier: GPL-2.0 */
/* netlink.h - the generic netlink family. */
#ifndef VMSWAP_NETLINK_H
#define VMSWAP_NETLINK_H

int vmswap_netlink_init(void);
void vmswap_netlink_exit(void);

#endif /* VMSWAP_NETLINK_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* event.h - tell whoever listens what happens. */
#ifndef VMSWAP_EVENT_H
#define VMSWAP_EVENT_H

#include <linux/types.h>

#include "../uapi/linux/vmswap_netlink.h"

struct genl_info;
struct vmswap_region;
struct vmswap_tier;
struct vmswap_vm;

/* All are cheap when nobody listens, do not sleep, and allocate GFP_NOWAIT. */

/* Any context. */
void vmswap_event_tier(enum vmswap_event_kind kind, struct vmswap_tier *tier);

/* Process context: they take the VM's name_lock. */
void vmswap_event_vm(enum vmswap_event_kind kind, struct vmswap_vm *vm);
void vmswap_event_limit(struct vmswap_vm *vm);
void vmswap_event_io(struct vmswap_region *region, pgoff_t index,
		     const struct vmswap_tier *tier, int err);
void vmswap_event_lost(struct vmswap_region *region, pgoff_t index);
void vmswap_event_by(enum vmswap_event_kind kind, struct vmswap_vm *vm,
		     struct genl_info *info);

#endif /* VMSWAP_EVENT_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* event.h - tell whoever listens what happens. */
#ifndef VMSWAP_EVENT_H
#define VMSWAP_EVENT_H

#include <linux/types.h>

#include "../uapi/linux/vmswap_netlink.h"

struct vmswap_region;
struct vmswap_tier;
struct vmswap_vm;

/* Any context that may allocate GFP_NOWAIT; cheap when nobody listens. */
void vmswap_event_vm(enum vmswap_event_kind kind, struct vmswap_vm *vm);
void vmswap_event_limit(struct vmswap_vm *vm);	/* at most one a second and VM */
void vmswap_event_tier(enum vmswap_event_kind kind, struct vmswap_tier *tier);
void vmswap_event_io(struct vmswap_region *region, pgoff_t index,
		     const struct vmswap_tier *tier, int err);
void vmswap_event_lost(struct vmswap_region *region, pgoff_t index);

#endif /* VMSWAP_EVENT_H */

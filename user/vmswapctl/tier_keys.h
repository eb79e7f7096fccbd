/* SPDX-License-Identifier: GPL-2.0 */
/* Settings of a tier; "tier add" takes those of the kind at hand. */
#ifndef VMSWAPCTL_TIER_KEYS_H
#define VMSWAPCTL_TIER_KEYS_H

#include "keys.h"

#define CTL_NR_TIER_KEYS	4
/* The first of them can be changed, too. */
#define CTL_NR_TIER_SET_KEYS	3

extern const struct key ctl_tier_keys[CTL_NR_TIER_KEYS];

/* 0 or CTL_USAGE. */
int ctl_check_tier_name(const struct ctl *ctl, const char *name);
/* The module refused what was asked of a tier: CTL_FAILED. */
int ctl_fail_of_tier(const struct ctl *ctl, int error, const char *name);
/* Of a ram tier; nobody keeps it from being more than there is. */
void ctl_warn_of_size(const struct ctl *ctl, const char *name, uint64_t size);

#endif

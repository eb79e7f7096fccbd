// SPDX-License-Identifier: GPL-2.0
/* What may stand in the way of the tiers. */
#include <stdio.h>
#include <string.h>

#include "allowed.h"
#include "findings.h"
#include "size.h"

static void find_broken_tier(struct findings *f, const struct vmswap_tier *t)
{
	char advice[ADVICE_LEN];

	snprintf(advice, sizeof(advice),
		 "look at the device, add another tier, then remove this one: vmswapctl tier del %s",
		 t->name);
	ctl_finding(f, FINDING_PROBLEM, "tier-state", advice,
		    "tier %s is %s, with %llu error%s", t->name,
		    vmswap_enum_name(VMSWAP_ENUM_TIER_STATE, t->state),
		    (unsigned long long)t->errors, ctl_plural(t->errors));
}

static void find_full_tier(struct findings *f, const struct vmswap_tier *t)
{
	char advice[ADVICE_LEN] = "add another tier", size[CTL_SIZE_LEN];

	if (t->kind == VMSWAP_TIER_KIND_RAM)
		snprintf(advice, sizeof(advice),
			 "vmswapctl tier set %s size %s\nor add another tier",
			 t->name, ctl_format_size(2 * t->size, false, size));
	ctl_finding(f, FINDING_NOTE, "tier-state", advice, "tier %s is full",
		    t->name);
}

static void check_tier(struct findings *f, const struct vmswap_tier *t)
{
	const char *state = vmswap_enum_name(VMSWAP_ENUM_TIER_STATE, t->state);

	if (t->state == VMSWAP_TIER_STATE_FAILED ||
	    t->state == VMSWAP_TIER_STATE_DEGRADED)
		find_broken_tier(f, t);
	else if (t->state == VMSWAP_TIER_STATE_FULL)
		find_full_tier(f, t);
	else
		ctl_finding(f, FINDING_OK, "tier-state", NULL,
			    "tier %s is %s", t->name, state);
}

static void find_unsafe(struct findings *f, struct vmswap_tier *const *tiers,
			size_t count)
{
	char advice[ADVICE_LEN], name[NEW_TIER_LEN];

	snprintf(advice, sizeof(advice),
		 "add a ram tier: vmswapctl tier add %s ram",
		 ctl_new_tier(tiers, count, name));
	ctl_finding(f, FINDING_PROBLEM, "reclaim-safe", advice,
		    "no tier can be written to when memory is short");
}

void ctl_doctor_tiers(struct findings *f, struct vmswap_tier *const *tiers,
		      size_t count)
{
	bool safe = false;
	size_t i;

	if (!count) {
		ctl_finding(f, FINDING_PROBLEM, "tiers",
			    "vmswapctl tier add ram0 ram\nor for a device: vmswapctl tier add disk0 block PATH",
			    "there is no tier: only pages without content can leave memory");
		return;
	}
	for (i = 0; i < count; i++) {
		check_tier(f, tiers[i]);
		safe |= tiers[i]->reclaim_safe &&
			tiers[i]->state != VMSWAP_TIER_STATE_FAILED;
	}
	if (!safe)
		find_unsafe(f, tiers, count);
	else
		ctl_finding(f, FINDING_OK, "reclaim-safe", NULL,
			    "a tier can be written to when memory is short");
}

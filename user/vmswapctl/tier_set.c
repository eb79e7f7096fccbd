// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "tier_keys.h"

/* A key of "tier add", so that its name is no mistake. */
static int check_fixed(const struct ctl *ctl)
{
	int i;

	for (i = 1; i < ctl->argc; i += 2) {
		if (!strcmp(ctl->argv[i], "algo"))
			return ctl_fail(ctl, -EOPNOTSUPP, "tier %s: algo: the compressor of a tier is fixed when it is added; size, rank and reclaim-safe can be changed",
					ctl->argv[0]);
	}
	return 0;
}

int ctl_tier_set(struct ctl *ctl)
{
	struct vmswap_tier change = { 0 };
	int ret;

	ret = ctl_check_tier_name(ctl, ctl->argv[0]);
	if (!ret)
		ret = check_fixed(ctl);
	if (!ret)
		ret = ctl_parse_keys(ctl, "tier set", ctl_tier_keys,
				     CTL_NR_TIER_SET_KEYS, ctl->argv + 1,
				     ctl->argc - 1, &change);
	if (ret)
		return ret;
	VMSWAP_SET(&change, TIER, NAME, name, ctl->argv[0]);
	if (ctl_open(ctl))
		return CTL_FAILED;
	ret = vmswap_tier_set(ctl->h, &change);
	if (ret)
		return ctl_fail_of_tier(ctl, ret, change.name);
	/* A block tier's is fixed. */
	if (VMSWAP_HAS(&change, TIER, SIZE))
		ctl_warn_of_size(ctl, change.name, change.size);
	return CTL_DONE;
}

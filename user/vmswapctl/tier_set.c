// SPDX-License-Identifier: GPL-2.0
#include "tier_keys.h"

int ctl_tier_set(struct ctl *ctl)
{
	struct vmswap_tier change = { 0 };
	int ret;

	ret = ctl_check_tier_name(ctl, ctl->argv[0]);
	if (!ret)
		ret = ctl_parse_keys(ctl, "tier set", ctl_tier_keys,
				     CTL_NR_TIER_KEYS, ctl->argv + 1,
				     ctl->argc - 1, &change);
	if (ret)
		return ret;
	VMSWAP_SET(&change, TIER, NAME, name, ctl->argv[0]);
	if (ctl_open(ctl))
		return CTL_FAILED;
	ret = vmswap_tier_set(ctl->h, &change);
	if (ret)
		return ctl_fail_lib(ctl, ret, "tier %s", change.name);
	return CTL_DONE;
}

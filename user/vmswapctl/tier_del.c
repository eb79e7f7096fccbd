// SPDX-License-Identifier: GPL-2.0
#include "tier_keys.h"

int ctl_tier_del(struct ctl *ctl)
{
	const char *name = ctl->argv[0];
	int ret;

	ret = ctl_check_tier_name(ctl, name);
	if (ret)
		return ret;
	if (ctl_open(ctl))
		return CTL_FAILED;
	ret = vmswap_tier_del(ctl->h, name);
	if (ret)
		return ctl_fail_lib(ctl, ret, "tier %s", name);
	return CTL_DONE;
}

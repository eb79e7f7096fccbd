// SPDX-License-Identifier: GPL-2.0
#include "keys.h"

static int parse_full(const char *value, void *object)
{
	struct vmswap_host *host = object;

	host->present |= VMSWAP_BIT(HOST, FULL);
	return vmswap_enum_value(VMSWAP_ENUM_FULL_ACTION, value, &host->full);
}

const struct key ctl_host_keys[CTL_NR_HOST_KEYS] = {
	{ "full", "wait or exceed", parse_full },
};

int ctl_host_set(struct ctl *ctl)
{
	struct vmswap_host change = { 0 };
	int ret;

	ret = ctl_parse_keys(ctl, "host set", ctl_host_keys,
			     CTL_NR_HOST_KEYS, ctl->argv, ctl->argc, &change);
	if (ret)
		return ret;
	if (ctl_open(ctl))
		return CTL_FAILED;
	ret = vmswap_host_set(ctl->h, &change);
	if (ret)
		return ctl_fail_lib(ctl, ret, "host");
	return CTL_DONE;
}

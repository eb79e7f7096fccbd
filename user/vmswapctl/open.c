// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

bool ctl_module_is_loaded(void)
{
	return !access("/sys/module/vmswap", F_OK);
}

int ctl_open(struct ctl *ctl)
{
	int ret;

	if (ctl->h)
		return 0;
	ret = vmswap_open(&ctl->h);
	if (!ret)
		return 0;
	if (ret != -ENOENT)
		return ctl_fail(ctl, ret, "netlink family vmswap: %s",
				strerror(-ret));
	if (ctl_module_is_loaded())
		return ctl_fail(ctl, ret, "vmswap: the module is loaded, but is not reached from here; only the initial network namespace has it");
	return ctl_fail(ctl, ret, "vmswap: the module is not loaded; load it with: modprobe vmswap");
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

bool ctl_module_is_loaded(void)
{
	return !access("/sys/module/vmswap", F_OK);
}

const char *ctl_why_closed(int error, const char **advice)
{
	*advice = NULL;
	if (error != -ENOENT)
		return strerror(-error);
	if (!ctl_module_is_loaded()) {
		*advice = "modprobe vmswap";
		return "the module is not loaded";
	}
	*advice = "nsenter --net=/proc/1/ns/net vmswapctl doctor";
	return "the module is loaded, but only the initial network namespace reaches it";
}

int ctl_open(struct ctl *ctl)
{
	const char *advice, *why;
	int ret;

	if (ctl->h)
		return 0;
	ret = vmswap_open(&ctl->h);
	if (!ret)
		return 0;
	why = ctl_why_closed(ret, &advice);
	return ctl_fail(ctl, ret, "vmswap: %s%s%s", why,
			advice ? "; try: " : "", advice ? advice : "");
}

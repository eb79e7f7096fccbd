// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "tier_keys.h"

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	stopped = 1;
}

static int show_left(uint64_t left, void *arg)
{
	if (isatty(STDERR_FILENO)) {
		fprintf(stderr, "\rtier del: %llu pages left\033[K",
			(unsigned long long)left);
		fflush(stderr);
	}
	return stopped;
}

int ctl_tier_del(struct ctl *ctl)
{
	const char *name = ctl->argv[0];
	int ret;

	ret = ctl_check_tier_name(ctl, name);
	if (ret)
		return ret;
	if (ctl_open(ctl))
		return CTL_FAILED;
	/* The step under way ends, then the rest is cancelled. */
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	ret = vmswap_tier_del(ctl->h, name, show_left, NULL);
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	if (ret == -ENOSPC)
		return ctl_fail(ctl, ret, "tier %s: %s; add a tier or raise the limits of VMs first",
				name, vmswap_strerror_ext(ctl->h));
	if (ret)
		return ctl_fail_lib(ctl, ret, "tier %s", name);
	return CTL_DONE;
}

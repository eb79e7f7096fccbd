// SPDX-License-Identifier: GPL-2.0
/* What of the host may stand in the way, with the module or without. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "findings.h"

/* Those that kernel/compat.h lets the module be built for. */
static const char *const kernels[] = { "6.1", "6.12", "7.2", "7.3" };

#define NR_KERNELS	(sizeof(kernels) / sizeof(kernels[0]))

static bool is_supported(const struct utsname *uts)
{
	size_t i;

	for (i = 0; i < NR_KERNELS; i++) {
		size_t len = strlen(kernels[i]);

		if (!strncmp(uts->release, kernels[i], len) &&
		    !isdigit((unsigned char)uts->release[len]))
			return !strcmp(uts->machine, "x86_64");
	}
	return false;
}

static void check_kernel(struct findings *f, const struct utsname *uts)
{
	char advice[80];

	if (is_supported(uts)) {
		ctl_finding(f, FINDING_OK, "kernel", NULL, "kernel %s",
			    uts->release);
		return;
	}
	snprintf(advice, sizeof(advice), "run Linux %s, %s, %s or %s for x86-64",
		 kernels[0], kernels[1], kernels[2], kernels[3]);
	ctl_finding(f, FINDING_PROBLEM, "kernel", advice,
		    "kernel %s for %s is not one that vmswap supports",
		    uts->release, uts->machine);
}

static void check_kvm(struct findings *f)
{
	if (!access("/dev/kvm", F_OK))
		ctl_finding(f, FINDING_OK, "kvm", NULL, "KVM is there");
	else
		ctl_finding(f, FINDING_NOTE, "kvm",
			    "on AMD: modprobe kvm_amd\non Intel: modprobe kvm_intel\nwhen that fails, allow virtualization in the firmware's settings",
			    "/dev/kvm is missing: guests run emulated at best");
}

/* vmswap is tested on x86-64 alone, where KVM has asynchronous page faults. */
static void check_async_pf(struct findings *f, const struct utsname *uts)
{
	if (access("/dev/kvm", F_OK))
		return;
	if (!strcmp(uts->machine, "x86_64"))
		ctl_finding(f, FINDING_OK, "async-pf", NULL,
			    "KVM for x86-64 has asynchronous page faults: a guest that knows them goes on with another task while a page is read");
	else
		ctl_finding(f, FINDING_NOTE, "async-pf", NULL,
			    "asynchronous page faults are not tested on %s: a virtual CPU may wait while a page is read",
			    uts->machine);
}

void ctl_doctor_host(struct findings *f)
{
	struct utsname uts;

	/* It fails only when it is given no memory to write to. */
	if (uname(&uts))
		return;
	check_kernel(f, &uts);
	check_kvm(f);
	check_async_pf(f, &uts);
}

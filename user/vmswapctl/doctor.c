// SPDX-License-Identifier: GPL-2.0
/* What may stand in the way of over-committing memory on this host. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "findings.h"
#include "size.h"

static void check_abi(struct findings *f)
{
	int fd = open("/dev/vmswap", O_RDWR | O_CLOEXEC);
	struct vmswap_info info;
	int ret;

	if (fd < 0) {
		ctl_finding(f, FINDING_NOTE, "abi",
			    "run doctor as root, or as a member of the group that owns /dev/vmswap",
			    "/dev/vmswap: %s: the version of the interface is not checked",
			    strerror(errno));
		return;
	}
	ret = vmswap_get_info(fd, &info);
	close(fd);
	if (ret)
		ctl_finding(f, FINDING_PROBLEM, "abi",
			    "install module and tools of the same release",
			    "/dev/vmswap does not tell its version: %s",
			    strerror(-ret));
	else if (info.abi_version != VMSWAP_ABI_VERSION)
		ctl_finding(f, FINDING_PROBLEM, "abi",
			    "install module and tools of the same release",
			    "the module speaks version %u of the interface, this tool version %u",
			    info.abi_version, VMSWAP_ABI_VERSION);
	else
		ctl_finding(f, FINDING_OK, "abi", NULL,
			    "interface version %u", info.abi_version);
}

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
			 "vmswapctl tier set %s size %s, or add another tier",
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

const char *ctl_new_tier(struct vmswap_tier *const *tiers, size_t count,
			 char name[NEW_TIER_LEN])
{
	unsigned int number = 0;
	size_t i;

	do {
		snprintf(name, NEW_TIER_LEN, "ram%u", number++);
		for (i = 0; i < count && strcmp(tiers[i]->name, name); i++)
			;
	} while (i < count);
	return name;
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

static void check_tiers(struct findings *f, struct vmswap_tier *const *tiers,
			size_t count)
{
	bool safe = false;
	size_t i;

	if (!count) {
		ctl_finding(f, FINDING_PROBLEM, "tiers",
			    "vmswapctl tier add ram0 ram, or for a device: vmswapctl tier add disk0 block PATH",
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

static int examine_vm(struct ctl *ctl, struct findings *f,
		      struct vmswap_tier *const *tiers, size_t nr_tiers)
{
	struct vmswap_vm *vm;
	int ret;

	if (!ctl->argc)
		return 0;
	ret = vmswap_vm_find(ctl->h, ctl->argv[0], &vm, NULL);
	if (ret)
		return ctl_fail_lib(ctl, ret, "doctor");
	ctl_doctor_vm(f, vm, tiers, nr_tiers);
	vmswap_vm_free(vm);
	return 0;
}

static int examine(struct ctl *ctl, struct findings *f)
{
	struct vmswap_tier **tiers;
	size_t count;
	int ret;

	ret = vmswap_tier_list(ctl->h, &tiers, &count);
	if (ret)
		return ctl_fail_lib(ctl, ret, "tiers");
	ctl_finding(f, FINDING_OK, "module", NULL, "the module is loaded");
	check_abi(f);
	ctl_doctor_host(f);
	check_tiers(f, tiers, count);
	ret = examine_vm(ctl, f, tiers, count);
	vmswap_tier_list_free(tiers, count);
	return ret;
}

static void find_no_module(struct findings *f, int error)
{
	if (error != -ENOENT)
		ctl_finding(f, FINDING_PROBLEM, "module", NULL,
			    "netlink family vmswap: %s", strerror(-error));
	else if (ctl_module_is_loaded())
		ctl_finding(f, FINDING_PROBLEM, "module",
			    "nsenter --net=/proc/1/ns/net vmswapctl doctor",
			    "the module is loaded, but is not reached from here; only the initial network namespace has it");
	else
		ctl_finding(f, FINDING_PROBLEM, "module", "modprobe vmswap",
			    "the module is not loaded");
}

/* What can be told when the module does not answer. */
static void examine_without(const struct ctl *ctl, struct findings *f,
			    int error)
{
	find_no_module(f, error);
	ctl_doctor_host(f);
	if (ctl->argc)
		ctl_finding(f, FINDING_PROBLEM, "vm", NULL,
			    "VM %s cannot be looked at: the module does not answer",
			    ctl->argv[0]);
}

int ctl_doctor(struct ctl *ctl)
{
	struct findings f = { 0 };
	int ret;

	ret = vmswap_open(&ctl->h);
	if (ret) {
		examine_without(ctl, &f, ret);
		return ctl_findings_print(ctl, &f);
	}
	ret = examine(ctl, &f);
	return ret ? ret : ctl_findings_print(ctl, &f);
}

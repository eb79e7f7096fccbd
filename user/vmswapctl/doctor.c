// SPDX-License-Identifier: GPL-2.0
/* What may stand in the way of over-committing memory on this host. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "findings.h"

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

static void examine_stall(struct ctl *ctl, struct findings *f,
			  const struct vmswap_vm *vm,
			  struct vmswap_tier *const *tiers, size_t nr_tiers)
{
	bool among_others = !ctl->argc;
	struct vmswap_vm *now;

	if (!vm->stats.stalled) {
		ctl_doctor_stall(f, vm, false, among_others, tiers, nr_tiers);
	} else if (!vmswap_vm_get(ctl->h, vm->id, &now)) {
		ctl_doctor_stall(f, now, now->stats.stalled > vm->stats.stalled,
				 among_others, tiers, nr_tiers);
		vmswap_vm_free(now);
	}
}

/* Who waits counts about every 0.1 s: one that has ever waited is looked at again. */
static void examine_stalls(struct ctl *ctl, struct findings *f,
			   struct vmswap_vm *const *vms, size_t nr_vms,
			   struct vmswap_tier *const *tiers, size_t nr_tiers)
{
	bool waited = false;
	size_t i;

	for (i = 0; i < nr_vms; i++)
		waited |= vms[i]->stats.stalled;
	if (waited)
		sleep(1);
	for (i = 0; i < nr_vms; i++)
		examine_stall(ctl, f, vms[i], tiers, nr_tiers);
}

static int examine_vms(struct ctl *ctl, struct findings *f,
		       struct vmswap_tier *const *tiers, size_t nr_tiers)
{
	struct vmswap_vm **vms;
	size_t count;
	int ret;

	ret = vmswap_vm_list(ctl->h, &vms, &count);
	if (ret)
		return ctl_fail_lib(ctl, ret, "VMs");
	examine_stalls(ctl, f, vms, count, tiers, nr_tiers);
	vmswap_vm_list_free(vms, count);
	return 0;
}

static int examine_vm(struct ctl *ctl, struct findings *f,
		      struct vmswap_tier *const *tiers, size_t nr_tiers)
{
	struct vmswap_vm *vm;
	int ret;

	ret = vmswap_vm_find(ctl->h, ctl->argv[0], &vm, NULL);
	if (ret)
		return ctl_fail_lib(ctl, ret, "doctor");
	ctl_doctor_vm(f, vm, tiers, nr_tiers);
	examine_stalls(ctl, f, &vm, 1, tiers, nr_tiers);
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
	ctl_doctor_tiers(f, tiers, count);
	ret = ctl->argc ? examine_vm(ctl, f, tiers, count) :
			  examine_vms(ctl, f, tiers, count);
	vmswap_tier_list_free(tiers, count);
	return ret;
}

/* What can be told when the module does not answer. */
static void examine_without(const struct ctl *ctl, struct findings *f,
			    int error)
{
	const char *advice, *why = ctl_why_closed(error, &advice);

	ctl_finding(f, FINDING_PROBLEM, "module", advice, "%s", why);
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

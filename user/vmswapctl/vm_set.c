// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "size.h"
#include "vm_keys.h"

/* How often the VM is looked at, and how often without progress before we give up. */
#define LOOK_US		200000
#define PATIENCE	10

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	stopped = 1;
}

static void show_resident(const struct vmswap_vm *vm)
{
	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\rvm set: %llu MiB above the limit\033[K",
		(unsigned long long)((vm->stats.resident - vm->limit) >> 20));
	fflush(stderr);
}

static int take_back(struct ctl *ctl, const struct vmswap_vm *before)
{
	struct vmswap_vm old = { 0 };

	VMSWAP_SET(&old, VM, ID, id, before->id);
	if (VMSWAP_HAS(before, VM, LIMIT_PERCENT))
		VMSWAP_SET(&old, VM, LIMIT_PERCENT, limit_percent,
			   before->limit_percent);
	else
		VMSWAP_SET(&old, VM, LIMIT, limit,
			   VMSWAP_HAS(before, VM, LIMIT) ? before->limit :
							   VMSWAP_LIMIT_NONE);
	if (vmswap_vm_set(ctl->h, &old))
		return ctl_fail(ctl, -EINTR, "vm %s: stopped; the new limit stays",
				before->name);
	return ctl_fail(ctl, -EINTR, "vm %s: stopped; the limit is what it was",
			before->name);
}

/* 1: it is within its limit, or gone. */
static int is_within(struct ctl *ctl, uint64_t id, uint64_t *resident,
		     uint64_t *rest)
{
	struct vmswap_vm *vm;
	int ret = 1;

	if (vmswap_vm_get(ctl->h, id, &vm))
		return 1;
	*resident = vm->stats.resident;
	if (VMSWAP_HAS(vm, VM, LIMIT) && vm->stats.resident > vm->limit) {
		show_resident(vm);
		*rest = vm->stats.resident - vm->limit;
		ret = 0;
	}
	vmswap_vm_free(vm);
	return ret;
}

static void tell_rest(const struct ctl *ctl, const struct vmswap_vm *vm,
		      uint64_t rest)
{
	char size[CTL_SIZE_LEN];

	ctl_warn(ctl, "vm %s (id %llu): the limit is set; %s more than the limit cannot leave: see vmswapctl doctor %llu",
		 vm->name, (unsigned long long)vm->id,
		 ctl_format_size(rest, false, size),
		 (unsigned long long)vm->id);
}

/*
 * The kernel evicts for about a second and then goes on in the background: wait
 * for it, but not for what cannot leave.
 */
static int wait_for_limit(struct ctl *ctl, const struct vmswap_vm *before)
{
	uint64_t resident, rest, last = UINT64_MAX;
	int idle = 0;

	while (idle < PATIENCE &&
	       !is_within(ctl, before->id, &resident, &rest)) {
		if (stopped)
			return take_back(ctl, before);
		idle = resident < last ? 0 : idle + 1;
		last = resident;
		usleep(LOOK_US);
	}
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	if (idle == PATIENCE)
		tell_rest(ctl, before, rest);
	return 0;
}

static bool is_tier(struct vmswap_tier *const *tiers, size_t count,
		    const char *name)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!strcmp(tiers[i]->name, name))
			return true;
	}
	return false;
}

/* The kernel does not say which name of the list it does not know. */
static int refuse(struct ctl *ctl, int error, const struct vmswap_vm *vm,
		  const struct vmswap_vm *change)
{
	unsigned long long id = vm->id;
	struct vmswap_tier **tiers;
	char *cause, *list, *name, *rest;
	size_t count;

	/* Its tiers were deleted: that there are others is no help. */
	if (error == -ENOSPC && vm->tiers && !strcmp(vm->tiers, "none"))
		return ctl_fail(ctl, error, "vm %s (id %llu): more is resident, and it may use no tier: allow some with vmswapctl vm set %llu tiers all",
				vm->name, id, id);
	if (error != -ENOENT || !VMSWAP_HAS(change, VM, TIERS))
		return ctl_fail_lib(ctl, error, "vm %s (id %llu)", vm->name, id);
	cause = strdup(vmswap_strerror_ext(ctl->h));
	list = strdup(change->tiers);
	rest = list;
	if (!vmswap_tier_list(ctl->h, &tiers, &count)) {
		while ((name = strsep(&rest, ",")) &&
		       is_tier(tiers, count, name))
			;
		vmswap_tier_list_free(tiers, count);
	} else {
		name = list;
	}
	if (name)
		ctl_fail(ctl, error, "vm %s (id %llu): tiers: '%s': %s; vmswapctl tier list tells which there are",
			 vm->name, id, name, cause);
	else
		ctl_fail(ctl, error, "vm %s (id %llu): %s", vm->name, id, cause);
	free(list);
	free(cause);
	return CTL_FAILED;
}

static int apply(struct ctl *ctl, struct vmswap_vm *change)
{
	bool limited = VMSWAP_HAS(change, VM, LIMIT) ||
		       VMSWAP_HAS(change, VM, LIMIT_PERCENT);
	struct vmswap_vm *vm;
	int ret;

	ret = vmswap_vm_find(ctl->h, ctl->argv[0], &vm, NULL);
	if (ret)
		return ctl_fail_lib(ctl, ret, "vm set");
	VMSWAP_SET(change, VM, ID, id, vm->id);
	if (limited) {
		signal(SIGINT, on_signal);
		signal(SIGTERM, on_signal);
	}
	ret = vmswap_vm_set(ctl->h, change);
	if (ret)
		refuse(ctl, ret, vm, change);
	else if (limited)
		ret = wait_for_limit(ctl, vm);
	vmswap_vm_free(vm);
	return ret ? CTL_FAILED : CTL_DONE;
}

int ctl_vm_set(struct ctl *ctl)
{
	struct vmswap_vm change = { 0 };
	int ret;

	ret = ctl_parse_keys(ctl, "vm set", ctl_vm_keys, CTL_NR_VM_KEYS,
			     ctl->argv + 1, ctl->argc - 1, &change);
	if (ret)
		return ret;
	if (ctl_open(ctl))
		return CTL_FAILED;
	return apply(ctl, &change);
}

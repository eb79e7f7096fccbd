// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "size.h"
#include "vm_keys.h"

static int parse_limit(const char *value, void *object)
{
	struct vmswap_vm *vm = object;
	int ret;

	if (!strcmp(value, "none")) {
		VMSWAP_SET(vm, VM, LIMIT, limit, VMSWAP_LIMIT_NONE);
		return 0;
	}
	if (strchr(value, '%')) {
		vm->present |= VMSWAP_BIT(VM, LIMIT_PERCENT);
		return ctl_parse_percent(value, &vm->limit_percent);
	}
	vm->present |= VMSWAP_BIT(VM, LIMIT);
	ret = ctl_parse_size(value, &vm->limit);
	/* All ones would mean none. */
	return !ret && vm->limit == VMSWAP_LIMIT_NONE ? -ERANGE : ret;
}

static int parse_policy(const char *value, void *object)
{
	struct vmswap_vm *vm = object;

	VMSWAP_SET(vm, VM, POLICY, policy, value);
	return *value ? 0 : -EINVAL;
}

static int parse_tiers(const char *value, void *object)
{
	struct vmswap_vm *vm = object;

	/* None at all would be taken as all of them. */
	VMSWAP_SET(vm, VM, TIERS, tiers, strcmp(value, "all") ? value : "");
	return *value ? 0 : -EINVAL;
}

static int parse_granule(const char *value, void *object)
{
	struct vmswap_vm *vm = object;

	vm->present |= VMSWAP_BIT(VM, GRANULE);
	return ctl_parse_u32(value, &vm->granule);
}

static int parse_prefetch(const char *value, void *object)
{
	struct vmswap_vm *vm = object;

	vm->present |= VMSWAP_BIT(VM, PREFETCH);
	return ctl_parse_u32(value, &vm->prefetch);
}

const struct key ctl_vm_keys[CTL_NR_VM_KEYS] = {
	{ "limit", "a size such as 512M or 1.5G, N% of the VM's size, or none",
	  parse_limit },
	{ "min", "a size" },
	{ "max", "a size" },
	{ "shares", "a number" },
	{ "policy", "the name of a policy, as clock", parse_policy },
	{ "tiers", "names of tiers separated by commas without blanks, or all", parse_tiers },
	{ "granule", "a number of pages, a power of two from 1 to 512",
	  parse_granule },
	{ "prefetch", "a number of pages from 0 to 512", parse_prefetch },
	{ "hints", "auto or off" },
};

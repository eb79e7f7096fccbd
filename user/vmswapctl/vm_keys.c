// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "size.h"
#include "vm_keys.h"

#define MIN_LIMIT	(1 << 20)
/* Of a granule, and of prefetch. */
#define MAX_PAGES	512

static int parse_limit(const char *value, void *object)
{
	struct vmswap_vm *vm = object;
	int ret;

	vm->present |= VMSWAP_BIT(VM, LIMIT);
	ret = ctl_parse_size(value, &vm->limit);
	/* All ones would mean none. */
	return !ret && vm->limit == VMSWAP_LIMIT_NONE ? -ERANGE : ret;
}

static int parse_limit_percent(const char *value, void *object)
{
	struct vmswap_vm *vm = object;

	vm->present |= VMSWAP_BIT(VM, LIMIT_PERCENT);
	return ctl_parse_percent(value, &vm->limit_percent);
}

static void set_limit_none(void *object)
{
	struct vmswap_vm *vm = object;

	VMSWAP_SET(vm, VM, LIMIT, limit, VMSWAP_LIMIT_NONE);
}

static int check_limit(const void *object)
{
	const struct vmswap_vm *vm = object;

	if (VMSWAP_HAS(vm, VM, LIMIT_PERCENT))
		return vm->limit_percent < 1 || vm->limit_percent > 100 ?
		       -ERANGE : 0;
	return vm->limit < MIN_LIMIT ? -EINVAL : 0;
}

static int parse_policy(const char *value, void *object)
{
	struct vmswap_vm *vm = object;

	VMSWAP_SET(vm, VM, POLICY, policy, value);
	return *value ? 0 : -EINVAL;
}

static int check_policy(const void *object)
{
	const struct vmswap_vm *vm = object;

	return strcmp(vm->policy, "clock") ? -EOPNOTSUPP : 0;
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

static int check_granule(const void *object)
{
	const struct vmswap_vm *vm = object;

	if (vm->granule < 1 || vm->granule > MAX_PAGES)
		return -ERANGE;
	return vm->granule & (vm->granule - 1) ? -EINVAL : 0;
}

static int parse_prefetch(const char *value, void *object)
{
	struct vmswap_vm *vm = object;

	vm->present |= VMSWAP_BIT(VM, PREFETCH);
	return ctl_parse_u32(value, &vm->prefetch);
}

static int check_prefetch(const void *object)
{
	const struct vmswap_vm *vm = object;

	return vm->prefetch > MAX_PAGES ? -ERANGE : 0;
}

const struct key ctl_vm_keys[CTL_NR_VM_KEYS] = {
	{ "limit", "a size from 1M on, such as 512M or 1.5G", parse_limit,
	  check_limit, true, parse_limit_percent,
	  "N% of the VM's size, N a whole number from 1 to 100", set_limit_none },
	{ "min", "a size" },
	{ "max", "a size" },
	{ "shares", "a number" },
	{ "policy", "clock, the only one so far", parse_policy, check_policy },
	{ "tiers", "names of tiers separated by commas without blanks, or all", parse_tiers },
	{ "granule", "a number of pages, a power of two from 1 to 512",
	  parse_granule, check_granule },
	{ "prefetch", "a number of pages from 0 to 512", parse_prefetch,
	  check_prefetch },
	{ "hints", "auto or off" },
};

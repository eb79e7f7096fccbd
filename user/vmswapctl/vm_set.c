// SPDX-License-Identifier: GPL-2.0
#include "vm_keys.h"

static int apply(struct ctl *ctl, struct vmswap_vm *change)
{
	struct vmswap_vm *vm;
	int ret;

	ret = vmswap_vm_find(ctl->h, ctl->argv[0], &vm, NULL);
	if (ret)
		return ctl_fail_lib(ctl, ret, "vm set");
	VMSWAP_SET(change, VM, ID, id, vm->id);
	ret = vmswap_vm_set(ctl->h, change);
	if (ret)
		ctl_fail_lib(ctl, ret, "vm %s (id %llu)", vm->name,
			     (unsigned long long)vm->id);
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

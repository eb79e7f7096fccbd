// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <stdlib.h>

#include "internal.h"

static int by_id(const void *left, const void *right)
{
	const struct vmswap_vm *a = *(struct vmswap_vm *const *)left;
	const struct vmswap_vm *b = *(struct vmswap_vm *const *)right;

	return (a->id > b->id) - (a->id < b->id);
}

int vmswap_vm_get(struct vmswap *h, uint64_t id, struct vmswap_vm **vm)
{
	struct vmswap_vm request = { 0 };

	VMSWAP_SET(&request, VM, ID, id, id);
	return vmswap_object_get(h, VMSWAP_CMD_VM_GET, &vmswap_vm_attr_set,
				 &request, (void **)vm);
}

int vmswap_vm_list(struct vmswap *h, struct vmswap_vm ***vms, size_t *count)
{
	int ret;

	ret = vmswap_object_list(h, VMSWAP_CMD_VM_GET, &vmswap_vm_attr_set,
				 (void ***)vms, count);
	if (!ret && *count)
		qsort(*vms, *count, sizeof(**vms), by_id);
	return ret;
}

int vmswap_vm_set(struct vmswap *h, const struct vmswap_vm *change)
{
	return vmswap_request(h, VMSWAP_CMD_VM_SET, 0, &vmswap_vm_attr_set,
			      change, NULL, NULL);
}

void vmswap_vm_free(struct vmswap_vm *vm)
{
	vmswap_object_free(&vmswap_vm_attr_set, vm);
}

void vmswap_vm_list_free(struct vmswap_vm **vms, size_t count)
{
	vmswap_object_list_free(&vmswap_vm_attr_set, (void **)vms, count);
}

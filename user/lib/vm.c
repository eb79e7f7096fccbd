// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Of a region in a message, without its name: headers, index, size, padding. */
#define REGION_BYTES	28

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

/*
 * A VM is one message, which in a dump ends after 32 KiB: regions that do not fit are
 * left out. All else but them takes less than 8 KiB, the one that did not fit at most 5.
 */
static bool may_be_cut(const struct vmswap_vm *vm)
{
	size_t i, bytes = 0;

	for (i = 0; i < vm->nr_regions; i++)
		bytes += REGION_BYTES +
			 (vm->regions[i].name ? strlen(vm->regions[i].name) : 0);
	return bytes >= 16 << 10;
}

/* One that ended meanwhile, or is too large for any message, stays as it was told. */
static void complete(struct vmswap *h, struct vmswap_vm **vm)
{
	struct vmswap_vm *whole;

	if (!may_be_cut(*vm))
		return;
	if (vmswap_vm_get(h, (*vm)->id, &whole)) {
		vmswap_error_clear(h);
	} else {
		vmswap_vm_free(*vm);
		*vm = whole;
	}
}

int vmswap_vm_list(struct vmswap *h, struct vmswap_vm ***vms, size_t *count)
{
	size_t i;
	int ret;

	ret = vmswap_object_list(h, VMSWAP_CMD_VM_GET, &vmswap_vm_attr_set,
				 (void ***)vms, count);
	if (ret || !*count)
		return ret;
	qsort(*vms, *count, sizeof(**vms), by_id);
	for (i = 0; i < *count; i++)
		complete(h, &(*vms)[i]);
	return 0;
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

// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "show.h"
#include "size.h"
#include "table.h"

static const struct column columns[] = {
	{ "ID", true }, { "VM" }, { "SIZE", true }, { "LIMIT", true },
	{ "RESIDENT", true }, { "SWAPPED", true }, { "SAME", true },
	{ "ZERO", true }, { "MAJOR", true }, { "PATH" },
};

#define NR_COLUMNS	(sizeof(columns) / sizeof(columns[0]))

static void add_row(const struct ctl *ctl, struct libscols_table *table,
		    const struct vmswap_vm *vm)
{
	const struct vmswap_vm_stats *s = &vm->stats;
	char id[24], major[24], buf[6][CTL_SIZE_LEN];
	char *path = NULL;
	const char *values[NR_COLUMNS] = {
		id, vm->name, ctl_format_size(vm->size, ctl->bytes, buf[0]),
		VMSWAP_HAS(vm, VM, LIMIT) ?
			ctl_format_size(vm->limit, ctl->bytes, buf[1]) : NULL,
		ctl_format_size(s->resident, ctl->bytes, buf[2]),
		ctl_format_size(s->swapped, ctl->bytes, buf[3]),
		ctl_format_size(s->same, ctl->bytes, buf[4]),
		ctl_format_size(s->zero, ctl->bytes, buf[5]), major,
	};

	snprintf(id, sizeof(id), "%llu", (unsigned long long)vm->id);
	snprintf(major, sizeof(major), "%llu",
		 (unsigned long long)s->faults_major);
	if (vmswap_vm_path(vm, &path))
		path = NULL;
	values[NR_COLUMNS - 1] = path ? path : vm->deleted ? "(deleted)" : NULL;
	ctl_table_row(table, values, NR_COLUMNS);
	free(path);
}

void ctl_show_vms(const struct ctl *ctl, struct vmswap_vm *const *vms,
		  size_t count)
{
	struct libscols_table *table;
	size_t i;

	if (!count) {
		printf("No VM.\n");
		return;
	}
	table = ctl_table(columns, NR_COLUMNS);
	for (i = 0; i < count; i++)
		add_row(ctl, table, vms[i]);
	ctl_table_print(table);
}

int ctl_vm_list(struct ctl *ctl)
{
	struct vmswap_vm **vms;
	size_t count;
	int ret;

	if (ctl_open(ctl))
		return CTL_FAILED;
	ret = vmswap_vm_list(ctl->h, &vms, &count);
	if (ret)
		return ctl_fail_lib(ctl, ret, "VMs");
	if (ctl->json)
		ctl_json_print(ctl_json_vms(vms, count));
	else
		ctl_show_vms(ctl, vms, count);
	vmswap_vm_list_free(vms, count);
	return CTL_DONE;
}

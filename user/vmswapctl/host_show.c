// SPDX-License-Identifier: GPL-2.0
#include "json.h"
#include "table.h"

#define SIZE(name, ATTR, field) \
	ctl_list_size(list, name, VMSWAP_HAS(host, HOST, ATTR), host->field, \
		      ctl->bytes)
#define NUMBER(name, ATTR, field) \
	ctl_list_number(list, name, VMSWAP_HAS(host, HOST, ATTR), host->field)

static void show(const struct ctl *ctl, const struct vmswap_host *host)
{
	struct libscols_table *list = ctl_list();
	const struct vmswap_leaks *leaks = &host->leaks;

	ctl_list_text(list, "full",
		      vmswap_enum_name(VMSWAP_ENUM_FULL_ACTION, host->full));
	NUMBER("vms", VMS, vms);
	NUMBER("tiers", TIERS, tiers);
	SIZE("size", SIZE, size);
	SIZE("resident", RESIDENT, resident);
	SIZE("swapped", SWAPPED, swapped);
	SIZE("stored_bytes", STORED_BYTES, stored_bytes);
	SIZE("overhead", OVERHEAD, overhead);
	SIZE("ram_total", RAM_TOTAL, ram_total);
	SIZE("ram_free", RAM_FREE, ram_free);
	NUMBER("generation", GENERATION, generation);
	ctl_list_number(list, "leaks.pages", true, leaks->pages);
	ctl_list_number(list, "leaks.slots", true, leaks->slots);
	ctl_list_size(list, "leaks.stored_bytes", true, leaks->stored_bytes,
		      ctl->bytes);
	ctl_list_size(list, "leaks.metadata_bytes", true,
		      leaks->metadata_bytes, ctl->bytes);
	ctl_list_number(list, "leaks.regions", true, leaks->regions);
	ctl_table_print(list);
}

int ctl_host_show(struct ctl *ctl)
{
	struct vmswap_host *host;
	int ret;

	if (ctl_open(ctl))
		return CTL_FAILED;
	ret = vmswap_host_get(ctl->h, &host);
	if (ret)
		return ctl_fail_lib(ctl, ret, "host");
	if (ctl->json)
		ctl_json_print(ctl_json_host(host));
	else
		show(ctl, host);
	vmswap_host_free(host);
	return CTL_DONE;
}

// SPDX-License-Identifier: GPL-2.0
#include "json.h"

#define HOST(obj, h, key, ATTR, field) \
	json_object_set_new(obj, key, \
		ctl_json_u64(VMSWAP_HAS(h, HOST, ATTR), (h)->field))
#define LEAK(obj, l, key, ATTR, field) \
	json_object_set_new(obj, key, \
		ctl_json_u64(VMSWAP_HAS(l, LEAKS, ATTR), (l)->field))

static json_t *json_leaks(const struct vmswap_leaks *l)
{
	json_t *obj = json_object();

	LEAK(obj, l, "pages", PAGES, pages);
	LEAK(obj, l, "slots", SLOTS, slots);
	LEAK(obj, l, "stored_bytes", STORED_BYTES, stored_bytes);
	LEAK(obj, l, "metadata_bytes", METADATA_BYTES, metadata_bytes);
	LEAK(obj, l, "regions", REGIONS, regions);
	return obj;
}

json_t *ctl_json_host(const struct vmswap_host *h)
{
	json_t *obj = json_object();

	json_object_set_new(obj, "full", VMSWAP_HAS(h, HOST, FULL) ?
		ctl_json_text(vmswap_enum_name(VMSWAP_ENUM_FULL_ACTION,
					       h->full)) : json_null());
	HOST(obj, h, "vms", VMS, vms);
	HOST(obj, h, "tiers", TIERS, tiers);
	HOST(obj, h, "size", SIZE, size);
	HOST(obj, h, "resident", RESIDENT, resident);
	HOST(obj, h, "swapped", SWAPPED, swapped);
	HOST(obj, h, "stored_bytes", STORED_BYTES, stored_bytes);
	HOST(obj, h, "overhead", OVERHEAD, overhead);
	HOST(obj, h, "ram_total", RAM_TOTAL, ram_total);
	HOST(obj, h, "ram_free", RAM_FREE, ram_free);
	HOST(obj, h, "generation", GENERATION, generation);
	json_object_set_new(obj, "leaks", json_leaks(&h->leaks));
	return obj;
}

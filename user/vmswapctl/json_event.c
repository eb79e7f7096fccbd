// SPDX-License-Identifier: GPL-2.0
#include "json.h"

#define EVENT(obj, e, key, ATTR, field) \
	json_object_set_new(obj, key, \
		ctl_json_u64(VMSWAP_HAS(e, EVENT, ATTR), (e)->field))

json_t *ctl_json_event(const struct vmswap_event *e)
{
	json_t *obj = json_object();

	json_object_set_new(obj, "kind",
			    ctl_json_text(vmswap_enum_name(VMSWAP_ENUM_EVENT_KIND,
							   e->kind)));
	EVENT(obj, e, "time_ns", TIME_NS, time_ns);
	EVENT(obj, e, "vm_id", VM_ID, vm_id);
	json_object_set_new(obj, "vm_name", ctl_json_text(e->vm_name));
	EVENT(obj, e, "region", REGION, region);
	EVENT(obj, e, "offset", OFFSET, offset);
	EVENT(obj, e, "tier_id", TIER_ID, tier_id);
	json_object_set_new(obj, "tier_name", ctl_json_text(e->tier_name));
	EVENT(obj, e, "error", ERROR, error);
	EVENT(obj, e, "portid", PORTID, portid);
	return obj;
}

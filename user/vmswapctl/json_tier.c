// SPDX-License-Identifier: GPL-2.0
#include "json.h"

#define TIER(obj, t, key, ATTR, field) \
	json_object_set_new(obj, key, \
		ctl_json_u64(VMSWAP_HAS(t, TIER, ATTR), (t)->field))
#define WORD(obj, t, key, ATTR, which, field) \
	json_object_set_new(obj, key, VMSWAP_HAS(t, TIER, ATTR) ? \
		ctl_json_text(vmswap_enum_name(which, (t)->field)) : \
		json_null())

json_t *ctl_json_tier(const struct vmswap_tier *t)
{
	json_t *obj = json_object();

	json_object_set_new(obj, "name", ctl_json_text(t->name));
	WORD(obj, t, "kind", KIND, VMSWAP_ENUM_TIER_KIND, kind);
	TIER(obj, t, "rank", RANK, rank);
	TIER(obj, t, "size", SIZE, size);
	TIER(obj, t, "used", USED, used);
	TIER(obj, t, "pages", PAGES, pages);
	TIER(obj, t, "stored_bytes", STORED_BYTES, stored_bytes);
	WORD(obj, t, "state", STATE, VMSWAP_ENUM_TIER_STATE, state);
	TIER(obj, t, "errors", ERRORS, errors);
	TIER(obj, t, "id", ID, id);
	WORD(obj, t, "algo", ALGO, VMSWAP_ENUM_ALGO, algo);
	json_object_set_new(obj, "path", ctl_json_text(t->path));
	json_object_set_new(obj, "reclaim_safe",
			    VMSWAP_HAS(t, TIER, RECLAIM_SAFE) ?
			    json_boolean(t->reclaim_safe) : json_null());
	TIER(obj, t, "vms", VMS, vms);
	return obj;
}

json_t *ctl_json_tiers(struct vmswap_tier *const *tiers, size_t count)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_array_append_new(array, ctl_json_tier(tiers[i]));
	return array;
}

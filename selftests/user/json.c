// SPDX-License-Identifier: GPL-2.0
/* Every key that the manual names is there, also when nothing is known. */
#include <string.h>

#include "decode.h"
#include "json.h"
#include "ktap.h"
#include "sample.h"

static const char *const vm_keys[] = {
	"id", "name", "path", "deleted", "size", "limit", "limit_effective",
	"regions", "resident", "swapped", "same", "zero", "poisoned", "dirty",
	"pinned", "hinted", "overhead", "faults", "swapin_pages",
	"swapout_pages", "swapout_skipped_clean", "discarded_pages",
	"hint_discarded_pages", "io_errors", "stalled", "tiers", "fault_ns",
	"limit_percent", "min", "max", "shares", "policy", "tiers_allowed",
	"granule", "prefetch", "hints", NULL
};

static const char *const tier_keys[] = {
	"name", "kind", "rank", "size", "used", "pages", "stored_bytes",
	"state", "errors", "id", "algo", "path", "reclaim_safe", "vms", NULL
};

static const char *const host_keys[] = {
	"full", "vms", "tiers", "size", "resident", "swapped", "stored_bytes",
	"overhead", "ram_total", "ram_free", "generation", "leaks", NULL
};

static const char *const event_keys[] = {
	"kind", "time_ns", "vm_id", "vm_name", "region", "offset", "tier_id",
	"tier_name", "error", "portid", NULL
};

/* These keys and no others. */
static bool has_keys(const json_t *object, const char *const *keys)
{
	size_t count = 0;

	for (; *keys; keys++, count++) {
		if (!json_object_get(object, *keys)) {
			printf("# no key %s\n", *keys);
			return false;
		}
	}
	return json_object_size(object) == count;
}

static json_int_t number(const json_t *object, const char *outer,
			 const char *key)
{
	if (outer)
		object = json_object_get(object, outer);
	return json_integer_value(json_object_get(object, key));
}

static bool is_null(const json_t *object, const char *key)
{
	return json_is_null(json_object_get(object, key));
}

static void test_whole_vm(void)
{
	static const char *const faults[] = {
		"zero", "minor", "major", "async", NULL
	};
	static const char *const latency[] = { "p50", "p99", "max", "hist", NULL };
	struct vmswap_vm vm;
	struct buffer b;
	json_t *obj, *part;

	sample_vm(&b);
	if (vmswap_decode(&vmswap_vm_attr_set, b.data, b.len, &vm)) {
		check(false, "decode a VM");
		return;
	}
	obj = ctl_json_vm(&vm);
	check(has_keys(obj, vm_keys), "keys of a VM");
	check(has_keys(json_object_get(obj, "faults"), faults) &&
	      has_keys(json_object_get(obj, "fault_ns"), latency),
	      "keys of its faults");
	part = json_array_get(json_object_get(obj, "regions"), 1);
	check(!strcmp(json_string_value(json_object_get(part, "name")),
		      "ram1") && number(part, NULL, "size") == 1 << 20,
	      "its regions");
	part = json_array_get(json_object_get(obj, "tiers"), 0);
	check(number(part, NULL, "pages") == 77 &&
	      number(part, NULL, "stored_bytes") == 7777, "its tiers");
	check(number(obj, NULL, "swapped") ==
	      1000 + VMSWAP_A_VM_STATS_SWAPPED &&
	      number(obj, "faults", "async") ==
	      1000 + VMSWAP_A_VM_STATS_FAULTS_ASYNC &&
	      number(obj, "fault_ns", "p99") == 1 << 12, "its numbers");
	part = json_object_get(json_object_get(obj, "fault_ns"), "hist");
	check(json_array_size(part) == 21 &&
	      json_integer_value(json_array_get(part, 10)) == 98 &&
	      json_integer_value(json_array_get(part, 20)) == 1,
	      "how long its faults took");
	check(json_is_true(json_object_get(obj, "deleted")) &&
	      is_null(obj, "path"), "a deleted VM has no path");
	json_decref(obj);
	vmswap_release(&vmswap_vm_attr_set, &vm);
}

static void test_empty(void)
{
	json_t *vm = ctl_json_vm(&(struct vmswap_vm){ 0 });
	json_t *tier = ctl_json_tier(&(struct vmswap_tier){ 0 });
	json_t *host = ctl_json_host(&(struct vmswap_host){ 0 });
	json_t *event = ctl_json_event(&(struct vmswap_event){ 0 });

	check(has_keys(vm, vm_keys) && is_null(vm, "limit") &&
	      is_null(vm, "resident") &&
	      is_null(json_object_get(vm, "fault_ns"), "p50") &&
	      !json_array_size(json_object_get(json_object_get(vm, "fault_ns"),
					       "hist")),
	      "a VM of which nothing is known");
	check(has_keys(tier, tier_keys) && is_null(tier, "path"),
	      "a tier of which nothing is known");
	check(has_keys(host, host_keys) &&
	      json_object_size(json_object_get(host, "leaks")) == 5,
	      "a host of which nothing is known");
	check(has_keys(event, event_keys) && is_null(event, "vm_id"),
	      "an event of which nothing is known");
	json_decref(vm);
	json_decref(tier);
	json_decref(host);
	json_decref(event);
}

static void test_text(void)
{
	json_t *text = ctl_json_text("a\xff\x80z");

	check(!strcmp(json_string_value(text), "a??z"),
	      "a name that is not UTF-8");
	json_decref(text);
	text = ctl_json_u64(true, UINT64_MAX);
	check(json_integer_value(text) == INT64_MAX,
	      "a number that JSON does not have");
	json_decref(text);
}

int main(void)
{
	test_whole_vm();
	test_empty();
	test_text();
	return ktap_end();
}

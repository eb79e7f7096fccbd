// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "json.h"

#define VM(obj, v, key, ATTR, field) \
	json_object_set_new(obj, key, \
		ctl_json_u64(VMSWAP_HAS(v, VM, ATTR), (v)->field))
#define STAT(obj, s, key, ATTR, field) \
	json_object_set_new(obj, key, \
		ctl_json_u64(VMSWAP_HAS(s, VM_STATS, ATTR), (s)->field))

static json_t *json_path(const struct vmswap_vm *vm)
{
	json_t *value;
	char *path;

	if (vmswap_vm_path(vm, &path))
		return json_null();
	value = ctl_json_text(path);
	free(path);
	return value;
}

static json_t *json_regions(const struct vmswap_vm *vm)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < vm->nr_regions; i++) {
		const struct vmswap_region *r = &vm->regions[i];
		json_t *obj = json_object();

		json_object_set_new(obj, "name", ctl_json_text(r->name));
		json_object_set_new(obj, "size",
				    ctl_json_u64(VMSWAP_HAS(r, REGION, SIZE),
						 r->size));
		json_object_set_new(obj, "index",
				    ctl_json_u64(VMSWAP_HAS(r, REGION, INDEX),
						 r->index));
		json_array_append_new(array, obj);
	}
	return array;
}

static json_t *json_vm_tiers(const struct vmswap_vm_stats *s)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < s->nr_tiers; i++) {
		const struct vmswap_vm_tier *t = &s->tiers[i];
		json_t *obj = json_object();

		json_object_set_new(obj, "name", ctl_json_text(t->name));
		json_object_set_new(obj, "pages",
				    ctl_json_u64(VMSWAP_HAS(t, VM_TIER, PAGES),
						 t->pages));
		json_object_set_new(obj, "stored_bytes",
				    ctl_json_u64(VMSWAP_HAS(t, VM_TIER,
							    STORED_BYTES),
						 t->stored_bytes));
		json_array_append_new(array, obj);
	}
	return array;
}

static json_t *json_faults(const struct vmswap_vm_stats *s)
{
	json_t *obj = json_object();

	STAT(obj, s, "zero", FAULTS_ZERO, faults_zero);
	STAT(obj, s, "minor", FAULTS_MINOR, faults_minor);
	STAT(obj, s, "major", FAULTS_MAJOR, faults_major);
	STAT(obj, s, "async", FAULTS_ASYNC, faults_async);
	return obj;
}

static void set_quantile(json_t *obj, const char *key,
			 const struct vmswap_vm_stats *s, unsigned int permille)
{
	uint64_t ns = vmswap_fault_quantile(s->fault_hist, permille);

	/* No fault took place: there is no such number. */
	json_object_set_new(obj, key, ctl_json_u64(ns, ns));
}

/* As far as there are any: most of the 64 are beyond what a fault can take. */
static json_t *json_hist(const struct vmswap_vm_stats *s)
{
	size_t i, count = VMSWAP_HIST_BUCKETS;
	json_t *array = json_array();

	while (count && !s->fault_hist[count - 1])
		count--;
	for (i = 0; i < count; i++)
		json_array_append_new(array,
				      ctl_json_u64(true, s->fault_hist[i]));
	return array;
}

static json_t *json_fault_ns(const struct vmswap_vm_stats *s)
{
	json_t *obj = json_object();

	set_quantile(obj, "p50", s, 500);
	set_quantile(obj, "p99", s, 990);
	set_quantile(obj, "max", s, 1000);
	json_object_set_new(obj, "hist", json_hist(s));
	return obj;
}

static void add_gauges(json_t *obj, const struct vmswap_vm_stats *s)
{
	STAT(obj, s, "resident", RESIDENT, resident);
	STAT(obj, s, "swapped", SWAPPED, swapped);
	STAT(obj, s, "same", SAME, same);
	STAT(obj, s, "zero", ZERO, zero);
	STAT(obj, s, "poisoned", POISONED, poisoned);
	STAT(obj, s, "dirty", DIRTY, dirty);
	STAT(obj, s, "pinned", PINNED, pinned);
	STAT(obj, s, "hinted", HINTED, hinted);
	STAT(obj, s, "overhead", OVERHEAD, overhead);
}

static void add_counters(json_t *obj, const struct vmswap_vm_stats *s)
{
	json_object_set_new(obj, "faults", json_faults(s));
	STAT(obj, s, "swapin_pages", SWAPIN_PAGES, swapin_pages);
	STAT(obj, s, "swapout_pages", SWAPOUT_PAGES, swapout_pages);
	STAT(obj, s, "swapout_skipped_clean", SWAPOUT_SKIPPED_CLEAN,
	     swapout_skipped_clean);
	STAT(obj, s, "discarded_pages", DISCARDED_PAGES, discarded_pages);
	STAT(obj, s, "hint_discarded_pages", HINT_DISCARDED_PAGES,
	     hint_discarded_pages);
	STAT(obj, s, "io_errors", IO_ERRORS, io_errors);
	STAT(obj, s, "stalled", STALLED, stalled);
	json_object_set_new(obj, "tiers", json_vm_tiers(s));
	json_object_set_new(obj, "fault_ns", json_fault_ns(s));
}

/* "tiers" says where pages are; the setting of that name is "tiers_allowed". */
static void add_settings(json_t *obj, const struct vmswap_vm *vm)
{
	VM(obj, vm, "limit_percent", LIMIT_PERCENT, limit_percent);
	VM(obj, vm, "min", MIN_BYTES, min);
	VM(obj, vm, "max", MAX_BYTES, max);
	VM(obj, vm, "shares", SHARES, shares);
	json_object_set_new(obj, "policy", ctl_json_text(vm->policy));
	json_object_set_new(obj, "tiers_allowed",
			    vm->tiers && *vm->tiers ?
			    ctl_json_text(vm->tiers) : json_null());
	VM(obj, vm, "granule", GRANULE, granule);
	VM(obj, vm, "prefetch", PREFETCH, prefetch);
	json_object_set_new(obj, "hints", VMSWAP_HAS(vm, VM, HINTS) ?
		ctl_json_text(vmswap_enum_name(VMSWAP_ENUM_HINTS,
					       vm->hints)) : json_null());
}

json_t *ctl_json_vm(const struct vmswap_vm *vm)
{
	json_t *obj = json_object();

	VM(obj, vm, "id", ID, id);
	json_object_set_new(obj, "name", ctl_json_text(vm->name));
	json_object_set_new(obj, "path", json_path(vm));
	json_object_set_new(obj, "deleted", json_boolean(vm->deleted));
	VM(obj, vm, "size", SIZE, size);
	VM(obj, vm, "limit", LIMIT, limit);
	VM(obj, vm, "limit_effective", LIMIT_EFFECTIVE, limit_effective);
	json_object_set_new(obj, "regions", json_regions(vm));
	add_gauges(obj, &vm->stats);
	add_counters(obj, &vm->stats);
	add_settings(obj, vm);
	return obj;
}

json_t *ctl_json_vms(struct vmswap_vm *const *vms, size_t count)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_array_append_new(array, ctl_json_vm(vms[i]));
	return array;
}

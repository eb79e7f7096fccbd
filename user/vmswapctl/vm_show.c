// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "size.h"
#include "table.h"

#define SIZE(name, ATTR, field) \
	ctl_list_size(list, name, VMSWAP_HAS(vm, VM, ATTR), vm->field, \
		      ctl->bytes)
#define NUMBER(name, ATTR, field) \
	ctl_list_number(list, name, VMSWAP_HAS(vm, VM, ATTR), vm->field)
#define GAUGE(name, ATTR, field) \
	ctl_list_size(list, name, VMSWAP_HAS(s, VM_STATS, ATTR), s->field, \
		      ctl->bytes)
#define COUNTER(name, ATTR, field) \
	ctl_list_number(list, name, VMSWAP_HAS(s, VM_STATS, ATTR), s->field)

static void add_identity(const struct ctl *ctl, struct libscols_table *list,
			 const struct vmswap_vm *vm)
{
	char *path = NULL;

	if (vmswap_vm_path(vm, &path))
		path = NULL;
	NUMBER("id", ID, id);
	ctl_list_text(list, "name", vm->name);
	ctl_list_text(list, "path", path);
	ctl_list_text(list, "deleted", vm->deleted ? "yes" : "no");
	SIZE("size", SIZE, size);
	free(path);
}

static void add_settings(const struct ctl *ctl, struct libscols_table *list,
			 const struct vmswap_vm *vm)
{
	if (VMSWAP_HAS(vm, VM, LIMIT))
		SIZE("limit", LIMIT, limit);
	else
		ctl_list_text(list, "limit", "none");
	if (VMSWAP_HAS(vm, VM, LIMIT_EFFECTIVE))
		SIZE("limit_effective", LIMIT_EFFECTIVE, limit_effective);
	else
		ctl_list_text(list, "limit_effective", "none");
	SIZE("min", MIN_BYTES, min);
	SIZE("max", MAX_BYTES, max);
	NUMBER("shares", SHARES, shares);
	ctl_list_text(list, "policy", vm->policy);
	ctl_list_text(list, "tiers_allowed",
		      vm->tiers && *vm->tiers ? vm->tiers : "all");
	NUMBER("granule", GRANULE, granule);
	NUMBER("prefetch", PREFETCH, prefetch);
	ctl_list_text(list, "hints",
		      vmswap_enum_name(VMSWAP_ENUM_HINTS, vm->hints));
}

static void add_gauges(const struct ctl *ctl, struct libscols_table *list,
		       const struct vmswap_vm_stats *s)
{
	GAUGE("resident", RESIDENT, resident);
	GAUGE("swapped", SWAPPED, swapped);
	GAUGE("same", SAME, same);
	GAUGE("zero", ZERO, zero);
	GAUGE("poisoned", POISONED, poisoned);
	GAUGE("dirty", DIRTY, dirty);
	GAUGE("pinned", PINNED, pinned);
	GAUGE("hinted", HINTED, hinted);
	GAUGE("overhead", OVERHEAD, overhead);
}

static void add_latency(struct libscols_table *list,
			const struct vmswap_vm_stats *s)
{
	uint64_t max = vmswap_fault_quantile(s->fault_hist, 1000);

	ctl_list_number(list, "fault_ns.p50", max,
			vmswap_fault_quantile(s->fault_hist, 500));
	ctl_list_number(list, "fault_ns.p99", max,
			vmswap_fault_quantile(s->fault_hist, 990));
	ctl_list_number(list, "fault_ns.max", max, max);
}

static void add_counters(struct libscols_table *list,
			 const struct vmswap_vm_stats *s)
{
	COUNTER("faults.zero", FAULTS_ZERO, faults_zero);
	COUNTER("faults.minor", FAULTS_MINOR, faults_minor);
	COUNTER("faults.major", FAULTS_MAJOR, faults_major);
	COUNTER("faults.async", FAULTS_ASYNC, faults_async);
	COUNTER("swapin_pages", SWAPIN_PAGES, swapin_pages);
	COUNTER("swapout_pages", SWAPOUT_PAGES, swapout_pages);
	COUNTER("swapout_skipped_clean", SWAPOUT_SKIPPED_CLEAN,
		swapout_skipped_clean);
	COUNTER("discarded_pages", DISCARDED_PAGES, discarded_pages);
	COUNTER("hint_discarded_pages", HINT_DISCARDED_PAGES,
		hint_discarded_pages);
	COUNTER("io_errors", IO_ERRORS, io_errors);
	COUNTER("stalled", STALLED, stalled);
	add_latency(list, s);
}

static void show_regions(const struct ctl *ctl, const struct vmswap_vm *vm)
{
	static const struct column columns[] = {
		{ "REGION" }, { "SIZE", true },
	};
	struct libscols_table *table = ctl_table(columns, 2);
	char size[CTL_SIZE_LEN];
	size_t i;

	for (i = 0; i < vm->nr_regions; i++) {
		const char *const values[] = {
			vm->regions[i].name,
			ctl_format_size(vm->regions[i].size, ctl->bytes, size),
		};

		ctl_table_row(table, values, 2);
	}
	putchar('\n');
	ctl_table_print(table);
}

static void show_tiers(const struct ctl *ctl, const struct vmswap_vm_stats *s)
{
	static const struct column columns[] = {
		{ "TIER" }, { "PAGES", true }, { "STORED", true },
	};
	struct libscols_table *table = ctl_table(columns, 3);
	char pages[24], stored[CTL_SIZE_LEN];
	size_t i;

	for (i = 0; i < s->nr_tiers; i++) {
		const struct vmswap_vm_tier *t = &s->tiers[i];
		const char *const values[] = {
			t->name, pages,
			ctl_format_size(t->stored_bytes, ctl->bytes, stored),
		};

		snprintf(pages, sizeof(pages), "%llu",
			 (unsigned long long)t->pages);
		ctl_table_row(table, values, 3);
	}
	putchar('\n');
	ctl_table_print(table);
}

static void show(const struct ctl *ctl, const struct vmswap_vm *vm)
{
	struct libscols_table *list = ctl_list();

	add_identity(ctl, list, vm);
	add_settings(ctl, list, vm);
	add_gauges(ctl, list, &vm->stats);
	add_counters(list, &vm->stats);
	ctl_table_print(list);
	if (vm->nr_regions)
		show_regions(ctl, vm);
	if (vm->stats.nr_tiers)
		show_tiers(ctl, &vm->stats);
}

int ctl_vm_show(struct ctl *ctl)
{
	struct vmswap_vm *vm;
	int ret;

	if (ctl_open(ctl))
		return CTL_FAILED;
	ret = vmswap_vm_find(ctl->h, ctl->argv[0], &vm, NULL);
	if (ret)
		return ctl_fail_lib(ctl, ret, "vm show");
	if (ctl->json)
		ctl_json_print(ctl_json_vm(vm));
	else
		show(ctl, vm);
	vmswap_vm_free(vm);
	return CTL_DONE;
}

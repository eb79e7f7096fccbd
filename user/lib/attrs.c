// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Compared with the specification by selftests/user/attrs: a change there that
 * is forgotten here fails that test.
 */
#include "attrs.h"
#include "vmswap.h"

#define FIELD(SET, st, ATTR, kind, word, field) \
	[VMSWAP_A_##SET##_##ATTR] = { .name = word, .type = ATTR_##kind, \
		.offset = offsetof(struct st, field) }
#define NEST(SET, st, ATTR, word, field, set) \
	[VMSWAP_A_##SET##_##ATTR] = { .name = word, .type = ATTR_NEST, \
		.offset = offsetof(struct st, field), .nest = &(set) }
#define NEST_MULTI(SET, st, ATTR, word, field, count, set) \
	[VMSWAP_A_##SET##_##ATTR] = { .name = word, .type = ATTR_NEST_MULTI, \
		.offset = offsetof(struct st, field), \
		.count_offset = offsetof(struct st, count), .nest = &(set) }
#define SET_OF(word, st, table) { \
	.name = word, .size = sizeof(struct st), \
	.max = sizeof(table) / sizeof((table)[0]) - 1, .attrs = table }

#define F(ATTR, kind, word, field) \
	FIELD(LEAKS, vmswap_leaks, ATTR, kind, word, field)
static const struct attr_desc leaks_attrs[] = {
	F(PAGES,		U64, "pages",		pages),
	F(SLOTS,		U64, "slots",		slots),
	F(STORED_BYTES,		U64, "stored-bytes",	stored_bytes),
	F(METADATA_BYTES,	U64, "metadata-bytes",	metadata_bytes),
	F(REGIONS,		U64, "regions",		regions),
};

#undef F

#define F(ATTR, kind, word, field) \
	FIELD(HOST, vmswap_host, ATTR, kind, word, field)
static const struct attr_desc host_attrs[] = {
	F(FULL,			U32, "full",		full),
	F(VMS,			U32, "vms",		vms),
	F(TIERS,		U32, "tiers",		tiers),
	F(SIZE,			U64, "size",		size),
	F(RESIDENT,		U64, "resident",	resident),
	F(SWAPPED,		U64, "swapped",		swapped),
	F(STORED_BYTES,		U64, "stored-bytes",	stored_bytes),
	F(OVERHEAD,		U64, "overhead",	overhead),
	F(RAM_TOTAL,		U64, "ram-total",	ram_total),
	F(RAM_FREE,		U64, "ram-free",	ram_free),
	F(GENERATION,		U32, "generation",	generation),
	NEST(HOST, vmswap_host, LEAKS, "leaks", leaks, vmswap_leaks_attr_set),
};

#undef F

#define F(ATTR, kind, word, field) \
	FIELD(TIER, vmswap_tier, ATTR, kind, word, field)
static const struct attr_desc tier_attrs[] = {
	F(ID,			U32, "id",		id),
	F(NAME,			STRING, "name",		name),
	F(KIND,			U32, "kind",		kind),
	F(RANK,			U32, "rank",		rank),
	F(SIZE,			U64, "size",		size),
	F(USED,			U64, "used",		used),
	F(PAGES,		U64, "pages",		pages),
	F(STORED_BYTES,		U64, "stored-bytes",	stored_bytes),
	F(STATE,		U32, "state",		state),
	F(ERRORS,		U64, "errors",		errors),
	F(ALGO,			U32, "algo",		algo),
	F(PATH,			STRING, "path",		path),
	F(RECLAIM_SAFE,		U8, "reclaim-safe",	reclaim_safe),
	F(VMS,			U32, "vms",		vms),
	F(CANCEL,		FLAG, "cancel",		cancel),
};

#undef F

#define F(ATTR, kind, word, field) \
	FIELD(REGION, vmswap_region, ATTR, kind, word, field)
static const struct attr_desc region_attrs[] = {
	F(INDEX,		U32, "index",		index),
	F(NAME,			STRING, "name",		name),
	F(SIZE,			U64, "size",		size),
};

#undef F

#define F(ATTR, kind, word, field) \
	FIELD(VM_TIER, vmswap_vm_tier, ATTR, kind, word, field)
static const struct attr_desc vm_tier_attrs[] = {
	F(ID,			U32, "id",		id),
	F(NAME,			STRING, "name",		name),
	F(PAGES,		U64, "pages",		pages),
	F(STORED_BYTES,		U64, "stored-bytes",	stored_bytes),
};

#undef F

#define F(ATTR, kind, word, field) \
	FIELD(VM_STATS, vmswap_vm_stats, ATTR, kind, word, field)
static const struct attr_desc vm_stats_attrs[] = {
	F(RESIDENT,		U64, "resident",	resident),
	F(SWAPPED,		U64, "swapped",		swapped),
	F(SAME,			U64, "same",		same),
	F(ZERO,			U64, "zero",		zero),
	F(POISONED,		U64, "poisoned",	poisoned),
	F(DIRTY,		U64, "dirty",		dirty),
	F(PINNED,		U64, "pinned",		pinned),
	F(HINTED,		U64, "hinted",		hinted),
	F(OVERHEAD,		U64, "overhead",	overhead),
	F(FAULTS_ZERO,		U64, "faults-zero",	faults_zero),
	F(FAULTS_MINOR,		U64, "faults-minor",	faults_minor),
	F(FAULTS_MAJOR,		U64, "faults-major",	faults_major),
	F(FAULTS_ASYNC,		U64, "faults-async",	faults_async),
	F(SWAPIN_PAGES,		U64, "swapin-pages",	swapin_pages),
	F(SWAPOUT_PAGES,	U64, "swapout-pages",	swapout_pages),
	F(SWAPOUT_SKIPPED_CLEAN, U64, "swapout-skipped-clean",
	  swapout_skipped_clean),
	F(DISCARDED_PAGES,	U64, "discarded-pages",	discarded_pages),
	F(HINT_DISCARDED_PAGES,	U64, "hint-discarded-pages",
	  hint_discarded_pages),
	F(IO_ERRORS,		U64, "io-errors",	io_errors),
	F(STALLED,		U64, "stalled",		stalled),
	F(FAULT_HIST,		HIST, "fault-hist",	fault_hist),
	NEST_MULTI(VM_STATS, vmswap_vm_stats, TIER, "tier", tiers, nr_tiers,
		   vmswap_vm_tier_attr_set),
};

#undef F

#define F(ATTR, kind, word, field) \
	FIELD(VM, vmswap_vm, ATTR, kind, word, field)
static const struct attr_desc vm_attrs[] = {
	F(ID,			U64, "id",		id),
	F(NAME,			STRING, "name",		name),
	F(DEV_MAJOR,		U32, "dev-major",	dev_major),
	F(DEV_MINOR,		U32, "dev-minor",	dev_minor),
	F(DELETED,		U8, "deleted",		deleted),
	F(SIZE,			U64, "size",		size),
	F(LIMIT,		U64, "limit",		limit),
	F(LIMIT_PERCENT,	U32, "limit-percent",	limit_percent),
	F(LIMIT_EFFECTIVE,	U64, "limit-effective",	limit_effective),
	F(MIN_BYTES,		U64, "min-bytes",	min),
	F(MAX_BYTES,		U64, "max-bytes",	max),
	F(SHARES,		U32, "shares",		shares),
	F(POLICY,		STRING, "policy",	policy),
	F(TIERS,		STRING, "tiers",	tiers),
	F(GRANULE,		U32, "granule",		granule),
	F(PREFETCH,		U32, "prefetch",	prefetch),
	F(HINTS,		U32, "hints",		hints),
	NEST_MULTI(VM, vmswap_vm, REGION, "region", regions, nr_regions,
		   vmswap_region_attr_set),
	NEST(VM, vmswap_vm, STATS, "stats", stats, vmswap_vm_stats_attr_set),
};

#undef F

#define F(ATTR, kind, word, field) \
	FIELD(RANGE, vmswap_range_msg, ATTR, kind, word, field)
static const struct attr_desc range_attrs[] = {
	F(VM_ID,		U64, "vm-id",		vm_id),
	F(REGION,		U32, "region",		region),
	F(OFFSET,		U64, "offset",		offset),
	F(LENGTH,		U64, "length",		length),
	F(DONE_PAGES,		U64, "done-pages",	done_pages),
	F(KEPT_PINNED,		U64, "kept-pinned",	kept_pinned),
	F(KEPT_BUSY,		U64, "kept-busy",	kept_busy),
	F(KEPT_NO_ROOM,		U64, "kept-no-room",	kept_no_room),
	F(NEXT,			U64, "next",		next),
};

#undef F

#define F(ATTR, kind, word, field) \
	FIELD(EVENT, vmswap_event, ATTR, kind, word, field)
static const struct attr_desc event_attrs[] = {
	F(KIND,			U32, "kind",		kind),
	F(TIME_NS,		U64, "time-ns",		time_ns),
	F(VM_ID,		U64, "vm-id",		vm_id),
	F(VM_NAME,		STRING, "vm-name",	vm_name),
	F(REGION,		U32, "region",		region),
	F(OFFSET,		U64, "offset",		offset),
	F(TIER_ID,		U32, "tier-id",		tier_id),
	F(TIER_NAME,		STRING, "tier-name",	tier_name),
	F(ERROR,		U32, "error",		error),
	F(PORTID,		U32, "portid",		portid),
};

#undef F

const struct attr_set vmswap_leaks_attr_set =
	SET_OF("leaks", vmswap_leaks, leaks_attrs);
const struct attr_set vmswap_host_attr_set =
	SET_OF("host", vmswap_host, host_attrs);
const struct attr_set vmswap_tier_attr_set =
	SET_OF("tier", vmswap_tier, tier_attrs);
const struct attr_set vmswap_region_attr_set =
	SET_OF("region", vmswap_region, region_attrs);
const struct attr_set vmswap_vm_tier_attr_set =
	SET_OF("vm-tier", vmswap_vm_tier, vm_tier_attrs);
const struct attr_set vmswap_vm_stats_attr_set =
	SET_OF("vm-stats", vmswap_vm_stats, vm_stats_attrs);
const struct attr_set vmswap_vm_attr_set =
	SET_OF("vm", vmswap_vm, vm_attrs);
const struct attr_set vmswap_range_attr_set =
	SET_OF("range", vmswap_range_msg, range_attrs);
const struct attr_set vmswap_event_attr_set =
	SET_OF("event", vmswap_event, event_attrs);

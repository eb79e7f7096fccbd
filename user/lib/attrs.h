/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The attribute sets of the netlink family as tables: the one place that knows
 * which attribute has which type and where it lives in a public structure.
 * Reading, writing and freeing all walk these tables.
 */
#ifndef LIBVMSWAP_ATTRS_H
#define LIBVMSWAP_ATTRS_H

#include <stddef.h>
#include <stdint.h>

enum attr_type {
	ATTR_NONE,		/* a hole: not an attribute */
	ATTR_U8,
	ATTR_U32,
	ATTR_U64,
	ATTR_STRING,		/* const char *, from malloc() */
	ATTR_FLAG,		/* uint8_t */
	ATTR_HIST,		/* uint64_t[VMSWAP_HIST_BUCKETS] */
	ATTR_NEST,		/* a structure in place */
	ATTR_NEST_MULTI,	/* an array from malloc(), and its count */
};

struct attr_set;

struct attr_desc {
	const char *name;
	enum attr_type type;
	size_t offset;
	size_t count_offset;		/* ATTR_NEST_MULTI */
	const struct attr_set *nest;	/* ATTR_NEST, ATTR_NEST_MULTI */
};

/* The structure of a set begins with uint64_t present. */
struct attr_set {
	const char *name;
	size_t size;
	unsigned int max;
	const struct attr_desc *attrs;	/* [max + 1], by attribute number */
};

extern const struct attr_set vmswap_leaks_attr_set;
extern const struct attr_set vmswap_host_attr_set;
extern const struct attr_set vmswap_tier_attr_set;
extern const struct attr_set vmswap_region_attr_set;
extern const struct attr_set vmswap_vm_tier_attr_set;
extern const struct attr_set vmswap_vm_stats_attr_set;
extern const struct attr_set vmswap_vm_attr_set;
extern const struct attr_set vmswap_range_attr_set;
extern const struct attr_set vmswap_event_attr_set;

/* The set of a range has no public structure. */
struct vmswap_range_msg {
	uint64_t present;
	uint64_t vm_id;
	uint64_t offset;
	uint64_t length;
	uint64_t done_pages;
	uint64_t kept_pinned;
	uint64_t kept_busy;
	uint64_t kept_no_room;
	uint64_t next;
	uint32_t region;
};

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* A whole VM, every attribute set, every number different. */
#ifndef SELFTESTS_USER_SAMPLE_H
#define SELFTESTS_USER_SAMPLE_H

#include "build.h"
#include "vmswap.h"

static inline void sample_stats(struct buffer *b)
{
	uint64_t hist[VMSWAP_HIST_BUCKETS] = { 0 };
	struct buffer tier = { .len = 0 };
	int i;

	for (i = VMSWAP_A_VM_STATS_RESIDENT; i <= VMSWAP_A_VM_STATS_STALLED; i++)
		put_u64(b, i, 1000 + i);
	hist[10] = 98;
	hist[12] = 1;
	hist[20] = 1;
	put(b, VMSWAP_A_VM_STATS_FAULT_HIST, hist, sizeof(hist));
	put_u32(&tier, VMSWAP_A_VM_TIER_ID, 3);
	put_string(&tier, VMSWAP_A_VM_TIER_NAME, "fast");
	put_u64(&tier, VMSWAP_A_VM_TIER_PAGES, 77);
	put_u64(&tier, VMSWAP_A_VM_TIER_STORED_BYTES, 7777);
	put_nest(b, VMSWAP_A_VM_STATS_TIER, &tier);
	put_nest(b, VMSWAP_A_VM_STATS_TIER, &tier);
}

static inline void sample_region(struct buffer *b, uint32_t index,
				 const char *name)
{
	struct buffer region = { .len = 0 };

	put_u32(&region, VMSWAP_A_REGION_INDEX, index);
	put_string(&region, VMSWAP_A_REGION_NAME, name);
	put_u64(&region, VMSWAP_A_REGION_SIZE, 1 << 20);
	put_nest(b, VMSWAP_A_VM_REGION, &region);
}

static inline void sample_vm(struct buffer *b)
{
	struct buffer stats = { .len = 0 };
	uint8_t deleted = 1;

	b->len = 0;
	put_u64(b, VMSWAP_A_VM_ID, 42);
	put_string(b, VMSWAP_A_VM_NAME, "vm1");
	put_u32(b, VMSWAP_A_VM_DEV_MAJOR, 0);
	put_u32(b, VMSWAP_A_VM_DEV_MINOR, 99999);
	put(b, VMSWAP_A_VM_DELETED, &deleted, sizeof(deleted));
	put_u64(b, VMSWAP_A_VM_SIZE, 2 << 20);
	put_u64(b, VMSWAP_A_VM_LIMIT, 1 << 20);
	put_u32(b, VMSWAP_A_VM_LIMIT_PERCENT, 50);
	put_u64(b, VMSWAP_A_VM_LIMIT_EFFECTIVE, 1 << 19);
	put_u64(b, VMSWAP_A_VM_MIN_BYTES, 4096);
	put_u64(b, VMSWAP_A_VM_MAX_BYTES, 2 << 20);
	put_u32(b, VMSWAP_A_VM_SHARES, 1000);
	put_string(b, VMSWAP_A_VM_POLICY, "clock");
	put_string(b, VMSWAP_A_VM_TIERS, "fast,slow");
	put_u32(b, VMSWAP_A_VM_GRANULE, 16);
	put_u32(b, VMSWAP_A_VM_PREFETCH, 8);
	put_u32(b, VMSWAP_A_VM_HINTS, VMSWAP_HINTS_OFF);
	sample_region(b, 0, "ram0");
	sample_region(b, 1, "ram1");
	sample_stats(&stats);
	put_nest(b, VMSWAP_A_VM_STATS, &stats);
}

#endif

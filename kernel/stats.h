/* SPDX-License-Identifier: GPL-2.0 */
/* stats.h - counters per VM, one set per CPU. */
#ifndef VMSWAP_STATS_H
#define VMSWAP_STATS_H

#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/percpu.h>
#include <linux/types.h>

struct vmswap_vm;

enum vmswap_counter {
	VC_FAULTS_ZERO,
	VC_FAULTS_MINOR,
	VC_FAULTS_MAJOR,
	VC_FAULTS_ASYNC,
	VC_SWAPIN,
	VC_SWAPOUT,
	VC_SKIPPED_CLEAN,
	VC_DISCARDED,
	VC_HINT_DISCARDED,
	VC_IO_ERRORS,
	VC_STALLED,
	/* Words per state: gauges, so one CPU's share may be negative. */
	VC_WORDS_SAME,
	VC_WORDS_SLOT,
	VC_WORDS_POISON,
	VC_NR,
};

#define VMSWAP_HIST_BUCKETS 64

/* Written by its own CPU only, read by all: sums may be a moment old. */
struct vmswap_counters {
	u64 c[VC_NR];
	u64 hist[VMSWAP_HIST_BUCKETS];
};

/* Any context. */
#define vmswap_count(vm, counter, n) \
	this_cpu_add((vm)->counters->c[counter], (u64)(n))

/* Bucket i holds durations of at least 2^(i-1) and less than 2^i ns. */
#define vmswap_count_latency(vm, ns) \
	this_cpu_inc((vm)->counters->hist[min_t(int, fls64(ns), VMSWAP_HIST_BUCKETS - 1)])

/* Process context. */
u64 vmswap_counter_sum(struct vmswap_vm *vm, enum vmswap_counter counter);
void vmswap_hist_sum(struct vmswap_vm *vm, u64 hist[VMSWAP_HIST_BUCKETS]);

/**
 * struct vmswap_gauges - where the pages of a VM are, in bytes
 * @size: of all regions
 * @resident: in memory
 * @swapped: the only copy is in a tier
 * @same: a repeated value, which its word holds
 * @zero: absent, reads as zero
 * @poisoned: lost
 * @dirty: in memory, newer than any copy
 * @pinned: in memory, and cannot leave
 * @hinted: in memory, and dead according to the guest
 * @overhead: metadata
 *
 * Each page is in exactly one of @resident, @swapped, @same, @zero and
 * @poisoned; @dirty, @pinned and @hinted are parts of @resident.  Exact while
 * the VM is idle; a moment's view otherwise.
 */
struct vmswap_gauges {
	u64 size;
	u64 resident;
	u64 swapped;
	u64 same;
	u64 zero;
	u64 poisoned;
	u64 dirty;
	u64 pinned;
	u64 hinted;
	u64 overhead;
};

/* Process context, may sleep; walks the resident pages of the VM. */
void vmswap_gauges_read(struct vmswap_vm *vm, struct vmswap_gauges *g);

#endif /* VMSWAP_STATS_H */

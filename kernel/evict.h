/* SPDX-License-Identifier: GPL-2.0 */
/* evict.h - how pages leave memory. */
#ifndef VMSWAP_EVICT_H
#define VMSWAP_EVICT_H

#include <linux/types.h>

#include "tier.h"

/**
 * enum vmswap_evict_mode - which pages of a range go
 * @VMSWAP_EVICT_ALL: all that can (a command)
 * @VMSWAP_EVICT_COLD: those not touched since the clock last looked; the others
 *	are unmapped, so that the next look can tell
 * @VMSWAP_EVICT_FORCE: all but those just brought in, which are spared once
 */
enum vmswap_evict_mode {
	VMSWAP_EVICT_ALL,
	VMSWAP_EVICT_COLD,
	VMSWAP_EVICT_FORCE,
};

/**
 * struct vmswap_evict_how - which pages of a range go, and where they may go
 * @mode: which
 * @store: into which tiers; says as well what the caller may wait for
 * @nid: only those in memory of this node; NUMA_NO_NODE: all
 */
struct vmswap_evict_how {
	enum vmswap_evict_mode mode;
	enum vmswap_store_where store;
	int nid;
};

/* Pages; results of several calls add up. */
struct vmswap_evict_result {
	unsigned long evicted;
	unsigned long pinned;	/* pinned for DMA, locked in memory */
	unsigned long busy;	/* locked, referenced or touched at that moment */
	unsigned long no_room;	/* no tier took them, or writing failed */
	unsigned long no_gain;	/* of those: a tier had room, but they do not compress */
	unsigned long spared;	/* recently used */
};

static inline void vmswap_evict_add(struct vmswap_evict_result *sum,
				    const struct vmswap_evict_result *res)
{
	sum->evicted += res->evicted;
	sum->pinned += res->pinned;
	sum->busy += res->busy;
	sum->no_room += res->no_room;
	sum->no_gain += res->no_gain;
	sum->spared += res->spared;
}

struct vmswap_evict_run;

/**
 * struct vmswap_evictor - runs that are evicted one after the other
 * @how: which pages go, and where to; the same for all
 * @res: what became of the pages of finished runs is added here
 * @pending: pages being written
 * @first: the oldest run in flight
 * @nr: how many are in flight
 * @runs: them, as a ring
 */
struct vmswap_evictor {
	const struct vmswap_evict_how *how;
	struct vmswap_evict_result *res;
	unsigned long pending;
	unsigned int first, nr;
	struct vmswap_evict_run *runs[VMSWAP_EVICT_RUNS];
};

/*
 * Process context; may sleep; only trylocks folios; needs no memory to proceed.
 * Folios stay locked from begin until the run was waited for: in between no lock
 * may be taken that somebody holds who waits for a folio.
 */
void vmswap_evict_begin(struct vmswap_evictor *ev, struct vmswap_region *region,
			pgoff_t start, unsigned int nr);
bool vmswap_evict_wait(struct vmswap_evictor *ev);
void vmswap_evict_end(struct vmswap_evictor *ev);
enum vmswap_store_where vmswap_evict_where(void);

/* Process context, may sleep, no folio or fault lock held. */
int vmswap_evict_range(struct vmswap_region *region, pgoff_t start, pgoff_t end,
		       struct vmswap_evict_result *res);
int vmswap_evict_vm_init(struct vmswap_vm *vm);
void vmswap_evict_vm_exit(struct vmswap_vm *vm);
int vmswap_evict_init(void);
void vmswap_evict_exit(void);

#endif /* VMSWAP_EVICT_H */

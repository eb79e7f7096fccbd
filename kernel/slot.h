/* SPDX-License-Identifier: GPL-2.0 */
/* slot.h - page-sized slots of a tier that has a fixed number of them. */
#ifndef VMSWAP_SLOT_H
#define VMSWAP_SLOT_H

#include <linux/atomic.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * struct vmswap_slots - which slots are taken, and the checksum of each
 * @lock: for who takes a slot; one is given back without, as a swap-in may do
 * @nr: how many there are
 * @next: where the search for a free stretch starts
 * @used: how many are taken; for a moment one that was given back counts yet
 * @taken: a bit for each; set under @lock, cleared without
 * @sums: one checksum a slot, all there from the start, since eviction must not
 *	need memory: 0.2 % of the tier's size
 */
struct vmswap_slots {
	spinlock_t lock;		/* next, and setting bits of taken */
	unsigned long nr;
	unsigned long next;
	atomic_long_t used;
	unsigned long *taken;
	u64 *sums;
};

/* Process context, may sleep. */
int vmswap_slots_init(struct vmswap_slots *slots, unsigned long nr);
void vmswap_slots_destroy(struct vmswap_slots *slots);

/* Process context; does not sleep. */
long vmswap_slot_alloc(struct vmswap_slots *slots, long after, unsigned long want);

/* Any context. */
void vmswap_slot_free(struct vmswap_slots *slots, unsigned long slot);

/* Any context: the checksum of a taken slot. */
u64 *vmswap_slot_sum(struct vmswap_slots *slots, unsigned long slot);

#endif /* VMSWAP_SLOT_H */

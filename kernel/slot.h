/* SPDX-License-Identifier: GPL-2.0 */
/*
 * slot.h - page-sized slots of a tier that has a fixed number of them.
 *
 * The name of a slot, the payload of a word, is its number and its generation, which is
 * another one each time that the slot is given back.  So a word that is kept for too long
 * names nothing: until 65536 others have had the slot it is neither read nor freed by it.
 */
#ifndef VMSWAP_SLOT_H
#define VMSWAP_SLOT_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "pagemap.h"

#define VMSWAP_SLOT_GENERATION_BITS	16
#define VMSWAP_SLOT_NUMBER_BITS \
	(64 - VMSWAP_WORD_PAYLOAD_SHIFT - VMSWAP_SLOT_GENERATION_BITS)
#define VMSWAP_SLOTS_MAX		BIT_ULL(VMSWAP_SLOT_NUMBER_BITS)

/**
 * struct vmswap_slots - which slots are taken, and the checksum and generation of each
 * @lock: for who takes a slot; one is given back without, as a swap-in may do
 * @nr: how many there are
 * @next: where the search for a free stretch starts
 * @used: how many are taken; for a moment one that was given back counts yet
 * @taken: a bit for each; set under @lock, cleared without
 * @sums: one checksum a slot, all there from the start, since eviction must not
 *	need memory: 0.2 % of the tier's size
 * @generations: and one generation; changed by who gives the slot back, before it is free
 */
struct vmswap_slots {
	spinlock_t lock;		/* next, and setting bits of taken */
	unsigned long nr;
	unsigned long next;
	atomic_long_t used;
	unsigned long *taken;
	u64 *sums;
	u16 *generations;
};

static inline unsigned long vmswap_slot_number(u64 name)
{
	return name & (VMSWAP_SLOTS_MAX - 1);
}

/* Process context, may sleep. */
int vmswap_slots_init(struct vmswap_slots *slots, unsigned long nr);
void vmswap_slots_destroy(struct vmswap_slots *slots);

/* Process context; does not sleep. */
long vmswap_slot_alloc(struct vmswap_slots *slots, long after, unsigned long want);

/* Any context: the name of a slot that was taken, and whether one is that of a taken slot. */
u64 vmswap_slot_name(const struct vmswap_slots *slots, unsigned long slot);
bool vmswap_slot_is_named(const struct vmswap_slots *slots, u64 name);

/* Any context. */
void vmswap_slot_free(struct vmswap_slots *slots, u64 name);

/* Any context: the checksum of a taken slot. */
u64 *vmswap_slot_sum(struct vmswap_slots *slots, unsigned long slot);

#endif /* VMSWAP_SLOT_H */

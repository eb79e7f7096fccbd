// SPDX-License-Identifier: GPL-2.0
/* slot.c - allocation of slots, contiguous for pages that are stored together. */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "slot.h"

int vmswap_slots_init(struct vmswap_slots *slots, unsigned long nr)
{
	spin_lock_init(&slots->lock);
	slots->nr = nr;
	slots->next = 0;
	slots->used = 0;
	slots->taken = kvcalloc(BITS_TO_LONGS(nr), sizeof(long), GFP_KERNEL);
	slots->sums = vzalloc(array_size(nr, sizeof(u64)));
	if (slots->taken && slots->sums)
		return 0;
	vmswap_slots_destroy(slots);
	return -ENOMEM;
}

void vmswap_slots_destroy(struct vmswap_slots *slots)
{
	vfree(slots->sums);
	kvfree(slots->taken);
}

/* How far a stretch is looked for: some 10 us of bit searches with interrupts off. */
#define WINDOW	4096ul

/* The first free stretch of @want slots in the window, else the longest. */
static unsigned long find_stretch(struct vmswap_slots *slots, unsigned long want,
				  unsigned long *len)
{
	unsigned long end = min(slots->next + WINDOW, slots->nr);
	unsigned long first = slots->next, last, best = slots->nr;

	*len = 0;
	while (*len < want) {
		first = find_next_zero_bit(slots->taken, end, first);
		if (first >= end)
			break;
		last = find_next_bit(slots->taken, min(first + want, end), first);
		if (last - first > *len) {
			*len = last - first;
			best = first;
		}
		first = last;
	}
	return best;
}

static unsigned long find_slot(struct vmswap_slots *slots, long after, unsigned long want)
{
	unsigned long slot, len;

	if (after >= 0 && after + 1 < slots->nr && !test_bit(after + 1, slots->taken))
		return after + 1;
	slot = find_stretch(slots, want, &len);
	if (!len) {
		slot = find_next_zero_bit(slots->taken, slots->nr, slots->next);
		if (slot >= slots->nr)
			slot = find_first_zero_bit(slots->taken, slots->nr);
		len = 1;
	}
	slots->next = slot + len;
	return slot;
}

/**
 * vmswap_slot_alloc() - take a slot
 * @slots: of this tier
 * @after: the slot before it, for a page that follows the one that is there; or -1
 * @want: how many pages are to follow one another, this one included
 *
 * The slot after @after, if it is free.  Else the start of a stretch for all of
 * them; the next search begins behind that, so that whoever stores at the same
 * time goes elsewhere, although nothing but the one slot is taken.
 *
 * Return: the slot, or -ENOSPC.
 */
long vmswap_slot_alloc(struct vmswap_slots *slots, long after, unsigned long want)
{
	unsigned long slot, flags;

	spin_lock_irqsave(&slots->lock, flags);
	slot = find_slot(slots, after, want);
	if (slot >= slots->nr) {
		spin_unlock_irqrestore(&slots->lock, flags);
		return -ENOSPC;
	}
	__set_bit(slot, slots->taken);
	slots->used++;
	spin_unlock_irqrestore(&slots->lock, flags);
	return slot;
}

void vmswap_slot_free(struct vmswap_slots *slots, unsigned long slot)
{
	unsigned long flags;

	spin_lock_irqsave(&slots->lock, flags);
	WARN_ON_ONCE(!__test_and_clear_bit(slot, slots->taken));
	slots->used--;
	spin_unlock_irqrestore(&slots->lock, flags);
}

u64 *vmswap_slot_sum(struct vmswap_slots *slots, unsigned long slot)
{
	return &slots->sums[slot];
}

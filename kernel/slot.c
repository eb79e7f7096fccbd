// SPDX-License-Identifier: GPL-2.0
/* slot.c - allocation of slots, contiguous in the order of asking. */
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

long vmswap_slot_alloc(struct vmswap_slots *slots)
{
	unsigned long slot, flags;

	spin_lock_irqsave(&slots->lock, flags);
	slot = find_next_zero_bit(slots->taken, slots->nr, slots->next);
	if (slot >= slots->nr)
		slot = find_first_zero_bit(slots->taken, slots->nr);
	if (slot >= slots->nr) {
		spin_unlock_irqrestore(&slots->lock, flags);
		return -ENOSPC;
	}
	__set_bit(slot, slots->taken);
	slots->next = slot + 1;
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

// SPDX-License-Identifier: GPL-2.0
/* slot.c - allocation of slots, contiguous for pages that are stored together. */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "slot.h"

/* A mistyped size shall fail, and not have the kernel kill for it. */
static void *alloc_table(unsigned long nr, size_t size)
{
	return __vmalloc(array_size(nr, size),
			 GFP_KERNEL | __GFP_ZERO | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
}

/**
 * vmswap_slots_init() - make the slots of a tier, all free
 * @slots: uninitialized
 * @nr: how many
 *
 * Process context, may sleep.
 *
 * Return: 0; or -ENOMEM, when there is nothing to destroy.
 */
int vmswap_slots_init(struct vmswap_slots *slots, unsigned long nr)
{
	spin_lock_init(&slots->lock);
	slots->nr = nr;
	slots->next = 0;
	atomic_long_set(&slots->used, 0);
	slots->taken = alloc_table(BITS_TO_LONGS(nr), sizeof(long));
	slots->sums = alloc_table(nr, sizeof(u64));
	slots->generations = alloc_table(nr, sizeof(u16));
	if (slots->taken && slots->sums && slots->generations)
		return 0;
	vmswap_slots_destroy(slots);
	return -ENOMEM;
}

void vmswap_slots_destroy(struct vmswap_slots *slots)
{
	vfree(slots->generations);
	vfree(slots->sums);
	vfree(slots->taken);
}

/* How far is looked at a time: some 10 us of bit searches, which others wait for. */
#define WINDOW	4096ul

/* The first free stretch of @want slots in the window at @first, else the longest. */
static unsigned long find_stretch(struct vmswap_slots *slots, unsigned long first,
				  unsigned long want, unsigned long *len)
{
	unsigned long end = min(first + WINDOW, slots->nr);
	unsigned long last, best = slots->nr;

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

/* The slot, or slots->nr: there is none in this window. */
static unsigned long find_in_window(struct vmswap_slots *slots, unsigned long first,
				    unsigned long want)
{
	unsigned long slot, len;

	lockdep_assert_held(&slots->lock);
	slot = find_stretch(slots, first, want, &len);
	if (!len)
		return slots->nr;
	slots->next = slot + len < slots->nr ? slot + len : 0;
	return slot;
}

static bool follows(struct vmswap_slots *slots, long after)
{
	return after >= 0 && after + 1 < slots->nr && !test_bit(after + 1, slots->taken);
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
 * A tier that is nearly full may have to be searched as a whole: window by window,
 * since others wait for the lock.  Slots become free meanwhile.
 *
 * Return: the slot, or -ENOSPC.
 */
long vmswap_slot_alloc(struct vmswap_slots *slots, long after, unsigned long want)
{
	unsigned long first, looked, slot = slots->nr;

	spin_lock(&slots->lock);
	first = slots->next;
	if (follows(slots, after))
		slot = after + 1;
	for (looked = 0; slot == slots->nr && atomic_long_read(&slots->used) < slots->nr &&
	     looked < slots->nr + WINDOW; looked += WINDOW) {
		if (looked) {
			spin_unlock(&slots->lock);
			spin_lock(&slots->lock);
		}
		slot = find_in_window(slots, first, want);
		first = first + WINDOW < slots->nr ? first + WINDOW : 0;
	}
	if (slot < slots->nr) {
		/* Its neighbours in the word are cleared without the lock. */
		WARN_ON_ONCE(test_and_set_bit(slot, slots->taken));
		atomic_long_inc(&slots->used);
	}
	spin_unlock(&slots->lock);
	return slot < slots->nr ? slot : -ENOSPC;
}

u64 vmswap_slot_name(const struct vmswap_slots *slots, unsigned long slot)
{
	return (u64)slots->generations[slot] << VMSWAP_SLOT_NUMBER_BITS | slot;
}

bool vmswap_slot_is_named(const struct vmswap_slots *slots, u64 name)
{
	unsigned long slot = vmswap_slot_number(name);

	return slot < slots->nr && test_bit(slot, slots->taken) &&
	       vmswap_slot_name(slots, slot) == name;
}

/**
 * vmswap_slot_free() - give a slot back
 * @slots: of this tier
 * @name: its name; nobody reads or writes it any more
 *
 * Any context.
 */
void vmswap_slot_free(struct vmswap_slots *slots, u64 name)
{
	unsigned long slot = vmswap_slot_number(name);

	slots->generations[slot]++;
	/* Orders what was done with the slot and what is kept of it before its next owner. */
	WARN_ON_ONCE(!test_and_clear_bit(slot, slots->taken));
	atomic_long_dec(&slots->used);
}

u64 *vmswap_slot_sum(struct vmswap_slots *slots, unsigned long slot)
{
	return &slots->sums[slot];
}

// SPDX-License-Identifier: GPL-2.0
/* pagemap.c - storage of the page words, and the one place that changes them. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "pagemap.h"
#include "stats.h"
#include "tier.h"
#include "vm.h"

static atomic_long_t all_leaves;	/* of all files, not yet freed */

/* Bytes of all page words, also of files that no VM has any more. */
u64 vmswap_pagemap_held(void)
{
	return (u64)atomic_long_read(&all_leaves) << PAGE_SHIFT;
}

bool vmswap_word_encode_same(u64 value, u64 *word)
{
	u64 payload_bits = 64 - VMSWAP_WORD_PAYLOAD_SHIFT;

	if (sign_extend64(value, payload_bits - 1) == (s64)value) {
		*word = VMSWAP_WORD_SAME | value << VMSWAP_WORD_PAYLOAD_SHIFT;
		return true;
	}
	if ((u32)value == value >> 32) {
		*word = VMSWAP_WORD_SAME | VMSWAP_WORD_SPEC |
			(u64)(u32)value << VMSWAP_WORD_PAYLOAD_SHIFT;
		return true;
	}
	return false;
}

u64 vmswap_word_decode_same(u64 word)
{
	u64 payload = vmswap_word_payload(word);

	if (word & VMSWAP_WORD_SPEC)
		return payload << 32 | payload;
	return sign_extend64(payload, 63 - VMSWAP_WORD_PAYLOAD_SHIFT);
}

void vmswap_pagemap_init(struct vmswap_pagemap *map)
{
	xa_init(&map->leaves);
	atomic_long_set(&map->nr_leaves, 0);
}

u64 *vmswap_word_at(struct vmswap_pagemap *map, pgoff_t index)
{
	u64 *leaf = xa_load(&map->leaves, index >> VMSWAP_LEAF_SHIFT);

	return leaf ? leaf + (index & (VMSWAP_LEAF_WORDS - 1)) : NULL;
}

/**
 * vmswap_word_at_alloc() - the address of a word, whose leaf is made if need be
 * @map: of the region
 * @index: page index
 * @gfp: for the leaf, and for the tree of leaves
 *
 * Process context; sleeps as @gfp says.  A leaf stays until the region goes, and so
 * does the address.
 *
 * Return: the address, or NULL when there is no memory.
 */
u64 *vmswap_word_at_alloc(struct vmswap_pagemap *map, pgoff_t index, gfp_t gfp)
{
	unsigned long i = index >> VMSWAP_LEAF_SHIFT;
	u64 *leaf, *other;

	leaf = xa_load(&map->leaves, i);
	if (likely(leaf))
		goto found;

	leaf = (u64 *)get_zeroed_page(gfp);
	if (!leaf)
		return NULL;
	/* Several threads may touch a new leaf at once: the first one wins. */
	other = xa_cmpxchg(&map->leaves, i, NULL, leaf, gfp);
	if (other) {
		free_page((unsigned long)leaf);
		if (xa_is_err(other))
			return NULL;
		leaf = other;
	} else {
		atomic_long_inc(&map->nr_leaves);
		atomic_long_inc(&all_leaves);
	}
found:
	return leaf + (index & (VMSWAP_LEAF_WORDS - 1));
}

static void account_state(struct vmswap_vm *vm, enum vmswap_word_state state, int n)
{
	switch (state) {
	case VMSWAP_WORD_SAME:
		vmswap_count(vm, VC_WORDS_SAME, n);
		break;
	case VMSWAP_WORD_SLOT:
		vmswap_count(vm, VC_WORDS_SLOT, n);
		break;
	case VMSWAP_WORD_POISON:
		vmswap_count(vm, VC_WORDS_POISON, n);
		WRITE_ONCE(vm->had_poison, true);
		break;
	case VMSWAP_WORD_ZERO:
		break;
	}
}

/**
 * vmswap_word_set_loaded() - change a word whose slot was read just now
 * @region: where it is
 * @word: its address
 * @new: what it becomes, flags included
 * @len: bytes that the old slot holds, as vmswap_load.len has told; 0: not known
 *
 * As vmswap_word_set(), but for what need not be looked up again.
 */
void vmswap_word_set_loaded(struct vmswap_region *region, u64 *word, u64 new,
			    unsigned int len)
{
	u64 old = xchg(word, new);

	if (vmswap_word_state(old) != vmswap_word_state(new)) {
		account_state(region->vm, vmswap_word_state(old), -1);
		account_state(region->vm, vmswap_word_state(new), 1);
	}
	if (vmswap_word_state(old) == VMSWAP_WORD_SLOT &&
	    (old ^ new) & ~VMSWAP_WORD_FLAGS)
		vmswap_tier_free_slot(region->vm, old, len);
}

/**
 * vmswap_word_set() - change a word
 * @region: where it is
 * @word: its address
 * @new: what it becomes, flags included
 *
 * Under the folio lock, or, where there is no folio, invalidate_lock for writing.
 * Does not sleep; in softirq only with a slot of a tier that keeps copies.  Frees the
 * slot that the old word named unless the new one names the same, and counts what the
 * VM has of each state.
 */
void vmswap_word_set(struct vmswap_region *region, u64 *word, u64 new)
{
	vmswap_word_set_loaded(region, word, new, 0);
}

/* Clears [start, end) of one leaf; returns how many words held something. */
static unsigned long discard_leaf(struct vmswap_region *region, u64 *leaf,
				  unsigned int start, unsigned int end)
{
	unsigned long n = 0;
	unsigned int i;

	for (i = start; i < end; i++) {
		n += vmswap_word_state(READ_ONCE(leaf[i])) != VMSWAP_WORD_ZERO;
		/* Cold: whoever gave it away does not want it back with a neighbour. */
		if (READ_ONCE(leaf[i]) != VMSWAP_WORD_COLD)
			vmswap_word_set(region, &leaf[i], VMSWAP_WORD_COLD);
	}
	return n;
}

/**
 * vmswap_pagemap_discard() - forget the content of a range
 * @region: the region; its invalidate_lock is held for writing, or nobody else
 *	can reach it any more
 * @start: first page
 * @end: one after the last page
 *
 * The page cache of the range is empty, so no read of its slots is in flight.
 *
 * Return: how many words held something.
 */
unsigned long vmswap_pagemap_discard(struct vmswap_region *region, pgoff_t start, pgoff_t end)
{
	struct vmswap_pagemap *map = &region->map;
	unsigned long i, n = 0;
	u64 *leaf;

	if (start >= end)
		return 0;
	xa_for_each_range(&map->leaves, i, leaf, start >> VMSWAP_LEAF_SHIFT,
			  (end - 1) >> VMSWAP_LEAF_SHIFT) {
		pgoff_t base = i << VMSWAP_LEAF_SHIFT;

		n += discard_leaf(region, leaf, start > base ? start - base : 0,
				  min_t(pgoff_t, end - base, VMSWAP_LEAF_WORDS));
		cond_resched();
	}
	return n;
}

void vmswap_pagemap_destroy(struct vmswap_region *region)
{
	struct vmswap_pagemap *map = &region->map;
	unsigned long i;
	u64 *leaf;

	vmswap_pagemap_discard(region, 0, ULONG_MAX);
	xa_for_each(&map->leaves, i, leaf) {
		free_page((unsigned long)leaf);
		atomic_long_dec(&all_leaves);
	}
	xa_destroy(&map->leaves);
}

pgoff_t vmswap_pagemap_next_leaf(struct vmswap_pagemap *map, pgoff_t start, pgoff_t end)
{
	unsigned long i = start >> VMSWAP_LEAF_SHIFT;

	if (start >= end || !xa_find(&map->leaves, &i, (end - 1) >> VMSWAP_LEAF_SHIFT,
				     XA_PRESENT))
		return end;
	return max(start, (pgoff_t)i << VMSWAP_LEAF_SHIFT);
}

pgoff_t vmswap_pagemap_next_data(struct vmswap_pagemap *map, pgoff_t start, pgoff_t end)
{
	unsigned long i;
	u64 *leaf;

	if (start >= end)
		return end;
	xa_for_each_range(&map->leaves, i, leaf, start >> VMSWAP_LEAF_SHIFT,
			  (end - 1) >> VMSWAP_LEAF_SHIFT) {
		pgoff_t base = i << VMSWAP_LEAF_SHIFT;
		pgoff_t index = max(start, base);

		for (; index < end && index < base + VMSWAP_LEAF_WORDS; index++)
			if (vmswap_word_state(READ_ONCE(leaf[index - base])) !=
			    VMSWAP_WORD_ZERO)
				return index;
		cond_resched();
	}
	return end;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pagemap.h - one word per guest page: where its bytes are.
 *
 *   63                              10 9        5    4      3      2   1 0
 *  +----------------------------------+----------+------+-------+------+-----+
 *  | payload: slot, or repeated value |   tier   | spec | fresh | cold |state|
 *  +----------------------------------+----------+------+-------+------+-----+
 *
 * state	ZERO	absent: reads as zero (an all-zero word is this)
 *		SAME	every 64-bit word of the page has one value: the payload,
 *			sign-extended, or with spec set its low 32 bits twice
 *		SLOT	the payload names a slot of the tier
 *		POISON	the content is lost; reading fails until discarded
 * cold		the page was unmapped to see whether it is touched again; without
 *		a page in memory: it was there once (evicted or discarded)
 * fresh	just brought in: spared by the next look, also by one that takes
 *		whatever can go; not by a command
 * cold and fresh: read ahead of its use, and not used yet
 * spec		belongs to the state: SAME as above, SLOT for the tier's own use
 *
 * Who may change a word, and why that is safe: while a folio is in the page
 * cache at that index, only the holder of the folio's lock; while none is, only
 * the holder of the mapping's invalidate_lock for writing (discard; removal of a
 * tier that is lost), since whoever inserts a folio holds it for reading.  Generic code
 * does not, but its folio is filled only while that lock is free.  So a word has one
 * writer at a time, but for the flags of a page that was read ahead, which a fault
 * beside it clears without a lock by compare-and-exchange; readers without a lock
 * (statistics, PAGE_STATE) see some recent value.
 * A folio that is dirty has newer bytes than its word; a clean, uptodate folio
 * always has exactly the bytes its word says.
 *
 * 54 bits of payload hold a kernel pointer to an 8-byte aligned object, also
 * with five-level page tables (bits 56 to 3).
 */
#ifndef VMSWAP_PAGEMAP_H
#define VMSWAP_PAGEMAP_H

#include <linux/bits.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct vmswap_region;

enum vmswap_word_state {
	VMSWAP_WORD_ZERO,
	VMSWAP_WORD_SAME,
	VMSWAP_WORD_SLOT,
	VMSWAP_WORD_POISON,
};

#define VMSWAP_WORD_STATE	GENMASK_ULL(1, 0)
#define VMSWAP_WORD_COLD	BIT_ULL(2)
#define VMSWAP_WORD_FRESH	BIT_ULL(3)
#define VMSWAP_WORD_FLAGS	(VMSWAP_WORD_COLD | VMSWAP_WORD_FRESH)
#define VMSWAP_WORD_AHEAD	VMSWAP_WORD_FLAGS
#define VMSWAP_WORD_SPEC	BIT_ULL(4)
#define VMSWAP_WORD_TIER_SHIFT	5
#define VMSWAP_WORD_TIER_BITS	5
#define VMSWAP_WORD_PAYLOAD_SHIFT (VMSWAP_WORD_TIER_SHIFT + VMSWAP_WORD_TIER_BITS)

/* Words in a leaf: one page of them, 2 MiB of guest memory. */
#define VMSWAP_LEAF_SHIFT	9
#define VMSWAP_LEAF_WORDS	BIT(VMSWAP_LEAF_SHIFT)

/**
 * struct vmswap_pagemap - the words of a region
 * @leaves: arrays of VMSWAP_LEAF_WORDS words, by page index >> VMSWAP_LEAF_SHIFT;
 *	added when first touched, freed with the region
 * @nr_leaves: for accounting
 */
struct vmswap_pagemap {
	struct xarray leaves;
	atomic_long_t nr_leaves;
};

static inline enum vmswap_word_state vmswap_word_state(u64 word)
{
	return word & VMSWAP_WORD_STATE;
}

static inline bool vmswap_word_is_ahead(u64 word)
{
	return (word & VMSWAP_WORD_FLAGS) == VMSWAP_WORD_AHEAD;
}

/* The flags of a page that has just been brought in. */
static inline u64 vmswap_word_arrival(u64 word)
{
	return vmswap_word_is_ahead(word) ? VMSWAP_WORD_AHEAD : VMSWAP_WORD_FRESH;
}

static inline unsigned int vmswap_word_tier(u64 word)
{
	return (word >> VMSWAP_WORD_TIER_SHIFT) & (BIT(VMSWAP_WORD_TIER_BITS) - 1);
}

static inline u64 vmswap_word_payload(u64 word)
{
	return word >> VMSWAP_WORD_PAYLOAD_SHIFT;
}

static inline u64 vmswap_word_slot(unsigned int tier, u64 payload, bool spec)
{
	return VMSWAP_WORD_SLOT | (u64)tier << VMSWAP_WORD_TIER_SHIFT |
	       payload << VMSWAP_WORD_PAYLOAD_SHIFT |
	       (spec ? VMSWAP_WORD_SPEC : 0);
}

/* The word for a page that repeats @value, in *@word; false: not expressible. */
bool vmswap_word_encode_same(u64 value, u64 *word);
u64 vmswap_word_decode_same(u64 word);

/* Any context: the address of a word, or NULL when its leaf does not exist. */
u64 *vmswap_word_at(struct vmswap_pagemap *map, pgoff_t index);

/* Process context, may allocate. */
u64 *vmswap_word_at_alloc(struct vmswap_pagemap *map, pgoff_t index, gfp_t gfp);

static inline u64 vmswap_word_read(struct vmswap_pagemap *map, pgoff_t index)
{
	u64 *word = vmswap_word_at(map, index);

	return word ? READ_ONCE(*word) : 0;
}

/* Under the folio lock, or invalidate_lock for writing; do not sleep. */
void vmswap_word_set(struct vmswap_region *region, u64 *word, u64 new);
void vmswap_word_set_loaded(struct vmswap_region *region, u64 *word, u64 new,
			    unsigned int len);

/* Under the folio lock: change flags only. */
static inline void vmswap_word_set_flags(u64 *word, u64 clear, u64 set)
{
	u64 old = READ_ONCE(*word);
	u64 new = (old & ~clear) | set;

	if (new != old)
		WRITE_ONCE(*word, new);
}

u64 vmswap_pagemap_held(void);	/* any context */
/* Process context, may sleep.  discard: under invalidate_lock for writing. */
void vmswap_pagemap_init(struct vmswap_pagemap *map);
unsigned long vmswap_pagemap_discard(struct vmswap_region *region, pgoff_t start, pgoff_t end);
void vmswap_pagemap_destroy(struct vmswap_region *region);

/* Any context: the first index in [start, end) that has a word, or end. */
pgoff_t vmswap_pagemap_next_leaf(struct vmswap_pagemap *map, pgoff_t start, pgoff_t end);

/* Process context: the first index in [start, end) whose word is not zero, or end. */
pgoff_t vmswap_pagemap_next_data(struct vmswap_pagemap *map, pgoff_t start, pgoff_t end);

#endif /* VMSWAP_PAGEMAP_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * granule.c - the pages around a fault that cost little.
 *
 * A granule is an aligned block of pages (a setting of the VM) that lies in one
 * leaf of the pagemap.  When a page comes in whose bytes are in no tier, as one does
 * that was never touched, the others of its granule that count as never touched come
 * with it, as long as nobody has to leave for them.
 *
 * These are the pages whose word is zero, and it stays so for those that come along:
 * as long as their bytes are zero they leave without I/O, written or not.  Of what was
 * here before, stored or discarded pages (a balloon, a free page report) and those
 * that were seen idle and then dropped unwritten have another word, and are not brought
 * back unasked.  One that left as written, but all zero, counts as never touched again.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/vmstat.h>

#include "compat.h"
#include "populate.h"
#include "reclaim.h"
#include "vm.h"

/* Beyond what kswapd keeps free, so that pages nobody asked for do not wake it. */
static bool host_has_plenty(void)
{
	return global_zone_page_state(NR_FREE_PAGES) +
	       global_node_page_state(NR_INACTIVE_FILE) > totalram_pages() / 64;
}

static bool add_zero_page(struct vmswap_neighbours *n, pgoff_t index, u64 *word,
			  unsigned int want, bool dirty)
{
	struct folio *folio = vmswap_insert_neighbour(n, index, want);
	bool ok;

	if (!folio)
		return false;
	/* It may have come, been written and left since the word was looked at. */
	ok = likely(!READ_ONCE(*word));
	if (ok) {
		folio_mark_uptodate(folio);
		if (dirty)
			folio_set_dirty(folio);
	} else {
		generic_error_remove_folio(folio->mapping, folio);
	}
	vmswap_folio_release(folio);
	return ok;
}

static unsigned int count_untouched(const u64 *words, unsigned int nr)
{
	unsigned int n = 0, i;

	for (i = 0; i < nr; i++)
		n += !READ_ONCE(words[i]);
	return n;
}

static void add_zero_pages(struct vmswap_request *req, pgoff_t start, pgoff_t end,
			   unsigned long spare, bool dirty)
{
	u64 *base = req->word - (req->index - start);
	struct vmswap_neighbours n;
	/* Not the page itself: its word says that it just came. */
	unsigned int left = count_untouched(base, end - start);
	pgoff_t i;

	lockdep_assert_held(&req->region->inode.i_mapping->invalidate_lock);
	vmswap_neighbours_begin(&n, req, __GFP_ZERO);
	for (i = start; i < end && spare && left; i++) {
		if (i == req->index || READ_ONCE(base[i - start]))
			continue;
		if (add_zero_page(&n, i, base + (i - start), min_t(u64, left, spare), dirty))
			spare--;
		left--;
	}
	vmswap_neighbours_end(&n);
}

/**
 * vmswap_granule_zero() - bring in the untouched pages of a granule
 * @req: the page that was asked for; its folio locked, filled from no tier
 * @dirty: it is being written: they may be, too, once they are mapped, which does
 *	not show before they are unmapped
 */
void vmswap_granule_zero(struct vmswap_request *req, bool dirty)
{
	struct vmswap_region *region = req->region;
	struct address_space *mapping = region->inode.i_mapping;
	unsigned int granule = READ_ONCE(region->vm->set.granule);
	pgoff_t start = round_down(req->index, granule), end;
	unsigned long spare = vmswap_reclaim_spare(region->vm, true);
	struct mem_cgroup *memcg;

	if (!spare || !host_has_plenty())
		return;
	/* We hold a folio lock, for which a discard with this lock may wait. */
	if (!filemap_invalidate_trylock_shared(mapping))
		return;
	memcg = set_active_memcg(region->vm->memcg);
	end = min(start + granule, vmswap_region_pages(region));
	add_zero_pages(req, start, end, spare, dirty);
	set_active_memcg(memcg);
	filemap_invalidate_unlock_shared(mapping);
}

/**
 * vmswap_stretch_clip_cold() - narrow a stretch to pages that may be mapped unasked
 * @region: where
 * @index: a page of the stretch
 * @word: its word, or NULL when it has none, nor have those beside it
 * @s: in and out
 *
 * Stops at the first page on either side that is cold, and at the ends of the leaf.
 */
void vmswap_stretch_clip_cold(struct vmswap_region *region, pgoff_t index, u64 *word,
			      struct vmswap_stretch *s)
{
	pgoff_t leaf = round_down(index, (pgoff_t)VMSWAP_LEAF_WORDS), i;

	s->first = max(s->first, leaf);
	s->last = min(s->last, leaf + VMSWAP_LEAF_WORDS - 1);
	if (!word)
		return;
	for (i = index; i > s->first && !(READ_ONCE(word[-1]) & VMSWAP_WORD_COLD); i--)
		word--;
	word += index - i;
	s->first = i;
	for (i = index; i < s->last && !(READ_ONCE(word[1]) & VMSWAP_WORD_COLD); i++)
		word++;
	s->last = i;
}

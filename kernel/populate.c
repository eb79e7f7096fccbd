// SPDX-License-Identifier: GPL-2.0
/*
 * populate.c - find a page, or put one into the page cache and have it filled.
 *
 *   in the cache? trylock; recheck; uptodate -----------------> locked
 *	locked: somebody reads or evicts it -> the caller waits, tries again
 *   absent: room within the limit (reclaim.c), then under invalidate_lock shared
 *	insert a locked folio; from here the word cannot change under us;
 *	fill it from what the word says (fill.c)
 *
 * Who runs at the same time: other faults of the page find the locked folio and
 * wait; eviction trylocks folios, so it never meets one that is being filled;
 * discard holds invalidate_lock for writing, so it comes before the insertion
 * or after it, and then waits for the folio lock, that is for the filling.
 */
#include <linux/blkdev.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "fill.h"
#include "populate.h"
#include "reclaim.h"
#include "tier.h"
#include "vm.h"
#include "wait.h"

/* ----------------------------------------------------------------- insertion */

/*
 * Allocate, charge and insert.  A cgroup at its limit makes us evict pages of
 * this VM, not the kernel kill it: only the last try may invoke the OOM killer.
 */
#define CHARGE_TRIES 8

/*
 * A fault with NOWAIT takes what memory and charge are there for its page, its word and
 * the request to a device (fill.c): reclaim ends up in our shrinker, or at a device.  Not
 * under this rule are the page tables, which generic code allocates.  A prefetch, which
 * does not wait either, is no fault: it may reclaim.
 */
static gfp_t may_reclaim(const struct vmswap_request *req, gfp_t gfp)
{
	return req->nowait && req->fault ? gfp & ~__GFP_DIRECT_RECLAIM : gfp;
}

/*
 * Evicting may wait for devices.  The worker looks whether the VM is above its mark; the
 * fault comes again, may wait then, and evicts for itself.
 */
static int no_memory_now(struct vmswap_request *req)
{
	vmswap_reclaim_kick(req->region->vm);
	return -EAGAIN;
}

static int insert_folio(struct vmswap_request *req, gfp_t zero)
{
	struct address_space *mapping = req->region->inode.i_mapping;
	gfp_t gfp = may_reclaim(req, mapping_gfp_mask(mapping) | zero);
	struct folio *folio;
	int ret, i;

	for (i = 0; i < CHARGE_TRIES; i++) {
		gfp_t g = gfp;

		if (i < CHARGE_TRIES - 1)
			g |= __GFP_NORETRY | __GFP_NOWARN;
		ret = -ENOMEM;
		folio = vmswap_place_alloc(req->place, req->index, g);
		if (folio) {
			ret = filemap_add_folio(mapping, folio, req->index, g);
			if (!ret) {
				req->folio = folio;
				return 0;
			}
			folio_put(folio);
		}
		if (ret != -ENOMEM)
			return ret;
		if (req->nowait)
			return no_memory_now(req);
		if (!vmswap_reclaim_some(req->region->vm, VMSWAP_RUN_MAX))
			i = max(i, CHARGE_TRIES - 2);	/* nothing to give: last try */
	}
	return ret;
}

/**
 * vmswap_neighbours_begin() - get ready to insert pages that nobody has asked for
 * @n: to be ended by vmswap_neighbours_end()
 * @req: beside which; its mapping's invalidate_lock is held
 * @zero: __GFP_ZERO or 0
 *
 * They take memory and charge that are there, and give up without: others may wait
 * for a folio that the caller has locked.
 */
void vmswap_neighbours_begin(struct vmswap_neighbours *n, const struct vmswap_request *req,
			     gfp_t zero)
{
	struct address_space *mapping = req->region->inode.i_mapping;

	memset(n, 0, sizeof(*n));
	n->req = req;
	n->gfp = mapping_gfp_mask(mapping) & ~__GFP_DIRECT_RECLAIM;
	n->gfp |= zero | __GFP_NOWARN | __GFP_NOMEMALLOC;
}

void vmswap_neighbours_end(struct vmswap_neighbours *n)
{
	while (n->nr)
		__free_page(n->pages[--n->nr]);
}

static struct folio *next_folio(struct vmswap_neighbours *n, pgoff_t index, unsigned int want)
{
	const struct vmswap_place *place = n->req->place;
	struct page *page;

	if (!n->nr && want > 1)
		n->nr = vmswap_place_alloc_bulk(place, n->gfp,
						min_t(unsigned int, want, ARRAY_SIZE(n->pages)),
						n->pages);
	if (!n->nr)
		return vmswap_place_alloc(place, index, n->gfp);
	page = n->pages[--n->nr];
	n->pages[n->nr] = NULL;
	return page_folio(page);
}

/**
 * vmswap_insert_neighbour() - insert a page that nobody has asked for
 * @n: beside which
 * @index: which
 * @want: for how many there may be calls yet, this one included
 *
 * Return: the folio with a reference, locked and not uptodate; or NULL.
 */
struct folio *vmswap_insert_neighbour(struct vmswap_neighbours *n, pgoff_t index,
				      unsigned int want)
{
	struct folio *folio = next_folio(n, index, want);

	if (!folio)
		return NULL;
	if (likely(!filemap_add_folio(n->req->region->inode.i_mapping, folio, index, n->gfp)))
		return folio;
	/* Not used, and not charged: it serves for the next one. */
	if (n->nr < ARRAY_SIZE(n->pages))
		n->pages[n->nr++] = folio_page(folio, 0);
	else
		folio_put(folio);
	return NULL;
}

/* Returns 0 with req->folio locked and not yet uptodate. */
static int insert_locked(struct vmswap_request *req, gfp_t zero)
{
	struct address_space *mapping = req->region->inode.i_mapping;
	int ret;

	if (req->nowait) {
		if (!filemap_invalidate_trylock_shared(mapping))
			return -EAGAIN;
	} else {
		filemap_invalidate_lock_shared(mapping);
	}
	if (vmswap_beyond_eof(req->region, req->index))
		ret = -ENODATA;
	else
		ret = insert_folio(req, zero);
	filemap_invalidate_unlock_shared(mapping);
	return ret;
}

/* The folio is new, or was not filled by whoever inserted it. */
static int fill_or_remove(struct vmswap_request *req, bool zeroed)
{
	unsigned int how = (zeroed ? VMSWAP_FILL_ZEROED : 0) |
			   (req->fault ? VMSWAP_FILL_FAULT : 0) |
			   (req->fault && req->nowait ? VMSWAP_FILL_NOWAIT : 0);
	struct vmswap_region *region = req->region;
	int ret;

	/* What the clock thought of the page that was here before is over. */
	vmswap_word_set_flags(req->word, VMSWAP_WORD_FLAGS, 0);
	ret = vmswap_fill_word(region, req->folio, req->word, how, &req->kind);
	if (!ret || ret == -EINPROGRESS) {
		if (req->kind == VMSWAP_FAULT_MAJOR && !req->alone)
			vmswap_ahead_miss(req);
		return ret;
	}
	generic_error_remove_folio(region->inode.i_mapping, req->folio);
	vmswap_folio_release(req->folio);
	return ret;
}

/* The folio was found: lock it and look whether it still is what was asked for. */
static int use_cached(struct vmswap_request *req)
{
	struct folio *folio = req->folio;

	if (!folio_trylock(folio))
		return -EINPROGRESS;
	if (unlikely(folio->mapping != req->region->inode.i_mapping)) {
		vmswap_folio_release(folio);
		return -EEXIST;	/* look again */
	}
	if (unlikely(vmswap_beyond_eof(req->region, req->index))) {
		vmswap_folio_release(folio);
		return -ENODATA;
	}
	return 0;
}

/* Its leaf comes with the first page of 2 MiB.  As insert_folio(), with two tries. */
static int alloc_word(struct vmswap_request *req)
{
	struct vmswap_region *region = req->region;
	gfp_t gfp = may_reclaim(req, GFP_KERNEL_ACCOUNT);

	req->word = vmswap_word_at_alloc(&region->map, req->index,
					 gfp | __GFP_NORETRY | __GFP_NOWARN);
	if (likely(req->word))
		return 0;
	if (req->nowait)
		return no_memory_now(req);
	vmswap_reclaim_some(region->vm, VMSWAP_RUN_MAX);
	req->word = vmswap_word_at_alloc(&region->map, req->index, gfp);
	return req->word ? 0 : -ENOMEM;
}

/* Under the VM's memcg. */
static int insert_and_fill(struct vmswap_request *req)
{
	gfp_t zero = 0;
	int ret;

	ret = req->word ? 0 : alloc_word(req);
	if (ret)
		return ret;
	/* Most likely still so when the folio is in; if not, it was zeroed in vain. */
	if (vmswap_word_state(READ_ONCE(*req->word)) == VMSWAP_WORD_ZERO)
		zero = __GFP_ZERO;
	ret = insert_locked(req, zero);
	return ret ?: fill_or_remove(req, zero);
}

static int get_absent(struct vmswap_request *req)
{
	struct vmswap_region *region = req->region;
	struct mem_cgroup *memcg;
	int ret;

	if (vmswap_beyond_eof(region, req->index))
		return -ENODATA;
	req->word = vmswap_word_at(&region->map, req->index);
	if (req->word && vmswap_word_state(READ_ONCE(*req->word)) == VMSWAP_WORD_POISON)
		return -EHWPOISON;
	ret = req->admitted ? 0 : vmswap_reclaim_admit(region->vm, req->nowait);
	if (ret)
		return ret;
	memcg = set_active_memcg(region->vm->memcg);
	ret = insert_and_fill(req);
	set_active_memcg(memcg);
	return ret;
}

/* In the cache, locked, but nobody has filled it: generic code has put it there. */
static int fill_cached(struct vmswap_request *req)
{
	struct address_space *mapping = req->region->inode.i_mapping;
	struct mem_cgroup *memcg;
	int ret;

	req->word = vmswap_word_at(&req->region->map, req->index);
	if (!req->word) {
		/* It may have to wait for memory: not with a lock that others need. */
		vmswap_folio_release(req->folio);
		memcg = set_active_memcg(req->region->vm->memcg);
		ret = alloc_word(req);
		set_active_memcg(memcg);
		return ret ?: -EEXIST;	/* look again */
	}
	/*
	 * Generic code inserts without invalidate_lock, so the word may be in the hands
	 * of a discard, which holds that lock and may wait for the folio's.
	 */
	if (!filemap_invalidate_trylock_shared(mapping)) {
		vmswap_folio_release(req->folio);
		if (req->nowait)
			return -EAGAIN;
		filemap_invalidate_lock_shared(mapping);
		filemap_invalidate_unlock_shared(mapping);
		return -EEXIST;		/* look again */
	}
	ret = fill_or_remove(req, false);
	filemap_invalidate_unlock_shared(mapping);
	return ret;
}

/* The page is used: whatever the clock thought of it is over. */
static void note_use(struct vmswap_request *req)
{
	u64 w;

	req->word = vmswap_word_at(&req->region->map, req->index);
	if (!req->word)
		return;
	w = READ_ONCE(*req->word);
	if (!(w & VMSWAP_WORD_COLD))
		return;
	vmswap_word_set_flags(req->word, VMSWAP_WORD_COLD, 0);
	req->was_ahead = vmswap_word_is_ahead(w);
	if (req->was_ahead)
		vmswap_ahead_hit(req);
}

static int get_cached(struct vmswap_request *req)
{
	int ret;

	req->kind = VMSWAP_FAULT_MINOR;
	ret = use_cached(req);
	if (ret)
		return ret;
	if (unlikely(!folio_test_uptodate(req->folio)))
		return fill_cached(req);
	if (!req->alone)
		note_use(req);
	return 0;
}

/**
 * vmswap_populate() - have a page in the page cache
 * @req: which, and how
 *
 * Return: 0 the folio is locked and uptodate; -EINPROGRESS it is locked by
 * somebody else; -EAGAIN with @req->nowait alone: it would have to wait for another
 * lock, for memory, which there is none now, or for room beyond the limit; -ENOSPC no
 * room within the limit; -EHWPOISON its content is lost; -ENODATA it is beyond
 * the end of the file; -ENOMEM.
 */
int vmswap_populate(struct vmswap_request *req)
{
	int ret;

	req->was_ahead = false;
	do {
		req->folio = filemap_get_folio(req->region->inode.i_mapping, req->index);
		ret = IS_ERR(req->folio) ? get_absent(req) : get_cached(req);
	} while (ret == -EEXIST);
	return ret;
}

void vmswap_page_dirty(struct vmswap_region *region, struct folio *folio)
{
	u64 *word = vmswap_word_at(&region->map, folio->index);

	if (!folio_test_dirty(folio))
		folio_mark_dirty(folio);
	if (word)
		vmswap_word_set_flags(word, VMSWAP_WORD_COLD, 0);
}

/* ----------------------------------------------------------- for system calls */

/* Returns 0 with the folio in @req, or why there is none. */
static int get_page_for_call(struct vmswap_request *req)
{
	struct vmswap_place place;
	int ret;

	req->place = vmswap_place_last(req->region, &place);
	while ((ret = vmswap_populate(req)) == -EINPROGRESS) {
		ret = vmswap_wait_folio(req->folio, NULL);
		folio_put(req->folio);
		if (ret)
			return -EINTR;
	}
	return ret == -EHWPOISON ? -EIO : ret;
}

/**
 * vmswap_page_get() - get a page of a region for a system call
 * @region: the region
 * @index: page index
 *
 * Waits, killably, for reads in flight, and within the limit for room: for that
 * perhaps for ever, so nobody may call it with a lock that others need to make room.
 *
 * Return: the folio, locked, uptodate and with a reference; or an error pointer:
 * -EIO the content is lost, -ENODATA beyond the end of the file, -EINTR, -ENOMEM.
 */
struct folio *vmswap_page_get(struct vmswap_region *region, pgoff_t index)
{
	struct vmswap_request req = { .region = region, .index = index };
	int ret;

	while ((ret = get_page_for_call(&req)) == -ENOSPC) {
		ret = vmswap_reclaim_wait(region->vm);
		if (ret)
			break;
	}
	return ret ? ERR_PTR(ret) : req.folio;
}

/**
 * vmswap_page_try_get() - get a page of a region, if its VM has room for it
 * @region: the region
 * @index: page index
 *
 * Return: as vmswap_page_get(), and -ENOSPC instead of waiting for room.
 */
struct folio *vmswap_page_try_get(struct vmswap_region *region, pgoff_t index)
{
	struct vmswap_request req = { .region = region, .index = index };
	int ret = get_page_for_call(&req);

	return ret ? ERR_PTR(ret) : req.folio;
}

/**
 * vmswap_page_admit() - make room for a page
 * @region: the region
 * @index: page index
 *
 * Return: 0 there is room for it, or it is in memory; -ENOSPC there is none, which
 * vmswap_reclaim_wait() waits for.
 */
int vmswap_page_admit(struct vmswap_region *region, pgoff_t index)
{
	if (xa_load(&region->inode.i_mapping->i_pages, index))
		return 0;
	return vmswap_reclaim_admit(region->vm, false);
}

/**
 * vmswap_page_get_admitted() - get a page for which there is room
 * @region: the region
 * @index: page index
 *
 * As vmswap_page_get(), but never waits for room: vmswap_page_admit() found some, or
 * it is a single page, which the slack has room for.
 *
 * Return: as vmswap_page_get().
 */
struct folio *vmswap_page_get_admitted(struct vmswap_region *region, pgoff_t index)
{
	struct vmswap_request req = { .region = region, .index = index, .admitted = true };
	int ret = get_page_for_call(&req);

	return ret ? ERR_PTR(ret) : req.folio;
}

static int prefetch_range(struct vmswap_region *region, pgoff_t start, pgoff_t end,
			  unsigned long *done, unsigned long *no_room)
{
	struct vmswap_place place;
	struct vmswap_request req = {
		.region = region, .nowait = true, .alone = true,
		.place = vmswap_place_last(region, &place),
	};
	pgoff_t index;
	int ret;

	for (index = vmswap_pagemap_next_data(&region->map, start, end); index < end;
	     index = vmswap_pagemap_next_data(&region->map, index + 1, end)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		if (!vmswap_reclaim_is_low(region->vm)) {
			(*no_room)++;
			continue;
		}
		req.index = index;
		ret = vmswap_populate(&req);
		if (ret == -ENOMEM)
			return ret;
		*no_room += ret == -EAGAIN;
		if (ret && ret != -EINPROGRESS)
			continue;
		*done += req.kind != VMSWAP_FAULT_MINOR;
		if (ret)
			folio_put(req.folio);
		else
			vmswap_folio_release(req.folio);
	}
	return 0;
}

/**
 * vmswap_prefetch() - make the swapped pages of a range resident
 * @region: the region
 * @start: first page
 * @end: one after the last page
 * @done: out: pages brought in are added
 * @no_room: out: pages not brought in for want of room are added
 *
 * Never evicts another page to make room.  Reads from a device are begun, not
 * waited for.
 *
 * Return: 0, or -EINTR, -ENOMEM.  Damaged pages are passed over.
 */
int vmswap_prefetch(struct vmswap_region *region, pgoff_t start, pgoff_t end,
		    unsigned long *done, unsigned long *no_room)
{
	struct blk_plug plug;
	int ret;

	blk_start_plug(&plug);
	ret = prefetch_range(region, start, end, done, no_room);
	blk_finish_plug(&plug);
	return ret;
}

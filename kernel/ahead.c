// SPDX-License-Identifier: GPL-2.0
/*
 * ahead.c - read swapped pages ahead of their use, where there is evidence.
 *
 * Reading a page that is not used costs the device, the CPU, and a page that has
 * to leave for it, so nothing is read ahead on a guess.  The evidence is of two
 * kinds:
 *
 *   two pages missed one after the other		opens a window behind the second
 *   a page in the second half of a window is used	opens the next one, of twice
 *							the size, before the first is used up
 *
 *	used . . . . . . . . . . . . . . . . . . . . . . .
 *	| window: read ahead, unmapped    |  next window, being read     |
 *			 ^ marker: first page of the second half
 *
 * This is the marker of the on-demand readahead of files (Fengguang Wu et al.,
 * "On the design of a new Linux readahead framework", ACM SIGOPS Operating Systems
 * Review 42(5), 2008; mm/readahead.c) with the test for adjacency that swap
 * readahead makes (mm/swap_state.c: Shaohua Li and Hugh Dickins, "swap: add a
 * simple detector for inappropriate swapin readahead", 2014).  A window is closed by
 * not being used: the next miss elsewhere begins anew with one page.  So access
 * without order reads nothing ahead but where it meets neighbours by chance, once
 * in 512 misses of pages evenly spread, as a stream is kept per 2 MiB.
 *
 * Pages read ahead are cold, unlike others just brought in: those that are not used
 * leave first.  They stay unmapped until one is used, to show it; then those up to
 * the marker, which alone is needed as evidence, are mapped with it.
 *
 * Who runs at the same time: faults of other pages.  A stream is one 64-bit word
 * that is changed by compare-and-exchange: who wins, reads.  What is lost to two
 * streams in one 2 MiB, or 64 MiB apart, is a window, never a page.
 */
#include <linux/blkdev.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>

#include "compat.h"
#include "fill.h"
#include "populate.h"
#include "reclaim.h"
#include "trace.h"
#include "vm.h"

/* The first window, and how far the setting is exceeded once a stream is steady. */
#define FIRST_WINDOW	4u
#define GROWTH		8u

/* Pages mapped with the one that is used: a longer stall than this is not worth it. */
#define CLAIM_MAX	64

/* A stream: where its last window ends, and how long that is. */
#define WINDOW_BITS	12

static u64 *stream_of(struct vmswap_region *region, pgoff_t index)
{
	return &region->streams[(index >> VMSWAP_LEAF_SHIFT) % VMSWAP_STREAMS];
}

static u64 stream_pack(pgoff_t end, unsigned int window)
{
	return (u64)end << WINDOW_BITS | window;
}

static pgoff_t stream_end(u64 stream)
{
	return stream >> WINDOW_BITS;
}

static unsigned int stream_window(u64 stream)
{
	return stream & GENMASK(WINDOW_BITS - 1, 0);
}

/* The first page whose use opens the next window. */
static pgoff_t stream_marker(u64 stream)
{
	return stream_end(stream) - (stream_window(stream) + 1) / 2;
}

/* A stream that goes on in the next 2 MiB is found there, too. */
static void stream_set(struct vmswap_region *region, pgoff_t index, u64 stream)
{
	WRITE_ONCE(*stream_of(region, index), stream);
	WRITE_ONCE(*stream_of(region, stream_end(stream)), stream);
}

static bool is_stored(u64 word)
{
	return vmswap_word_state(word) == VMSWAP_WORD_SLOT ||
	       vmswap_word_state(word) == VMSWAP_WORD_SAME;
}

/*
 * Under invalidate_lock.  Return: 0 there is nothing to do, -EINPROGRESS it is being
 * read, 1 it was read (or found damaged), -ENOMEM for the page or its request.
 */
static int read_one(struct vmswap_neighbours *n, pgoff_t index, u64 *word, unsigned int want)
{
	struct vmswap_region *region = n->req->region;
	enum vmswap_fault_kind kind;
	struct folio *folio;
	int ret;

	if (!word || !is_stored(READ_ONCE(*word)) ||
	    xa_load(&region->inode.i_mapping->i_pages, index))
		return 0;
	folio = vmswap_insert_neighbour(n, index, want);
	if (!folio)
		return -ENOMEM;
	vmswap_word_set_flags(word, 0, VMSWAP_WORD_AHEAD);
	ret = vmswap_fill_word(region, folio, word, VMSWAP_FILL_NOWAIT, &kind);
	if (ret == -EINPROGRESS) {
		folio_put(folio);
		return ret;
	}
	/* No memory for a request: as if it had not been tried. */
	if (ret == -EAGAIN)
		vmswap_word_set_flags(word, VMSWAP_WORD_FLAGS, 0);
	if (ret)
		generic_error_remove_folio(region->inode.i_mapping, folio);
	vmswap_folio_release(folio);
	return ret == -EAGAIN ? -ENOMEM : 1;
}

/* The word of the page behind one: that of a leaf is beside it. */
static u64 *next_word(struct vmswap_region *region, u64 *word, pgoff_t next)
{
	if (word && next % VMSWAP_LEAF_WORDS)
		return word + 1;
	return vmswap_word_at(&region->map, next);
}

/*
 * Read what is stored of [start, end), as long as there is room.  What is read at
 * once, while the task waits, is bounded by the granule, or by what a first window has
 * when that is more.  Returns where it ended.
 */
static pgoff_t read_range(struct vmswap_request *req, pgoff_t start, pgoff_t end)
{
	struct vmswap_region *region = req->region;
	unsigned long spare = vmswap_reclaim_spare(region->vm, false);
	unsigned int now = max(READ_ONCE(region->vm->set.granule), FIRST_WINDOW);
	u64 *word = vmswap_word_at(&region->map, start);
	struct vmswap_neighbours n;
	struct blk_plug plug;
	pgoff_t i;
	int ret;

	blk_start_plug(&plug);
	vmswap_neighbours_begin(&n, req, 0);
	for (i = start; i < end && spare && now; i++) {
		ret = read_one(&n, i, word, min3(end - i, spare, (unsigned long)now));
		if (ret == -ENOMEM)
			break;
		now -= ret > 0;
		spare -= !!ret;
		word = next_word(region, word, i + 1);
	}
	vmswap_neighbours_end(&n);
	blk_finish_plug(&plug);
	/* Others saw the same spare: this may be the last who can tell. */
	if (i > start && !vmswap_reclaim_is_low(region->vm))
		vmswap_reclaim_kick(region->vm);
	return i;
}

static pgoff_t read_window(struct vmswap_request *req, pgoff_t start, unsigned int window)
{
	struct vmswap_region *region = req->region;
	struct address_space *mapping = region->inode.i_mapping;
	struct mem_cgroup *memcg;
	pgoff_t end = start;

	/* The caller holds a folio lock, for which a discard with this lock may wait. */
	if (!filemap_invalidate_trylock_shared(mapping))
		return start;
	memcg = set_active_memcg(region->vm->memcg);
	end = min(start + window, vmswap_region_pages(region));
	if (start < end)
		end = read_range(req, start, end);
	set_active_memcg(memcg);
	filemap_invalidate_unlock_shared(mapping);
	trace_vmswap_ahead(region->vm->id, region->index, start, end - start);
	return end;
}

/* Open a window from @start on, unless somebody else has changed the stream. */
static void open_window(struct vmswap_request *req, pgoff_t start, unsigned int window, u64 old)
{
	struct vmswap_region *region = req->region;
	u64 new = stream_pack(start + window, window);
	pgoff_t end;

	if (cmpxchg(stream_of(region, req->index), old, new) != old)
		return;
	end = read_window(req, start, window);
	stream_set(region, req->index, stream_pack(end, end > start ? end - start : 0));
}

static unsigned int next_window(struct vmswap_vm *vm, unsigned int window)
{
	unsigned int prefetch = READ_ONCE(vm->set.prefetch);

	if (!window)
		return min(prefetch, FIRST_WINDOW);
	return min3(2 * window, prefetch * GROWTH, VMSWAP_PREFETCH_MAX);
}

/**
 * vmswap_ahead_miss() - a swapped page was missed
 * @req: the page; its folio is locked, by us or by its read
 */
void vmswap_ahead_miss(struct vmswap_request *req)
{
	struct vmswap_region *region = req->region;
	u64 stream = READ_ONCE(*stream_of(region, req->index));
	unsigned int window = stream_window(stream);
	pgoff_t end = stream_end(stream);

	if (!READ_ONCE(region->vm->set.prefetch))
		return;
	/* Some of the pages behind a window may have been in memory all along. */
	if (req->index >= end && req->index <= end + window && stream)
		open_window(req, req->index + 1, next_window(region->vm, window), stream);
	else
		cmpxchg(stream_of(region, req->index), stream, stream_pack(req->index + 1, 0));
}

/**
 * vmswap_ahead_hit() - a page that was read ahead is used
 * @req: the page; we hold its folio's lock
 */
void vmswap_ahead_hit(struct vmswap_request *req)
{
	struct vmswap_region *region = req->region;
	u64 stream = READ_ONCE(*stream_of(region, req->index));
	unsigned int window = stream_window(stream);
	pgoff_t end = stream_end(stream);

	if (req->index < end && req->index >= stream_marker(stream))
		open_window(req, end, next_window(region->vm, window), stream);
}

/*
 * Take a page that was read ahead for used.  False: it is not there, or not ready.
 *
 * A word that names no slot and says read ahead is that of a page that has been read:
 * its slot was freed then.  Without the folio lock a holder of that may set the flags
 * again, which costs a fault, or evict the page, whose word is another one then.
 */
static bool claim_one(struct vmswap_region *region, pgoff_t index, u64 *word)
{
	struct address_space *mapping = region->inode.i_mapping;
	u64 w = READ_ONCE(*word);
	struct folio *folio;
	bool ok = false;

	if (w == VMSWAP_WORD_AHEAD)
		return cmpxchg(word, w, 0) == w;
	folio = filemap_get_folio(mapping, index);
	if (IS_ERR(folio))
		return false;
	if (folio_test_uptodate(folio) && folio_trylock(folio)) {
		ok = folio->mapping == mapping && vmswap_word_is_ahead(READ_ONCE(*word));
		if (ok)
			vmswap_word_set_flags(word, VMSWAP_WORD_FLAGS, 0);
		vmswap_folio_release(folio);
	} else {
		folio_put(folio);
	}
	return ok;
}

/**
 * vmswap_ahead_claim() - take pages behind one that is used for used as well
 * @req: the page; we hold its folio's lock
 *
 * Return: the last page that may be mapped with it.
 */
pgoff_t vmswap_ahead_claim(struct vmswap_request *req)
{
	struct vmswap_region *region = req->region;
	u64 stream = READ_ONCE(*stream_of(region, req->index));
	pgoff_t leaf = round_down(req->index, (pgoff_t)VMSWAP_LEAF_WORDS);
	pgoff_t end = min3(stream_marker(stream), req->index + CLAIM_MAX,
			   leaf + VMSWAP_LEAF_WORDS), i;

	/* Another stream's. */
	if (req->index + VMSWAP_PREFETCH_MAX < stream_end(stream))
		return req->index;
	for (i = req->index + 1; i < end; i++)
		if (!claim_one(region, i, req->word + (i - req->index)))
			break;
	return i - 1;
}

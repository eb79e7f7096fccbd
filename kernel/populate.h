/* SPDX-License-Identifier: GPL-2.0 */
/* populate.h - between the files that bring pages in: populate, granule, ahead, fault. */
#ifndef VMSWAP_POPULATE_H
#define VMSWAP_POPULATE_H

#include <linux/mm.h>
#include <linux/pagemap.h>

#include "page.h"
#include "vm.h"

/**
 * struct vmswap_request - one page that is asked for
 * @region: where
 * @index: which
 * @nowait: wait for no lock and no device; with @fault, for no memory either
 * @alone: leave the pages around it alone
 * @admitted: do not ask whether there is room for it within the limit
 * @fault: a fault asks for it, and no system call
 * @place: on which nodes a new page is wanted, or NULL
 * @kind: out: where the content came from, or comes from with -EINPROGRESS; MINOR
 *	when somebody else has the folio locked
 * @was_ahead: out: it was read ahead, and this is its first use
 * @folio: out: the folio with a reference; locked by us when 0 was returned,
 *	by somebody else with -EINPROGRESS
 * @word: out, when 0 was returned: its word; NULL when it has none
 */
struct vmswap_request {
	struct vmswap_region *region;
	pgoff_t index;
	bool nowait;
	bool alone;
	bool admitted;
	bool fault;
	bool was_ahead;
	const struct vmswap_place *place;
	enum vmswap_fault_kind kind;
	struct folio *folio;
	u64 *word;
};

/**
 * struct vmswap_neighbours - pages that come in beside one that was asked for
 * @req: that one; its mapping's invalidate_lock is held
 * @gfp: for their allocation
 * @nr: pages allocated and not used yet
 * @pages: those; NULL beyond
 */
struct vmswap_neighbours {
	const struct vmswap_request *req;
	gfp_t gfp;
	unsigned int nr;
	struct page *pages[16];
};

/* Pages around a fault: first and last, the page itself included. */
struct vmswap_stretch {
	pgoff_t first;
	pgoff_t last;
};

static inline bool vmswap_beyond_eof(struct vmswap_region *region, pgoff_t index)
{
	return index >= vmswap_region_pages(region);
}

/* populate.c: process context, may sleep, no folio lock held. */
int vmswap_populate(struct vmswap_request *req);

/* populate.c: process context; do not sleep; under invalidate_lock. */
void vmswap_neighbours_begin(struct vmswap_neighbours *n, const struct vmswap_request *req,
			     gfp_t zero);
struct folio *vmswap_insert_neighbour(struct vmswap_neighbours *n, pgoff_t index,
				      unsigned int want);
void vmswap_neighbours_end(struct vmswap_neighbours *n);

/* granule.c: process context, do not sleep; the folio of the page is locked. */
void vmswap_granule_zero(struct vmswap_request *req, bool dirty);
void vmswap_stretch_clip_cold(struct vmswap_region *region, pgoff_t index, u64 *word,
			      struct vmswap_stretch *s);

/* ahead.c: process context; the folio of the page is locked, by us or by its read. */
void vmswap_ahead_miss(struct vmswap_request *req);
void vmswap_ahead_hit(struct vmswap_request *req);
pgoff_t vmswap_ahead_claim(struct vmswap_request *req);

#endif /* VMSWAP_POPULATE_H */

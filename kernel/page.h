/* SPDX-License-Identifier: GPL-2.0 */
/* page.h - pages for those above the page cache: have one, give it back. */
#ifndef VMSWAP_PAGE_H
#define VMSWAP_PAGE_H

#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/wait_bit.h>

struct vmswap_region;

/*
 * Unlock and put.  Whoever waits in slices (a kernel thread) waits for the variable,
 * all others for the bit.
 */
static inline void vmswap_folio_release(struct folio *folio)
{
	folio_unlock(folio);
	wake_up_var(&folio->flags);
	folio_put(folio);
}

/* It may not leave. */
static inline bool vmswap_folio_pinned(struct folio *folio)
{
	return folio_test_mlocked(folio) || folio_maybe_dma_pinned(folio);
}

/* Where the content of a page that was asked for came from. */
enum vmswap_fault_kind {
	VMSWAP_FAULT_MINOR,	/* memory */
	VMSWAP_FAULT_ZERO,	/* nowhere, or one repeated word */
	VMSWAP_FAULT_MAJOR,	/* a tier */
};

/* Process context, may sleep, no fault lock held. */
struct folio *vmswap_page_get(struct vmswap_region *region, pgoff_t index);
struct folio *vmswap_page_try_get(struct vmswap_region *region, pgoff_t index);
int vmswap_page_admit(struct vmswap_region *region, pgoff_t index);
struct folio *vmswap_page_get_admitted(struct vmswap_region *region, pgoff_t index);
int vmswap_prefetch(struct vmswap_region *region, pgoff_t start, pgoff_t end,
		    unsigned long *done, unsigned long *no_room);

/* Under the folio lock: content is newer than the word; its copy may be freed. */
void vmswap_page_dirty(struct vmswap_region *region, struct folio *folio);

#endif /* VMSWAP_PAGE_H */

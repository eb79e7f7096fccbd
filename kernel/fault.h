/* SPDX-License-Identifier: GPL-2.0 */
/* fault.h - bring pages in. */
#ifndef VMSWAP_FAULT_H
#define VMSWAP_FAULT_H

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

/* Where the content of a page that was asked for came from. */
enum vmswap_fault_kind {
	VMSWAP_FAULT_MINOR,	/* memory */
	VMSWAP_FAULT_ZERO,	/* nowhere, or one repeated word */
	VMSWAP_FAULT_MAJOR,	/* a tier */
};

/* Process context, may sleep, no fault lock held. */
struct folio *vmswap_page_get(struct vmswap_region *region, pgoff_t index);
int vmswap_prefetch(struct vmswap_region *region, pgoff_t start, pgoff_t end,
		    unsigned long *done, unsigned long *no_room);

/* Any context; called by tiers. */
void vmswap_load_done(struct folio *folio, u64 word, u64 start, int err);

/*
 * Process context; the folio is locked and not uptodate, and stays locked, but
 * with -EINPROGRESS: then it is unlocked when it is filled.
 */
int vmswap_fill(struct vmswap_region *region, struct folio *folio);

/* Under the folio lock: content is newer than the word; its copy may be freed. */
void vmswap_page_dirty(struct vmswap_region *region, struct folio *folio);

#endif /* VMSWAP_FAULT_H */

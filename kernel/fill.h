/* SPDX-License-Identifier: GPL-2.0 */
/* fill.h - give a folio the bytes that its word names. */
#ifndef VMSWAP_FILL_H
#define VMSWAP_FILL_H

#include "page.h"

/*
 * Process context; the folio is locked and not uptodate, and stays locked, but
 * with -EINPROGRESS: then it is unlocked when it is filled.
 */
int vmswap_fill(struct vmswap_region *region, struct folio *folio);

#define VMSWAP_FILL_ZEROED	BIT(0)	/* the folio is all zero already */
#define VMSWAP_FILL_FAULT	BIT(1)	/* for a fault: the time that a read takes counts */
#define VMSWAP_FILL_NOWAIT	BIT(2)	/* -EAGAIN instead of waiting for a request's memory */

/* The same for who has the word, and wants to know where the bytes came from. */
int vmswap_fill_word(struct vmswap_region *region, struct folio *folio, u64 *word,
		     unsigned int how, enum vmswap_fault_kind *kind);

#endif /* VMSWAP_FILL_H */

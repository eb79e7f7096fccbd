/* SPDX-License-Identifier: GPL-2.0 */
/* place.h - on which NUMA nodes a page is wanted. */
#ifndef VMSWAP_PLACE_H
#define VMSWAP_PLACE_H

#include <linux/nodemask.h>
#include <linux/types.h>

struct folio;
struct page;
struct vm_area_struct;
struct vmswap_region;

/**
 * struct vmswap_place - what mbind() has said of a mapping
 * @mode: MPOL_*; MPOL_DEFAULT: nothing
 * @home: home node, or NUMA_NO_NODE
 * @nodes: which nodes
 */
struct vmswap_place {
	unsigned short mode;
	int home;
	nodemask_t nodes;
};

/* Under the fault lock.  False, and nothing is written: the vma has no policy. */
bool vmswap_place_of_vma(struct vm_area_struct *vma, struct vmswap_place *place);

/* Any context that may allocate with @gfp: an order-0 folio, or NULL. */
struct folio *vmswap_place_alloc(const struct vmswap_place *place, pgoff_t index, gfp_t gfp);

/*
 * The same for several at once, into the empty places of an array.  Returns how many of
 * the array are there; 0 when each has to be allocated for itself.
 */
unsigned int vmswap_place_alloc_bulk(const struct vmswap_place *place, gfp_t gfp,
				     unsigned int nr, struct page **pages);

/*
 * Process context; do not sleep.  Whoever has no mapping goes by the last one that had
 * a policy; its copy, or NULL.
 */
void vmswap_place_remember(struct vmswap_region *region, const struct vmswap_place *place);
const struct vmswap_place *vmswap_place_last(struct vmswap_region *region,
					     struct vmswap_place *copy);

#endif /* VMSWAP_PLACE_H */

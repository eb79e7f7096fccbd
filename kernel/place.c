// SPDX-License-Identifier: GPL-2.0
/*
 * place.c - honour mbind().
 *
 * mbind() keeps its policy in the vma, and a file system that wants to see it
 * implements set_policy.  The functions that take and drop a policy are not for
 * modules, so the policy is read from the vma at each fault instead, under the lock
 * that the fault holds and mbind() takes for writing.  It is that of the mapping, not
 * of the file.
 */
#include <linux/cpuset.h>
#include <linux/gfp.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "compat.h"
#include "place.h"
#include "vm.h"

bool vmswap_place_of_vma(struct vm_area_struct *vma, struct vmswap_place *place)
{
	const struct mempolicy *policy = READ_ONCE(vma->vm_policy);

	if (likely(!policy))
		return false;
	/* Not MPOL_DEFAULT: mbind() takes the policy away for that. */
	place->mode = policy->mode;
	place->home = policy->home_node;
	place->nodes = policy->nodes;
	return true;
}

static bool has_policy(const struct vmswap_place *place)
{
	return place || current->mempolicy || cpuset_do_page_mem_spread();
}

/* By index, so that it does not depend on the order of the faults. */
static int interleaved(const nodemask_t *nodes, pgoff_t index)
{
	unsigned int n = index % nodes_weight(*nodes);
	int nid = first_node(*nodes);

	while (n--)
		nid = next_node(nid, *nodes);
	return nid;
}

static struct folio *alloc_near(const struct vmswap_place *place, gfp_t gfp, bool strict)
{
	int nid = place->home == NUMA_NO_NODE ? numa_node_id() : place->home;
	nodemask_t nodes = place->nodes;
	struct folio *folio;

	/* As generic code: a cpuset that shares no node with the policy overrules it. */
	if (!nodes_intersects(nodes, cpuset_current_mems_allowed))
		return __folio_alloc(gfp, 0, nid, NULL);
	if (strict)
		return __folio_alloc(gfp, 0, nid, &nodes);
	folio = __folio_alloc((gfp | __GFP_NOWARN) & ~(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL),
			      0, nid, &nodes);
	return folio ?: __folio_alloc(gfp, 0, nid, NULL);
}

struct folio *vmswap_place_alloc(const struct vmswap_place *place, pgoff_t index, gfp_t gfp)
{
	/* As generic code does then, which looks for a policy at three places first. */
	if (likely(!has_policy(place)))
		return __folio_alloc(gfp, 0, numa_mem_id(), NULL);
	if (!place)
		return filemap_alloc_folio(gfp, 0, NULL);
	if (place->mode == MPOL_LOCAL)
		return __folio_alloc(gfp, 0, numa_node_id(), NULL);
	if (nodes_empty(place->nodes))
		return filemap_alloc_folio(gfp, 0, NULL);
	switch (place->mode) {
	case MPOL_BIND:
		return alloc_near(place, gfp, true);
	case MPOL_PREFERRED_MANY:
		return alloc_near(place, gfp, false);
	case MPOL_PREFERRED:
		return __folio_alloc(gfp, 0, first_node(place->nodes), NULL);
	default:	/* MPOL_INTERLEAVE, and weighted interleave without its weights */
		return __folio_alloc(gfp, 0, interleaved(&place->nodes, index), NULL);
	}
}

/* That of the kernel knows no policy. */
unsigned int vmswap_place_alloc_bulk(const struct vmswap_place *place, gfp_t gfp,
				     unsigned int nr, struct page **pages)
{
	return has_policy(place) ? 0 : alloc_pages_bulk(gfp, nr, pages);
}

/*
 * The policy is copied under the lock: a mode with the nodes of another one, or nodes that
 * become none while they are counted, would allocate from a node that does not exist.
 */
void vmswap_place_remember(struct vmswap_region *region, const struct vmswap_place *place)
{
	/* Nearly always the same: no lock is shared by faults. */
	if (data_race(region->place.mode == place->mode && region->place.home == place->home &&
		      nodes_equal(region->place.nodes, place->nodes)))
		return;
	spin_lock(&region->place_lock);
	region->place = *place;
	spin_unlock(&region->place_lock);
}

const struct vmswap_place *vmswap_place_last(struct vmswap_region *region,
					     struct vmswap_place *copy)
{
	if (likely(READ_ONCE(region->place.mode) == MPOL_DEFAULT))
		return NULL;
	spin_lock(&region->place_lock);
	*copy = region->place;
	spin_unlock(&region->place_lock);
	return copy;
}

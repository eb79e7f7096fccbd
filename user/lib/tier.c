// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

static int by_rank(const void *left, const void *right)
{
	const struct vmswap_tier *a = *(struct vmswap_tier *const *)left;
	const struct vmswap_tier *b = *(struct vmswap_tier *const *)right;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

int vmswap_tier_get(struct vmswap *h, const char *name,
		    struct vmswap_tier **tier)
{
	struct vmswap_tier request = { 0 };

	VMSWAP_SET(&request, TIER, NAME, name, name);
	return vmswap_object_get(h, VMSWAP_CMD_TIER_GET, &vmswap_tier_attr_set,
				 &request, (void **)tier);
}

int vmswap_tier_list(struct vmswap *h, struct vmswap_tier ***tiers,
		     size_t *count)
{
	int ret;

	ret = vmswap_object_list(h, VMSWAP_CMD_TIER_GET, &vmswap_tier_attr_set,
				 (void ***)tiers, count);
	if (!ret && *count)
		qsort(*tiers, *count, sizeof(**tiers), by_rank);
	return ret;
}

int vmswap_tier_add(struct vmswap *h, const struct vmswap_tier *wanted,
		    struct vmswap_tier **added)
{
	struct vmswap_tier *tier;
	int ret;

	ret = vmswap_object_get(h, VMSWAP_CMD_TIER_ADD, &vmswap_tier_attr_set,
				wanted, (void **)&tier);
	if (ret)
		return ret;
	if (added)
		*added = tier;
	else
		vmswap_tier_free(tier);
	return 0;
}

int vmswap_tier_set(struct vmswap *h, const struct vmswap_tier *change)
{
	return vmswap_request(h, VMSWAP_CMD_TIER_SET, 0, &vmswap_tier_attr_set,
			      change, NULL, NULL);
}

/* The kernel refuses without numbers; the tier stays, so ask it for those left. */
static int explain_no_room(struct vmswap *h, const char *name)
{
	struct vmswap_tier *tier;

	if (!vmswap_tier_get(h, name, &tier)) {
		vmswap_error_set(h, "%llu page%s of %u VM%s %s no room elsewhere",
				 (unsigned long long)tier->pages,
				 tier->pages == 1 ? "" : "s", tier->vms,
				 tier->vms == 1 ? "" : "s",
				 tier->pages == 1 ? "has" : "have");
		vmswap_tier_free(tier);
	}
	return -ENOSPC;
}

/* One step; *@left is 0 when the tier is gone. */
static int del_step(struct vmswap *h, const char *name, uint64_t *left)
{
	struct vmswap_tier request = { 0 }, *tier;
	int ret;

	VMSWAP_SET(&request, TIER, NAME, name, name);
	ret = vmswap_object_get(h, VMSWAP_CMD_TIER_DEL, &vmswap_tier_attr_set,
				&request, (void **)&tier);
	if (ret)
		return ret;
	*left = tier->pages;
	vmswap_tier_free(tier);
	return 0;
}

int vmswap_tier_del(struct vmswap *h, const char *name,
		    vmswap_progress_fn progress, void *arg)
{
	uint64_t left;
	int ret;

	do {
		ret = del_step(h, name, &left);
		if (ret == -ENOSPC)
			return explain_no_room(h, name);
		if (!ret && left && progress && progress(left, arg)) {
			vmswap_tier_del_cancel(h, name);
			vmswap_error_set(h, "stopped; the tier is in use again");
			return -ECANCELED;
		}
	} while (!ret && left);
	return ret;
}

int vmswap_tier_del_cancel(struct vmswap *h, const char *name)
{
	struct vmswap_tier request = { 0 };

	VMSWAP_SET(&request, TIER, NAME, name, name);
	VMSWAP_SET(&request, TIER, CANCEL, cancel, 1);
	return vmswap_request(h, VMSWAP_CMD_TIER_DEL, 0, &vmswap_tier_attr_set,
			      &request, NULL, NULL);
}

void vmswap_tier_free(struct vmswap_tier *tier)
{
	vmswap_object_free(&vmswap_tier_attr_set, tier);
}

void vmswap_tier_list_free(struct vmswap_tier **tiers, size_t count)
{
	vmswap_object_list_free(&vmswap_tier_attr_set, (void **)tiers, count);
}

// SPDX-License-Identifier: GPL-2.0
/* tier_null.c - a tier that takes no page, for tests of refusal. */
#include "tier.h"

static int null_create(struct vmswap_tier *tier, const struct vmswap_tier_params *params,
		       struct netlink_ext_ack *extack)
{
	tier->size = params->size;
	return 0;
}

static void null_destroy(struct vmswap_tier *tier)
{
}

static int null_store(struct vmswap_tier *tier, struct vmswap_store *store, u64 *payload,
		      bool *spec)
{
	return -EIO;
}

static int null_load(struct vmswap_tier *tier, struct vmswap_load *load)
{
	return -EIO;
}

static void null_free(struct vmswap_tier *tier, struct vmswap_vm *vm, u64 word,
		      unsigned int len)
{
}

const struct vmswap_tier_ops vmswap_tier_null_ops = {
	.kind		= VMSWAP_TIER_KIND_NULL,
	.reclaim_safe	= true,
	.create		= null_create,
	.destroy	= null_destroy,
	.store		= null_store,
	.load		= null_load,
	.free		= null_free,
};

// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "size.h"
#include "tier_keys.h"

#define MAX_NAME	31
#define MAX_RANK	32767

static int parse_size(const char *value, void *object)
{
	struct vmswap_tier *tier = object;

	tier->present |= VMSWAP_BIT(TIER, SIZE);
	return ctl_parse_size(value, &tier->size);
}

static int check_size(const void *object)
{
	const struct vmswap_tier *tier = object;

	return tier->size < VMSWAP_PAGE_SIZE ? -EINVAL : 0;
}

static int parse_rank(const char *value, void *object)
{
	struct vmswap_tier *tier = object;

	tier->present |= VMSWAP_BIT(TIER, RANK);
	return ctl_parse_u32(value, &tier->rank);
}

static int check_rank(const void *object)
{
	const struct vmswap_tier *tier = object;

	return tier->rank > MAX_RANK ? -ERANGE : 0;
}

static int parse_algo(const char *value, void *object)
{
	struct vmswap_tier *tier = object;

	tier->present |= VMSWAP_BIT(TIER, ALGO);
	return vmswap_enum_value(VMSWAP_ENUM_ALGO, value, &tier->algo);
}

static int parse_reclaim_safe(const char *value, void *object)
{
	struct vmswap_tier *tier = object;
	bool yes = !strcmp(value, "yes");

	if (!yes && strcmp(value, "no"))
		return -EINVAL;
	VMSWAP_SET(tier, TIER, RECLAIM_SAFE, reclaim_safe, yes);
	return 0;
}

const struct key ctl_tier_keys[CTL_NR_TIER_KEYS] = {
	{ "size", "from 4096 on: " CTL_SIZE_ACCEPTED, parse_size, check_size,
	  true },
	{ "rank", "a number from 0 to 32767; lower is faster", parse_rank,
	  check_rank },
	{ "reclaim-safe", "yes or no", parse_reclaim_safe },
	/* Fixed once the tier is there. */
	{ "algo", "lz4 or zstd (of ram tiers only)", parse_algo },
};

int ctl_check_tier_name(const struct ctl *ctl, const char *name)
{
	const char *c;

	for (c = name; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			break;
	}
	if (c == name || *c || c - name > MAX_NAME)
		return ctl_bad_usage(ctl, "tier: name '%s': accepted: 1 to %d characters of A-Z a-z 0-9 . _ -, neither all nor none",
				     name, MAX_NAME);
	return 0;
}

int ctl_fail_of_tier(const struct ctl *ctl, int error, const char *name)
{
	if (error != -ENOENT)
		return ctl_fail_lib(ctl, error, "tier %s", name);
	return ctl_fail(ctl, error, "tier %s: %s; vmswapctl tier list tells which there are",
			name, vmswap_strerror_ext(ctl->h));
}

void ctl_warn_of_size(const struct ctl *ctl, const char *name, uint64_t size)
{
	char wanted[CTL_SIZE_LEN], there[CTL_SIZE_LEN];
	struct vmswap_host *host;

	if (vmswap_host_get(ctl->h, &host))
		return;
	if (size > host->ram_total)
		ctl_warn(ctl, "tier %s: its size of %s is more than the %s of RAM of this host, which run out before the tier is full",
			 name, ctl_format_size(size, ctl->bytes, wanted),
			 ctl_format_size(host->ram_total, ctl->bytes, there));
	vmswap_host_free(host);
}

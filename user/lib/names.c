// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <string.h>

#include "vmswap.h"

static const char *const tier_kinds[] = {
	[VMSWAP_TIER_KIND_RAM] = "ram",
	[VMSWAP_TIER_KIND_BLOCK] = "block",
	[VMSWAP_TIER_KIND_USER] = "user",
	[VMSWAP_TIER_KIND_NULL] = "null",
};

static const char *const tier_states[] = {
	[VMSWAP_TIER_STATE_ONLINE] = "online",
	[VMSWAP_TIER_STATE_FULL] = "full",
	[VMSWAP_TIER_STATE_DEGRADED] = "degraded",
	[VMSWAP_TIER_STATE_DRAINING] = "draining",
	[VMSWAP_TIER_STATE_FAILED] = "failed",
};

static const char *const algos[] = {
	[VMSWAP_ALGO_LZ4] = "lz4",
	[VMSWAP_ALGO_ZSTD] = "zstd",
};

static const char *const full_actions[] = {
	[VMSWAP_FULL_ACTION_WAIT] = "wait",
	[VMSWAP_FULL_ACTION_EXCEED] = "exceed",
};

static const char *const hints[] = {
	[VMSWAP_HINTS_AUTO] = "auto",
	[VMSWAP_HINTS_OFF] = "off",
};

static const char *const event_kinds[] = {
	[VMSWAP_EVENT_KIND_VM_CREATED] = "vm-created",
	[VMSWAP_EVENT_KIND_VM_DELETED] = "vm-deleted",
	[VMSWAP_EVENT_KIND_VM_CHANGED] = "vm-changed",
	[VMSWAP_EVENT_KIND_TIER_ADDED] = "tier-added",
	[VMSWAP_EVENT_KIND_TIER_DELETED] = "tier-deleted",
	[VMSWAP_EVENT_KIND_TIER_CHANGED] = "tier-changed",
	[VMSWAP_EVENT_KIND_TIER_FULL] = "tier-full",
	[VMSWAP_EVENT_KIND_IO_ERROR] = "io-error",
	[VMSWAP_EVENT_KIND_LIMIT] = "limit",
	[VMSWAP_EVENT_KIND_DEVICE_LOST] = "device-lost",
	[VMSWAP_EVENT_KIND_HOST_CHANGED] = "host-changed",
	[VMSWAP_EVENT_KIND_PAGE_LOST] = "page-lost",
};

#define WORDS(table) { table, sizeof(table) / sizeof((table)[0]) }

static const struct words {
	const char *const *words;
	uint32_t count;
} enums[] = {
	[VMSWAP_ENUM_TIER_KIND] = WORDS(tier_kinds),
	[VMSWAP_ENUM_TIER_STATE] = WORDS(tier_states),
	[VMSWAP_ENUM_ALGO] = WORDS(algos),
	[VMSWAP_ENUM_FULL_ACTION] = WORDS(full_actions),
	[VMSWAP_ENUM_HINTS] = WORDS(hints),
	[VMSWAP_ENUM_EVENT_KIND] = WORDS(event_kinds),
};

#define NR_ENUMS	(sizeof(enums) / sizeof(enums[0]))

const char *vmswap_enum_name(enum vmswap_enum which, uint32_t value)
{
	if ((size_t)which >= NR_ENUMS || value >= enums[which].count)
		return "unknown";
	return enums[which].words[value];
}

int vmswap_enum_value(enum vmswap_enum which, const char *name,
		      uint32_t *value)
{
	uint32_t i;

	if ((size_t)which >= NR_ENUMS)
		return -EINVAL;
	for (i = 0; i < enums[which].count; i++) {
		if (!strcmp(enums[which].words[i], name)) {
			*value = i;
			return 0;
		}
	}
	return -EINVAL;
}

// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "json.h"
#include "show.h"
#include "size.h"
#include "table.h"

static const struct column columns[] = {
	{ "TIER" }, { "KIND" }, { "RANK", true }, { "SIZE", true },
	{ "USED", true }, { "PAGES", true }, { "STORED", true }, { "STATE" },
	{ "ERRORS", true }, { "PATH" },
};

#define NR_COLUMNS	(sizeof(columns) / sizeof(columns[0]))

static void add_row(const struct ctl *ctl, struct libscols_table *table,
		    const struct vmswap_tier *t)
{
	char rank[16], size[CTL_SIZE_LEN], used[CTL_SIZE_LEN], pages[24];
	char stored[CTL_SIZE_LEN], errors[24];
	const char *const values[NR_COLUMNS] = {
		t->name, vmswap_enum_name(VMSWAP_ENUM_TIER_KIND, t->kind),
		rank, ctl_format_size(t->size, ctl->bytes, size),
		ctl_format_size(t->used, ctl->bytes, used), pages,
		ctl_format_size(t->stored_bytes, ctl->bytes, stored),
		vmswap_enum_name(VMSWAP_ENUM_TIER_STATE, t->state), errors,
		t->path,
	};

	snprintf(rank, sizeof(rank), "%u", t->rank);
	snprintf(pages, sizeof(pages), "%llu", (unsigned long long)t->pages);
	snprintf(errors, sizeof(errors), "%llu", (unsigned long long)t->errors);
	ctl_table_row(table, values, NR_COLUMNS);
}

void ctl_show_tiers(const struct ctl *ctl, struct vmswap_tier *const *tiers,
		    size_t count)
{
	struct libscols_table *table;
	size_t i;

	if (!count) {
		printf("No tier. Add one: vmswapctl tier add ram0 ram\n");
		return;
	}
	table = ctl_table(columns, NR_COLUMNS);
	for (i = 0; i < count; i++)
		add_row(ctl, table, tiers[i]);
	ctl_table_print(table);
}

int ctl_tier_list(struct ctl *ctl)
{
	struct vmswap_tier **tiers;
	size_t count;
	int ret;

	if (ctl_open(ctl))
		return CTL_FAILED;
	ret = vmswap_tier_list(ctl->h, &tiers, &count);
	if (ret)
		return ctl_fail_lib(ctl, ret, "tiers");
	if (ctl->json)
		ctl_json_print(ctl_json_tiers(tiers, count));
	else
		ctl_show_tiers(ctl, tiers, count);
	vmswap_tier_list_free(tiers, count);
	return CTL_DONE;
}

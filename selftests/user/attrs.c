// SPDX-License-Identifier: GPL-2.0
/*
 * The tables of the library against the specification: every attribute, in its
 * order, with its type.  Reads the few forms of YAML that the file uses.
 */
#include <stdlib.h>
#include <string.h>

#include "attrs.h"
#include "ktap.h"

static const struct attr_set *const sets[] = {
	&vmswap_leaks_attr_set, &vmswap_host_attr_set, &vmswap_tier_attr_set,
	&vmswap_region_attr_set, &vmswap_vm_tier_attr_set,
	&vmswap_vm_stats_attr_set, &vmswap_vm_attr_set, &vmswap_range_attr_set,
	&vmswap_event_attr_set,
};

#define NR_SETS	(sizeof(sets) / sizeof(sets[0]))

static const char *const types[] = {
	[ATTR_U8] = "u8", [ATTR_U32] = "u32", [ATTR_U64] = "u64",
	[ATTR_STRING] = "string", [ATTR_FLAG] = "flag",
	[ATTR_HIST] = "binary", [ATTR_NEST] = "nest",
	[ATTR_NEST_MULTI] = "nest multi",
};

struct wanted {
	char name[64];
	char type[32];
	char nest[64];
};

static const struct attr_set *current;
static unsigned int index_in_set, sets_seen;
static struct wanted wanted;
static bool well = true;

static bool same(const struct attr_desc *desc)
{
	return desc->name && !strcmp(desc->name, wanted.name) &&
	       !strcmp(types[desc->type], wanted.type) &&
	       (!*wanted.nest ||
		(desc->nest && !strcmp(desc->nest->name, wanted.nest)));
}

/* The attribute that was read up to here is whole. */
static void end_attr(void)
{
	if (!*wanted.name || !current)
		return;
	index_in_set++;
	if (index_in_set > current->max ||
	    !same(&current->attrs[index_in_set])) {
		printf("# %s: attribute %u is %s (%s) in the specification\n",
		       current->name, index_in_set, wanted.name, wanted.type);
		well = false;
	}
	wanted = (struct wanted){ 0 };
}

static void end_set(void)
{
	end_attr();
	if (!current)
		return;
	if (index_in_set != current->max) {
		printf("# %s: %u attributes in the specification, %u in the table\n",
		       current->name, index_in_set, current->max);
		well = false;
	}
	check(well, current->name);
	well = true;
	sets_seen++;
}

static void begin_set(const char *name)
{
	size_t i;

	end_set();
	current = NULL;
	index_in_set = 0;
	for (i = 0; i < NR_SETS; i++) {
		if (!strcmp(sets[i]->name, name))
			current = sets[i];
	}
	if (!current)
		check(false, name);
}

static void read_line(char *line)
{
	line[strcspn(line, "\n")] = 0;
	if (!strncmp(line, "    name: ", 10)) {
		begin_set(line + 10);
	} else if (!strncmp(line, "        name: ", 14)) {
		end_attr();
		snprintf(wanted.name, sizeof(wanted.name), "%s", line + 14);
	} else if (!strncmp(line, "        type: ", 14)) {
		snprintf(wanted.type, sizeof(wanted.type), "%s", line + 14);
	} else if (!strcmp(line, "        multi-attr: true")) {
		strcat(wanted.type, " multi");
	} else if (!strncmp(line, "        nested-attributes: ", 27)) {
		snprintf(wanted.nest, sizeof(wanted.nest), "%s", line + 27);
	}
}

int main(void)
{
	FILE *file = fopen(SPEC, "r");
	bool in_sets = false;
	char line[512];

	if (!file) {
		perror(SPEC);
		return 1;
	}
	while (fgets(line, sizeof(line), file)) {
		if (line[0] != ' ' && line[0] != '\n')
			in_sets = !strncmp(line, "attribute-sets:", 15);
		else if (in_sets)
			read_line(line);
	}
	end_set();
	fclose(file);
	check(sets_seen == NR_SETS, "every set is in the specification");
	return ktap_end();
}

// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include <libsmartcols.h>

#include "size.h"
#include "table.h"

struct libscols_table *ctl_table(const struct column *columns, size_t count)
{
	struct libscols_table *table = scols_new_table();
	size_t i;

	if (!table)
		abort();
	for (i = 0; i < count; i++) {
		if (!scols_table_new_column(table, columns[i].name, 0,
					    columns[i].right ? SCOLS_FL_RIGHT :
					    0))
			abort();
	}
	return table;
}

void ctl_table_row(struct libscols_table *table, const char *const *values,
		   size_t count)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	size_t i;

	if (!line)
		abort();
	for (i = 0; i < count; i++) {
		if (scols_line_set_data(line, i, values[i] ? values[i] : "-"))
			abort();
	}
}

void ctl_table_print(struct libscols_table *table)
{
	fflush(stdout);
	scols_print_table(table);
	scols_unref_table(table);
}

struct libscols_table *ctl_list(void)
{
	static const struct column columns[] = { { "NAME" }, { "VALUE" } };
	struct libscols_table *list = ctl_table(columns, 2);

	scols_table_enable_noheadings(list, 1);
	return list;
}

void ctl_list_text(struct libscols_table *list, const char *name,
		   const char *value)
{
	const char *const values[] = { name, value };

	ctl_table_row(list, values, 2);
}

void ctl_list_size(struct libscols_table *list, const char *name, bool present,
		   uint64_t size, bool exact)
{
	char buf[CTL_SIZE_LEN];

	ctl_list_text(list, name,
		      present ? ctl_format_size(size, exact, buf) : NULL);
}

void ctl_list_number(struct libscols_table *list, const char *name,
		     bool present, uint64_t number)
{
	char buf[CTL_SIZE_LEN];

	snprintf(buf, sizeof(buf), "%llu", (unsigned long long)number);
	ctl_list_text(list, name, present ? buf : NULL);
}

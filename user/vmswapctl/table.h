/* SPDX-License-Identifier: GPL-2.0 */
/* Tables and lists for people. */
#ifndef VMSWAPCTL_TABLE_H
#define VMSWAPCTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct libscols_table;

struct column {
	const char *name;
	bool right;
};

/* Out of memory ends the program: a table is all that is left to do. */
struct libscols_table *ctl_table(const struct column *columns, size_t count);
/* @values: one for each column; NULL is shown as "-". */
void ctl_table_row(struct libscols_table *table, const char *const *values,
		   size_t count);
/* Prints, and gives the table up. */
void ctl_table_print(struct libscols_table *table);

/* Lines "NAME  VALUE". */
struct libscols_table *ctl_list(void);
void ctl_list_text(struct libscols_table *list, const char *name,
		   const char *value);
void ctl_list_size(struct libscols_table *list, const char *name, bool present,
		   uint64_t size, bool exact);
void ctl_list_number(struct libscols_table *list, const char *name,
		     bool present, uint64_t number);

#endif

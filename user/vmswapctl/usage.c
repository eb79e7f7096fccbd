// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "keys.h"

/* One line per form: " | " separates them. */
static void print_forms(const struct command *c)
{
	const char *args = c->args;
	const char *end;
	int len;

	do {
		end = strstr(args, " | ");
		len = end ? (int)(end - args) : (int)strlen(args);
		printf("  %s%s%s%s%.*s%s\n", c->noun, c->verb ? " " : "",
		       c->verb ? c->verb : "", len ? " " : "", len, args,
		       c->run == ctl_not_yet ? "  (not yet)" : "");
		args += len + 3;
	} while (end);
}

static void print_keys(const struct command *c)
{
	char accepted[CTL_ACCEPTED_LEN];
	size_t i;

	printf("\nKeys:\n");
	for (i = 0; i < c->nr_keys; i++)
		printf("  %-12s %s%s\n", c->keys[i].name,
		       ctl_key_accepted(&c->keys[i], accepted),
		       c->keys[i].parse ? "" : "  (not yet)");
}

/* Whether the first @count words name @c. */
static bool is_named(const struct command *c, const struct ctl *ctl, int count)
{
	return (count < 1 || !strcmp(c->noun, ctl->argv[0])) &&
	       (count < 2 || !c->verb || !strcmp(c->verb, ctl->argv[1]));
}

static const struct command *find_named(const struct ctl *ctl, int count)
{
	size_t i;

	for (i = 0; i < ctl_nr_commands; i++) {
		if (is_named(&ctl_commands[i], ctl, count))
			return &ctl_commands[i];
	}
	return NULL;
}

void ctl_print_usage(const struct ctl *ctl)
{
	int count = ctl->argc < 2 ? ctl->argc : 2;
	const struct command *first;
	size_t i;

	/* As many of the words as mean something. */
	while (!(first = find_named(ctl, count)))
		count--;
	printf("Usage: vmswapctl [-j] [-b] COMMAND...\n\n");
	if (!count)
		printf("  (none)  show the tiers and the VMs\n");
	for (i = 0; i < ctl_nr_commands; i++) {
		if (is_named(&ctl_commands[i], ctl, count))
			print_forms(&ctl_commands[i]);
	}
	if (count == 2 && first->keys)
		print_keys(first);
	printf("\n  -j, --json     JSON\n  -b, --bytes    sizes in bytes\n");
	printf("  -h, --help     this; behind a command, what it takes\n");
	printf("  -V, --version  the version\n");
	printf("\nSizes take K, M, G, T (powers of 1024).  VM is an id, a name, a path, or name:NAME.\n");
	printf("A VM ends when its file is removed (rm) and nobody has it open.\n");
	printf("vmswapctl(8) tells more.\n");
}

int ctl_bad_args(const struct ctl *ctl, const struct command *command)
{
	return ctl_bad_usage(ctl, "%s%s%s: %d word%s given; usage: vmswapctl %s%s%s%s%s",
			     command->noun, command->verb ? " " : "",
			     command->verb ? command->verb : "", ctl->argc,
			     ctl_plural(ctl->argc),
			     command->noun, command->verb ? " " : "",
			     command->verb ? command->verb : "",
			     *command->args ? " " : "", command->args);
}

int ctl_not_yet(struct ctl *ctl)
{
	const struct command *c = ctl->command;

	return ctl_fail_not_yet(ctl, "command", "%s%s%s", c->noun,
				c->verb ? " " : "", c->verb ? c->verb : "");
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>

#include "ctl.h"

void ctl_print_usage(void)
{
	size_t i;

	printf("Usage: vmswapctl [-j] [-b] COMMAND...\n\n");
	printf("  (none)  show the tiers and the VMs\n");
	for (i = 0; i < ctl_nr_commands; i++) {
		const struct command *c = &ctl_commands[i];

		printf("  %s%s%s%s%s%s\n", c->noun, c->verb ? " " : "",
		       c->verb ? c->verb : "", *c->args ? " " : "", c->args,
		       c->run == ctl_not_yet ? "  (not yet)" : "");
	}
	printf("\n  -j, --json   JSON\n  -b, --bytes  sizes in bytes\n");
	printf("\nSizes take K, M, G, T (powers of 1024).  VM is an id, a name, a path, or name:NAME.\n");
	printf("vmswapctl(8) tells more.\n");
}

int ctl_bad_args(const struct ctl *ctl, const struct command *command)
{
	return ctl_bad_usage(ctl, "%s%s%s: %d words given; usage: vmswapctl %s%s%s %s",
			     command->noun, command->verb ? " " : "",
			     command->verb ? command->verb : "", ctl->argc,
			     command->noun, command->verb ? " " : "",
			     command->verb ? command->verb : "",
			     command->args);
}

int ctl_not_yet(struct ctl *ctl)
{
	return ctl_fail(ctl, -EOPNOTSUPP, "not yet: this command is not built");
}

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VMSWAPCTL_RANGE_H
#define VMSWAPCTL_RANGE_H

#include "ctl.h"

struct range {
	bool all;
	uint64_t offset;
	uint64_t length;
};

/*
 * "all", or OFFSET LENGTH: multiples of the page size.  @object begins the messages.
 * 0 or CTL_USAGE.
 */
int ctl_parse_range(const struct ctl *ctl, const char *object,
		    char *const *words, int count, struct range *range);

#endif

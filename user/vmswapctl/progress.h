/* SPDX-License-Identifier: GPL-2.0 */
/* How far a long command is, for people who watch it on a terminal. */
#ifndef VMSWAPCTL_PROGRESS_H
#define VMSWAPCTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what;
	bool shown;		/* a line is on the screen */
	uint64_t total;
	uint64_t before;	/* done in ranges that came earlier */
	uint64_t start;		/* of this range */
};

/* A vmswap_progress_fn; @arg is a struct progress. */
int ctl_progress(uint64_t offset, void *arg);
void ctl_progress_end(struct progress *progress);

#endif

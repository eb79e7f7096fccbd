// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <unistd.h>

#include "progress.h"

int ctl_progress(uint64_t offset, void *arg)
{
	struct progress *p = arg;
	double done = p->before + (offset - p->start);

	if (!p->total || !isatty(STDERR_FILENO))
		return 0;
	fprintf(stderr, "\r%s %3.0f %%", p->what, 100 * done / p->total);
	fflush(stderr);
	p->shown = true;
	return 0;
}

void ctl_progress_end(struct progress *progress)
{
	if (progress->shown)
		fprintf(stderr, "\r\033[K");
	progress->shown = false;
}

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VMSWAPCTL_NEAREST_H
#define VMSWAPCTL_NEAREST_H

#include <stddef.h>

/* Insertions, deletions, replacements and swaps of neighbours. */
unsigned int ctl_edit_distance(const char *a, const char *b);

/*
 * The word with the least distance, the first of several; NULL when it is not
 * near enough to be meant.  @count > 0.
 */
const char *ctl_nearest(const char *word, const char *const *words,
			size_t count);

#endif

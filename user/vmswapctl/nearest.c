// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "nearest.h"

/* Longer words are cut: they are not typing errors of ours. */
#define MAX_LEN	63

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

unsigned int ctl_edit_distance(const char *a, const char *b)
{
	unsigned int d[MAX_LEN + 1][MAX_LEN + 1];
	size_t i, j, m = strnlen(a, MAX_LEN), n = strnlen(b, MAX_LEN);

	for (i = 0; i <= m; i++)
		d[i][0] = i;
	for (j = 0; j <= n; j++)
		d[0][j] = j;
	for (i = 1; i <= m; i++) {
		for (j = 1; j <= n; j++) {
			unsigned int other = a[i - 1] != b[j - 1];

			d[i][j] = least(d[i - 1][j - 1] + other,
					least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[m][n];
}

/* One error in three letters, or one word begins with the other. */
static bool is_near(const char *word, const char *other, unsigned int distance)
{
	size_t m = strlen(word), n = strlen(other);

	return distance * 3 <= m || !strncmp(word, other, m < n ? m : n);
}

const char *ctl_nearest(const char *word, const char *const *words,
			size_t count)
{
	unsigned int distance, best = UINT_MAX;
	const char *nearest = words[0];
	size_t i;

	for (i = 0; i < count; i++) {
		distance = ctl_edit_distance(word, words[i]);
		if (distance < best) {
			best = distance;
			nearest = words[i];
		}
	}
	return is_near(word, nearest, best) ? nearest : NULL;
}

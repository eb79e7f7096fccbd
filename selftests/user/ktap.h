/* SPDX-License-Identifier: GPL-2.0 */
/* Cases of a test program: each check is one; the plan comes at the end. */
#ifndef SELFTESTS_USER_KTAP_H
#define SELFTESTS_USER_KTAP_H

#include <stdbool.h>
#include <stdio.h>

static int ktap_cases, ktap_failures;

static inline void check(bool well, const char *name)
{
	if (!ktap_cases)
		printf("KTAP version 1\n");
	ktap_failures += !well;
	printf("%s %d %s\n", well ? "ok" : "not ok", ++ktap_cases, name);
	fflush(stdout);
}

/* Exit status of the program. */
static inline int ktap_end(void)
{
	printf("1..%d\n", ktap_cases);
	return ktap_failures || !ktap_cases;
}

#endif

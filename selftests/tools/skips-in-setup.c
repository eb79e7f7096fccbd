// SPDX-License-Identifier: GPL-2.0
/* skips-in-setup.c - for runner-self-test: what a fixture's setup skips is not run. */
#define TEST_NO_TIER
#include "../test-lib.h"

FIXTURE(skips)
{
	int unused;
};

FIXTURE_SETUP(skips)
{
	SKIP(return, "%s", "nothing is there");
}

FIXTURE_TEARDOWN(skips)
{
	abort();
}

TEST_F(skips, in_setup)
{
	abort();
}

VMSWAP_TEST_MAIN_NO_TIER

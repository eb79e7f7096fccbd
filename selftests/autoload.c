// SPDX-License-Identifier: GPL-2.0
/*
 * autoload.c - who asks for the file system or for the netlink family gets the module.
 * The test host has no other names for it than those in the module itself.
 */
#define TEST_NO_TIER
#include "test-lib.h"
#include "module.h"

FIXTURE(unloaded)
{
	char dir[64];
};

FIXTURE_SETUP(unloaded)
{
	strcpy(self->dir, "/tmp/vmswap-test.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	if (loaded()) {
		ASSERT_EQ(0, unload_soon());
	}
}

/* Other tests of this test host need it. */
FIXTURE_TEARDOWN(unloaded)
{
	umount(self->dir);
	rmdir(self->dir);
	EXPECT_EQ(0, load());
}

TEST_F(unloaded, mount_loads)
{
	char command[128];

	snprintf(command, sizeof(command), "mount -t vmswapfs none %s", self->dir);
	ASSERT_FALSE(loaded());
	EXPECT_EQ(0, system(command));
	EXPECT_TRUE(loaded());
}

TEST_F(unloaded, vmswapctl_loads)
{
	ASSERT_FALSE(loaded());
	EXPECT_EQ(0, system("vmswapctl vm list >/dev/null"));
	EXPECT_TRUE(loaded());
}

TEST_HARNESS_MAIN

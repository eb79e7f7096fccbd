/* SPDX-License-Identifier: GPL-2.0 */
/* vmswapfs.h - what tests of the file system have in common: a mount; one file, mapped. */
#ifndef SELFTESTS_VMSWAPFS_H
#define SELFTESTS_VMSWAPFS_H

#include "test-lib.h"

#define FILE_PAGES	64
#define FILE_SIZE	(FILE_PAGES * PAGE)

FIXTURE(fs)
{
	struct test_mount mnt;
};

FIXTURE_SETUP(fs)
{
	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
}

FIXTURE_TEARDOWN(fs)
{
	EXPECT_EQ(0, test_umount(&self->mnt));
}

/* One file, mapped. */
FIXTURE(file)
{
	struct test_mount mnt;
	int fd;
	uint8_t *mem;
	uint64_t rnd;
};

FIXTURE_SETUP(file)
{
	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
	self->fd = file_make(&self->mnt, "vm", FILE_SIZE);
	ASSERT_LE(0, self->fd);
	self->mem = map_shared(self->fd, FILE_SIZE);
	ASSERT_NE(MAP_FAILED, self->mem);
	self->rnd = test_seed;
}

FIXTURE_TEARDOWN(file)
{
	munmap(self->mem, FILE_SIZE);
	close(self->fd);
	EXPECT_EQ(0, test_umount(&self->mnt));
}

static inline bool evict_pages(int fd, unsigned int n)
{
	unsigned int i;

	evict(fd, 0, n * PAGE);
	for (i = 0; i < n; i++)
		if (!evict_page(fd, i * PAGE))
			return false;
	return true;
}

#endif /* SELFTESTS_VMSWAPFS_H */

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
	self->fd = mapped_open(&self->mnt, NULL, FILE_SIZE, &self->mem);
	ASSERT_LE(0, self->fd);
	self->rnd = test_seed;
}

FIXTURE_TEARDOWN(file)
{
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, FILE_SIZE));
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

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * race.h - what tests of eviction have in common: one file, mapped, and threads that
 * work against the test.
 */
#ifndef SELFTESTS_RACE_H
#define SELFTESTS_RACE_H

#include "opponent.h"
#include "test-lib.h"

#define FILE_PAGES	64
#define FILE_SIZE	(FILE_PAGES * PAGE)

/* Rounds of a race; more with VMSWAP_ROUNDS. */
static inline long rounds(long n)
{
	const char *text = getenv("VMSWAP_ROUNDS");

	return text ? atol(text) * n : n;
}

FIXTURE(race)
{
	struct test_mount mnt;
	int fd;
	uint8_t *mem;
};

FIXTURE_SETUP(race)
{
	self->fd = mapped_open(&self->mnt, NULL, FILE_SIZE, &self->mem);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(race)
{
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, FILE_SIZE));
}

/* Where nothing is left others get the CPU, to bring something in. */
static inline void evict_some(struct opponent *o, size_t length)
{
	struct vmswap_ranges res;

	if (!ranges_ioctl(o->fd, VMSWAP_IOC_EVICT, 0, length, &res) && res.done_pages)
		atomic_fetch_add(&o->evictions, 1);
	else
		sched_yield();
}

static inline void evict_all(struct opponent *o)
{
	evict_some(o, FILE_SIZE);
}

static inline void evict_first(struct opponent *o)
{
	evict_some(o, PAGE);
}

static inline void prefetch_all(struct opponent *o)
{
	prefetch(o->fd, 0, FILE_SIZE);
}

#endif /* SELFTESTS_RACE_H */

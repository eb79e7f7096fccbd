/* SPDX-License-Identifier: GPL-2.0 */
/*
 * race.h - what tests of eviction have in common: one file, mapped, and threads that
 * work against the test.
 */
#ifndef SELFTESTS_RACE_H
#define SELFTESTS_RACE_H

#include <pthread.h>
#include <stdatomic.h>

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
	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
	self->fd = file_make(&self->mnt, "vm", FILE_SIZE);
	ASSERT_LE(0, self->fd);
	self->mem = map_shared(self->fd, FILE_SIZE);
	ASSERT_NE(MAP_FAILED, self->mem);
}

FIXTURE_TEARDOWN(race)
{
	munmap(self->mem, FILE_SIZE);
	close(self->fd);
	EXPECT_EQ(0, test_umount(&self->mnt));
}

/* Threads that work against the test until it is over. */
struct opponent {
	pthread_t thread;
	void (*fn)(struct opponent *o);
	int fd;
	uint8_t *mem;
	atomic_bool stop;
	atomic_long n;
	atomic_long evictions;	/* commands that have evicted something */
};

static inline void *opponent_loop(void *arg)
{
	struct opponent *o = arg;

	while (!atomic_load(&o->stop)) {
		o->fn(o);
		atomic_fetch_add(&o->n, 1);
	}
	return NULL;
}

static inline void opponent_start(struct opponent *o, void (*fn)(struct opponent *o), int fd,
				  uint8_t *mem)
{
	memset(o, 0, sizeof(*o));
	o->fn = fn;
	o->fd = fd;
	o->mem = mem;
	pthread_create(&o->thread, NULL, opponent_loop, o);
	/* It has begun before the test goes on. */
	while (!atomic_load(&o->n))
		sched_yield();
}

static inline long opponent_end(struct opponent *o)
{
	atomic_store(&o->stop, true);
	pthread_join(o->thread, NULL);
	return o->n;
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

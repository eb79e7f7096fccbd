/* SPDX-License-Identifier: GPL-2.0 */
/* opponent.h - threads that do one thing again and again while a test does another. */
#ifndef SELFTESTS_OPPONENT_H
#define SELFTESTS_OPPONENT_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

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

#endif /* SELFTESTS_OPPONENT_H */

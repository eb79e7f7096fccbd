// SPDX-License-Identifier: GPL-2.0
/*
 * throughput - how many pages are brought in per second by several threads, each
 * in a part of the memory of its own.
 *
 *	throughput THREADS MEMORY...
 *
 * The pages are in the compressed store before; each is touched once, in random
 * order.  The controller has as many handlers as there are CPUs, or one.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

#define THREADS_MAX	16

struct worker {
	pthread_t thread;
	struct memory *m;
	uint32_t *order;
	size_t n;
	pthread_barrier_t *start;
	uint64_t begin, end;
};

static size_t pages;
static unsigned int rounds, threads;

static void *touch(void *arg)
{
	struct worker *w = arg;

	pthread_barrier_wait(w->start);
	w->begin = now_ns();
	memory_write(w->m, w->order, w->n);
	w->end = now_ns();
	return NULL;
}

/*
 * From when the first begins, once all are there, until the last has ended; by their own
 * clocks, since whoever waits for them gets no CPU meanwhile.
 */
static uint64_t touch_all(struct memory *m)
{
	struct worker w[THREADS_MAX];
	pthread_barrier_t start;
	size_t share = pages / threads, i, j;
	uint64_t begin = UINT64_MAX, end = 0;

	pthread_barrier_init(&start, NULL, threads);
	for (i = 0; i < threads; i++) {
		w[i] = (struct worker){ .m = m, .n = share, .start = &start,
					.order = order_make(share, true) };
		for (j = 0; j < share; j++)
			w[i].order[j] += i * share;
		if (pthread_create(&w[i].thread, NULL, touch, &w[i]))
			bench_die("no thread");
	}
	for (i = 0; i < threads; i++) {
		pthread_join(w[i].thread, NULL);
		begin = w[i].begin < begin ? w[i].begin : begin;
		end = w[i].end > end ? w[i].end : end;
		free(w[i].order);
	}
	return end - begin;
}

static void run(const struct memory_ops *ops, enum page_class class, unsigned int handlers)
{
	struct memory m = { .granule = 1, .handlers = handlers };
	size_t touched = pages / threads * threads;
	struct figure f;
	char row[48];
	uint64_t ns, before;
	unsigned int i;

	memory_open(&m, ops, pages);
	snprintf(row, sizeof(row), "throughput-%u", threads);
	f = (struct figure){ .row = row, .subject = ops->name, .setting = m.setting,
			     .class = class_names[class], .access = "write", .unit = "pages/s" };
	memory_fill(&m, class);
	for (i = 0; i < rounds; i++) {
		memory_evict_all(&m);
		before = ops->ins(&m);
		ns = touch_all(&m);
		before = ops->ins(&m) - before;
		if (before != touched)
			bench_die("%s: %lu pages were brought in, %zu were touched",
				  ops->name, before, touched);
		figure_add(&f, touched * 1e9 / ns);
		memory_verify(&m, class);
	}
	figure_print(&f);
	memory_close(&m);
}

int main(int argc, char **argv)
{
	enum page_class class;
	int i;

	pages = 8 * env_number("BENCH_PAGES", 2048);	/* for many slices of the scheduler */
	rounds = env_number("BENCH_ROUNDS", 5);
	threads = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	if (!threads || threads > THREADS_MAX)
		bench_die("usage: throughput THREADS MEMORY...");
	for (i = 2; i < argc; i++) {
		const struct memory_ops *ops = memory_kind(argv[i]);
		unsigned int cpus = sysconf(_SC_NPROCESSORS_ONLN);

		for (class = 0; class < CLASSES; class++) {
			run(ops, class, 1);
			if (!strncmp(ops->name, "controller", 10) && cpus > 1)
				run(ops, class, cpus);
		}
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * throughput - how many pages are brought in per second by several threads, each
 * in a part of the memory of its own.
 *
 *	throughput THREADS MEMORY...
 *
 * The pages are in the compressed store before; each is touched once, in random
 * order.  The controller has as many handlers as there are CPUs, or one; native swap reads
 * no neighbours.
 *
 *	throughput THREADS processor
 *
 * What the processors themselves give: each thread decompresses pages of its own into a
 * page of its own, in user space, and enters the kernel not once.
 */
#include <lz4.h>
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

/* ------------------------------------------------------------- nothing is shared */

/* A thread's own pages, which it goes through again and again. */
#define OWN_PAGES	256

struct computer {
	pthread_t thread;
	pthread_barrier_t *start;
	unsigned int number;	/* of the thread */
	size_t n;		/* pages to decompress */
	uint64_t begin, end;
	char page[PAGE];
	char packed[OWN_PAGES][LZ4_COMPRESSBOUND(PAGE)];
	int length[OWN_PAGES];
};

static void *compute(void *arg)
{
	struct computer *c = arg;
	size_t i;

	for (i = 0; i < OWN_PAGES; i++) {
		page_make(c->page, CLASS_TEXT, c->number * OWN_PAGES + i);
		c->length[i] = LZ4_compress_default(c->page, c->packed[i], PAGE,
						    sizeof(c->packed[i]));
	}
	pthread_barrier_wait(c->start);
	c->begin = now_ns();
	for (i = 0; i < c->n; i++)
		if (LZ4_decompress_safe(c->packed[i % OWN_PAGES], c->page,
					c->length[i % OWN_PAGES], PAGE) != PAGE)
			bench_die("LZ4: a page of its own does not decompress");
	c->end = now_ns();
	return NULL;
}

/* As touch_all(). */
static uint64_t compute_all(struct computer *c)
{
	uint64_t begin = UINT64_MAX, end = 0;
	pthread_barrier_t start;
	unsigned int i;

	pthread_barrier_init(&start, NULL, threads);
	for (i = 0; i < threads; i++) {
		c[i].start = &start;
		c[i].number = i;
		c[i].n = pages / threads;
		if (pthread_create(&c[i].thread, NULL, compute, &c[i]))
			bench_die("no thread");
	}
	for (i = 0; i < threads; i++) {
		pthread_join(c[i].thread, NULL);
		begin = c[i].begin < begin ? c[i].begin : begin;
		end = c[i].end > end ? c[i].end : end;
	}
	return end - begin;
}

static void run_processor(void)
{
	struct computer *c = calloc(threads, sizeof(*c));
	char row[48];
	struct figure f = { .row = row, .subject = "processor", .setting = "nothing shared",
			    .class = class_names[CLASS_TEXT], .access = "write",
			    .unit = "pages/s" };
	unsigned int i;

	if (!c)
		bench_die("no memory for %u threads", threads);
	snprintf(row, sizeof(row), "throughput-%u", threads);
	for (i = 0; i < rounds; i++)
		figure_add(&f, pages / threads * threads * 1e9 / compute_all(c));
	figure_print(&f);
	free(c);
}

/* ------------------------------------------------------------- the kinds of memory */

static void run(const struct memory_ops *ops, enum page_class class, unsigned int handlers)
{
	struct memory m = { .granule = 1, .handlers = handlers };
	struct native_setting native;
	size_t touched = pages / threads * threads;
	struct figure f;
	char row[48];
	uint64_t ns, before;
	unsigned int i;

	if (ops->native && !native_setting_use(&native, 0))
		bench_die("%s: page-cluster cannot be set", ops->name);
	memory_open(&m, ops, pages);
	if (ops->native)
		strcpy(m.setting, native.name);
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

static void run_classes(const struct memory_ops *ops)
{
	unsigned int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	enum page_class class;

	for (class = 0; class < CLASSES; class++) {
		run(ops, class, 1);
		if (!strncmp(ops->name, "controller", 10) && cpus > 1)
			run(ops, class, cpus);
	}
}

int main(int argc, char **argv)
{
	int i;

	pages = 8 * env_number("BENCH_PAGES", 2048);	/* for many slices of the scheduler */
	rounds = env_number("BENCH_ROUNDS", 5);
	threads = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	if (!threads || threads > THREADS_MAX)
		bench_die("usage: throughput THREADS MEMORY...|processor");
	for (i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "processor"))
			run_processor();
		else
			run_classes(memory_kind(argv[i]));
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * zipf - in a guest: tasks that touch pages, some of them much more often.
 *
 *	zipf TASKS MIB SECONDS
 *
 * The rank of a page follows Zipf's law with exponent 0.99; where the pages of a
 * rank lie is random.  One access in four is a write.  After each interval of
 * SECONDS a line "zipf: OPERATIONS NANOSECONDS" is printed, until it is killed.
 * Numbers are drawn before, so that only memory is measured.  A page knows its number
 * and how often it was written, which each access compares: it ends when one is wrong.
 */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

#define EXPONENT	0.99
#define TASKS_MAX	64
/*
 * Of each task, then the same again.  Eight tasks with 1 << 15 touched no more than 33042
 * of 49152 pages, 129 MiB, which nearly fit; with these it is nearly all of them.
 */
#define DRAWS		(1u << 18)

struct task {
	pthread_t thread;
	uint32_t *draws;
	volatile uint64_t done;
	char pad[64];
};

static struct task tasks[TASKS_MAX];
static uint8_t *memory;
static _Atomic uint32_t *written;	/* of each page, how often at least */
static size_t pages;

/* Sums of the probabilities of the ranks up to each. */
static double *make_sums(void)
{
	double *sums = malloc(pages * sizeof(*sums)), sum = 0;
	size_t i;

	if (!sums)
		bench_die("no memory");
	for (i = 0; i < pages; i++) {
		sum += pow(i + 1, -EXPONENT);
		sums[i] = sum;
	}
	return sums;
}

static size_t draw(const double *sums, uint64_t *random)
{
	double u = (bench_random(random) >> 11) / (double)(1ull << 53) * sums[pages - 1];
	size_t low = 0, high = pages - 1;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (sums[middle] < u)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void make_draws(struct task *task, const double *sums, const uint32_t *place, uint64_t seed)
{
	size_t i;

	task->draws = malloc(DRAWS * sizeof(*task->draws));
	if (!task->draws)
		bench_die("no memory");
	for (i = 0; i < DRAWS; i++)
		task->draws[i] = place[draw(sums, &seed)];
}

struct head {
	_Atomic uint32_t written;
	_Atomic uint32_t number;
};

/* The page is written before that is counted, and looked at after the count was read. */
static void touch(uint32_t page, bool write)
{
	struct head *head = (void *)(memory + page * PAGE);
	uint32_t least = atomic_load(&written[page]), is, number;

	if (write)
		is = atomic_fetch_add(&head->written, 1);
	else
		is = atomic_load(&head->written);
	number = atomic_load(&head->number);
	if (is < least || number != page)
		bench_die("page %u is wrong: number %u, written %u times, not %u", page, number,
			  is, least);
	if (write)
		atomic_fetch_add(&written[page], 1);
}

static void *run(void *arg)
{
	struct task *task = arg;
	size_t i;

	for (i = 0;; i++) {
		touch(task->draws[i % DRAWS], i % 4 == 0);
		task->done++;
	}
	return NULL;
}

static uint64_t all_done(unsigned int n)
{
	uint64_t sum = 0;

	while (n--)
		sum += tasks[n].done;
	return sum;
}

int main(int argc, char **argv)
{
	unsigned int n = argc == 4 ? strtoul(argv[1], NULL, 10) : 0, i;
	unsigned int seconds = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	uint64_t done = 0, now, before, then;
	uint32_t *place;
	double *sums;
	size_t page;

	if (!n || n > TASKS_MAX || !seconds)
		bench_die("usage: zipf TASKS MIB SECONDS");
	pages = strtoul(argv[2], NULL, 10) * MIB / PAGE;
	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		bench_die_errno("%zu pages", pages);
	/* In the guest as under it: small pages. */
	madvise(memory, pages * PAGE, MADV_NOHUGEPAGE);
	sums = make_sums();
	place = order_make(pages, true);
	for (i = 0; i < n; i++)
		make_draws(&tasks[i], sums, place, i);
	free(sums);
	written = calloc(pages, sizeof(*written));
	if (!written)
		bench_die("no memory");
	for (page = 0; page < pages; page++) {
		struct head *head = (void *)(memory + page * PAGE);

		page_make(head, CLASS_RANDOM, page);
		atomic_store(&head->written, 0);
		atomic_store(&head->number, page);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < n; i++)
		if (pthread_create(&tasks[i].thread, NULL, run, &tasks[i]))
			bench_die("no thread");
	before = now_ns();
	for (;;) {
		sleep(seconds);
		then = all_done(n);
		now = now_ns();
		printf("zipf: %lu %lu\n", then - done, now - before);
		done = then;
		before = now;
	}
}

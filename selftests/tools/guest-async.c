// SPDX-License-Identifier: GPL-2.0
/*
 * In a guest with one CPU: one task reads pages that the host has taken away,
 * another one looks at the clock. Does the second go on while the first waits?
 *
 *	out	range OFFSET LENGTH	... of the guest's memory that is to be taken
 *		filled
 *	in	(any line)
 *	out	touched N slow N waited-us N looks N stood N errors N
 *
 * slow are reads that took longer than any without a device, looks what the other
 * task did meanwhile. The CPU stood at a read when one gap between two looks was longer
 * than half of the read: without async page faults it is all of it. A busy machine makes
 * reads and gaps longer, but not one gap out of many.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE_BYTES	4096ul
#define BUFFER_BYTES	(2ul << 20)
#define STRIDE		(8 * PAGE_BYTES)
#define SLOW_NS		30000000ll
#define PRESENT		(1ull << 63)
#define PFN_MASK	((1ull << 55) - 1)

static volatile uint64_t looks;
static volatile int64_t last_look, longest_gap;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void *look_on(void *arg)
{
	last_look = now_ns();
	for (;;) {
		int64_t now = now_ns(), gap = now - last_look;

		if (gap > longest_gap)
			longest_gap = gap;
		last_look = now;
		looks++;
	}
	return arg;
}

/* The longest since it was set to 0, the one that lasts included. */
static int64_t gap_until(int64_t end)
{
	int64_t gap = end - last_look;

	return gap > longest_gap ? gap : longest_gap;
}

static uint64_t content(size_t offset)
{
	return (offset + 1) * 0x9e3779b97f4a7c15ull;
}

static void fill(uint8_t *buffer)
{
	size_t i;

	for (i = 0; i < BUFFER_BYTES; i += sizeof(uint64_t))
		*(uint64_t *)(buffer + i) = content(i);
}

/* Where the page at @address lies in the memory of this machine. */
static uint64_t physical(int pagemap, const void *address)
{
	off_t at = (uintptr_t)address / PAGE_BYTES * sizeof(uint64_t);
	uint64_t entry;

	if (pread(pagemap, &entry, sizeof(entry), at) != sizeof(entry) ||
	    !(entry & PRESENT) || !(entry & PFN_MASK)) {
		printf("failed: the pagemap does not tell where memory lies\n");
		exit(1);
	}
	return (entry & PFN_MASK) * PAGE_BYTES;
}

static void print_ranges(const uint8_t *buffer)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	uint64_t first = 0, length = 0;
	size_t i;

	for (i = 0; i < BUFFER_BYTES; i += PAGE_BYTES) {
		uint64_t at = physical(pagemap, buffer + i);

		if (length && at != first + length) {
			printf("range %llu %llu\n", (unsigned long long)first,
			       (unsigned long long)length);
			length = 0;
		}
		if (!length)
			first = at;
		length += PAGE_BYTES;
	}
	printf("range %llu %llu\n", (unsigned long long)first,
	       (unsigned long long)length);
	close(pagemap);
}

static void touch(const uint8_t *buffer)
{
	unsigned int touched = 0, slow = 0, stood = 0, errors = 0;
	uint64_t progress = 0;
	int64_t waited = 0;
	size_t i;

	for (i = 0; i < BUFFER_BYTES; i += STRIDE) {
		uint64_t before = looks, found;
		int64_t start = now_ns(), end, took;

		longest_gap = 0;
		found = *(volatile const uint64_t *)(buffer + i);
		end = now_ns();
		took = end - start;
		touched++;
		errors += found != content(i);
		if (took < SLOW_NS)
			continue;
		slow++;
		waited += took;
		progress += looks - before;
		stood += gap_until(end) > took / 2;
	}
	printf("touched %u slow %u waited-us %lld looks %llu stood %u errors %u\n",
	       touched, slow, (long long)waited / 1000, (unsigned long long)progress,
	       stood, errors);
}

int main(void)
{
	pthread_t thread;
	uint8_t *buffer;
	char line[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	buffer = aligned_alloc(BUFFER_BYTES, BUFFER_BYTES);
	if (!buffer)
		return 1;
	/* One piece of the host's file, most likely. */
	madvise(buffer, BUFFER_BYTES, MADV_HUGEPAGE);
	fill(buffer);
	print_ranges(buffer);
	printf("filled\n");
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	if (pthread_create(&thread, NULL, look_on, NULL))
		return 1;
	touch(buffer);
	return 0;
}

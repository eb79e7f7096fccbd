// SPDX-License-Identifier: GPL-2.0
/*
 * In a guest with one CPU: one task reads pages that the host has taken away,
 * another one looks at the clock. Does the second go on while the first waits?
 *
 *	out	range OFFSET LENGTH	... of the guest's memory that is to be taken
 *		filled
 *	in	(any line)
 *	out	touched N slow N waited-us N looks N stalls N errors N
 *
 * slow are reads that took longer than any without a device, looks what the other
 * task did meanwhile. A stall is a gap between two of its looks: nothing ran on
 * the CPU, as the first task runs for some microseconds only.
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

static volatile uint64_t looks, stalls;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void *look_on(void *arg)
{
	int64_t last = now_ns();

	for (;;) {
		int64_t now = now_ns();

		stalls += now - last >= SLOW_NS;
		last = now;
		looks++;
	}
	return arg;
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
	unsigned int touched = 0, slow = 0, errors = 0;
	uint64_t progress = 0, stalls_before = stalls;
	int64_t waited = 0;
	size_t i;

	for (i = 0; i < BUFFER_BYTES; i += STRIDE) {
		uint64_t before = looks, found;
		int64_t start = now_ns(), took;

		found = *(volatile const uint64_t *)(buffer + i);
		took = now_ns() - start;
		touched++;
		errors += found != content(i);
		if (took < SLOW_NS)
			continue;
		slow++;
		waited += took;
		progress += looks - before;
	}
	printf("touched %u slow %u waited-us %lld looks %llu stalls %llu errors %u\n",
	       touched, slow, (long long)waited / 1000, (unsigned long long)progress,
	       (unsigned long long)(stalls - stalls_before), errors);
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

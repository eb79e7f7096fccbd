// SPDX-License-Identifier: GPL-2.0
/*
 * In a guest: hold memory with known content for the host to take away.
 *
 *	in: fill MIB	out: filled MIB
 *	in: verify	out: verified PAGES errors PAGES
 *	in: free	out: freed
 *	in: end
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_BYTES	4096ul
#define PAGE_WORDS	(PAGE_BYTES / sizeof(uint64_t))
#define WORD_STEP	8		/* all of a page's cache lines */

static uint64_t *memory;
static size_t size, seed;

static uint64_t content(size_t i)
{
	uint64_t x = (seed << 40 ^ i) + 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	return x ^ x >> 27;
}

static void fill(size_t mib)
{
	size_t i;

	size = mib << 20;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		printf("failed: no memory\n");
		exit(1);
	}
	/* Another content each time: what comes back late is not taken for good. */
	seed++;
	for (i = 0; i < size / sizeof(uint64_t); i += WORD_STEP)
		memory[i] = content(i);
	printf("filled %zu\n", mib);
}

static int is_right(size_t page)
{
	size_t first = page * PAGE_WORDS, i;

	for (i = first; i < first + PAGE_WORDS; i += WORD_STEP)
		if (memory[i] != content(i))
			return 0;
	return 1;
}

static void verify(void)
{
	size_t pages = size / PAGE_BYTES, errors = 0, i;

	for (i = 0; i < pages; i++)
		errors += !is_right(i);
	printf("verified %zu errors %zu\n", pages, errors);
}

int main(void)
{
	char line[64];
	size_t mib;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready\n");
	while (fgets(line, sizeof(line), stdin) && strcmp(line, "end\n")) {
		if (sscanf(line, "fill %zu", &mib) == 1) {
			fill(mib);
		} else if (!strcmp(line, "verify\n")) {
			verify();
		} else if (!strcmp(line, "free\n")) {
			munmap(memory, size);
			printf("freed\n");
		} else {
			printf("failed: %s", line);
			return 1;
		}
	}
	return 0;
}

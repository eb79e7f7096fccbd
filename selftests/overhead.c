// SPDX-License-Identifier: GPL-2.0
/*
 * overhead.c - what a VM costs beside its own pages: nothing for memory that was
 * never touched, 8 bytes for each page of memory that was, as the gauge says and as
 * the machine's free memory shows.
 *
 * One page of each piece of memory that a page of words describes is touched, and
 * made to leave: it repeats one word, so no tier holds anything of it.
 */
#include "test-lib.h"

#define WORDS_IN_PAGE	(PAGE / 8)
#define LEAF		(WORDS_IN_PAGE * PAGE)	/* guest memory that a page of words describes */
#define SIZE		(64 * GIB)
#define LEAVES		(SIZE / LEAF)
#define SMALL		(64ul << 10)

static uint64_t mem_free(void)
{
	unsigned long kib = 0;
	char line[128];
	FILE *f;

	write_file("/proc/sys/vm/drop_caches", "3");
	f = fopen("/proc/meminfo", "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemFree: %lu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return (uint64_t)kib << 10;
}

static uint64_t overhead(int fd)
{
	struct vmswap_vm_stat stat;

	return vm_stat(fd, &stat) ? 0 : stat.overhead;
}

static bool touch_and_evict(int fd)
{
	struct vmswap_vm_stat stat;
	uint8_t page[PAGE];
	uint64_t i;

	page_make(page, PAGE_SAME_FILLED, 1);
	for (i = 0; i < LEAVES; i++)
		if (pwrite(fd, page, PAGE, i * LEAF) != PAGE)
			return false;
	/* Some pages may be held for a moment. */
	for (i = 0; i < 1000; i++) {
		if (evict(fd, 0, SIZE) || vm_stat(fd, &stat))
			return false;
		if (!stat.resident)
			return true;
	}
	return false;
}

TEST(untouched)
{
	int fd = vm_create("untouched", 1024 * GIB);

	ASSERT_LE(0, fd);
	ASSERT_NE(0, overhead(fd));
	ASSERT_LT(overhead(fd), SMALL);
	close(fd);
}

TEST(touched)
{
	uint64_t before, gauge, free_before, taken;
	int fd = vm_create("touched", SIZE);

	ASSERT_LE(0, fd);
	before = overhead(fd);
	free_before = mem_free();
	ASSERT_TRUE(touch_and_evict(fd));
	taken = free_before - mem_free();
	gauge = overhead(fd) - before;
	printf("# per GiB of touched guest memory: %llu KiB by the gauge, %llu KiB less free\n",
	       (unsigned long long)(gauge / (SIZE / GIB) >> 10),
	       (unsigned long long)(taken / (SIZE / GIB) >> 10));
	ASSERT_EQ(LEAVES * PAGE, gauge);
	/* Nodes that find the words, lists of CPUs, and what else the machine did. */
	ASSERT_LT(taken, gauge + gauge / 5);
	ASSERT_GT(taken, gauge - gauge / 5);
	close(fd);
}

VMSWAP_TEST_MAIN

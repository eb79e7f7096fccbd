// SPDX-License-Identifier: GPL-2.0
/* granule.c - which pages come in with the one that is touched. */
#include <linux/falloc.h>

#include "test-lib.h"
#include "tracing.h"

#define FILE_PAGES	2048
#define FILE_SIZE	(FILE_PAGES * PAGE)
#define GRANULE		16

FIXTURE(granule)
{
	struct test_mount mnt;
	struct vmswap_vm_stat stat;
	int fd;
	uint8_t *mem;
};

FIXTURE_SETUP(granule)
{
	self->fd = mapped_open(&self->mnt, NULL, FILE_SIZE, &self->mem);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, vm_stat(self->fd, &self->stat));
}

FIXTURE_TEARDOWN(granule)
{
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, FILE_SIZE));
}

static int vm_limit(uint64_t vm, uint64_t limit)
{
	return policy_once(policy_vm_limit, vm, limit);
}

static uint64_t resident_pages(int fd)
{
	struct vmswap_vm_stat stat;

	return vm_stat(fd, &stat) ? 0 : stat.resident / PAGE;
}

static bool page_filled(const uint8_t *mem, unsigned int i)
{
	return page_is(mem + i * PAGE, PAGE_COMPRESSIBLE, test_seed + i);
}

/* ------------------------------------------------------------- the settings */

TEST_F(granule, accepts_and_refuses)
{
	uint64_t vm = self->stat.id;
	uint32_t n;

	for (n = 1; n <= 512; n *= 2) {
		EXPECT_EQ(0, policy_once_vm_set(vm, VMSWAP_A_VM_GRANULE, n));
	}
	EXPECT_EQ(-ERANGE, policy_once_vm_set(vm, VMSWAP_A_VM_GRANULE, 0));
	EXPECT_EQ(-EINVAL, policy_once_vm_set(vm, VMSWAP_A_VM_GRANULE, 3));
	EXPECT_EQ(-EINVAL, policy_once_vm_set(vm, VMSWAP_A_VM_GRANULE, 511));
	EXPECT_EQ(-ERANGE, policy_once_vm_set(vm, VMSWAP_A_VM_GRANULE, 1024));
	EXPECT_EQ(0, policy_once_vm_set(vm, VMSWAP_A_VM_PREFETCH, 0));
	EXPECT_EQ(0, policy_once_vm_set(vm, VMSWAP_A_VM_PREFETCH, 3));
	EXPECT_EQ(0, policy_once_vm_set(vm, VMSWAP_A_VM_PREFETCH, 512));
	EXPECT_EQ(-ERANGE, policy_once_vm_set(vm, VMSWAP_A_VM_PREFETCH, 513));
}

/* -------------------------------------------------------- pages never touched */

TEST_F(granule, untouched_come_along)
{
	unsigned int i;

	self->mem[5 * PAGE] = 1;
	EXPECT_EQ(GRANULE, resident_pages(self->fd));
	for (i = 0; i < GRANULE; i++) {
		EXPECT_TRUE(is_resident(self->fd, i * PAGE));
		EXPECT_TRUE(is_zero(self->mem + i * PAGE + 1, PAGE - 1));
	}
	ASSERT_EQ(0, policy_once_vm_set(self->stat.id, VMSWAP_A_VM_GRANULE, 1));
	self->mem[GRANULE * PAGE] = 1;
	EXPECT_EQ(GRANULE + 1, resident_pages(self->fd));
	ASSERT_EQ(0, policy_once_vm_set(self->stat.id, VMSWAP_A_VM_GRANULE, 512));
	EXPECT_EQ(0, self->mem[FILE_SIZE - 1]);
	EXPECT_EQ(GRANULE + 1 + 512, resident_pages(self->fd));
}

/* One fault for all of them, whether it writes or reads. */
TEST_F(granule, untouched_are_mapped)
{
	struct vmswap_vm_stat stat;
	unsigned int i;

	for (i = 0; i < FILE_PAGES / 2; i++)
		self->mem[i * PAGE] = i;
	for (; i < FILE_PAGES; i++)
		EXPECT_EQ(0, self->mem[i * PAGE]);
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(FILE_PAGES / GRANULE, stat.faults_zero);
	EXPECT_EQ(0, stat.faults_minor);
	for (i = 0; i < FILE_PAGES / 2; i++)
		ASSERT_EQ((uint8_t)i, self->mem[i * PAGE]);
}

/* What was written after it was mapped unasked is not lost. */
TEST_F(granule, written_when_mapped)
{
	unsigned int i;

	EXPECT_EQ(0, self->mem[0]);
	write_class(self->mem, PAGE_COMPRESSIBLE, FILE_PAGES);
	ASSERT_TRUE(evict_each(self->fd, FILE_PAGES));
	for (i = 0; i < FILE_PAGES; i++)
		ASSERT_TRUE(page_filled(self->mem, i));
}

/* A balloon gives away single pages: a neighbour's fault does not bring them back. */
TEST_F(granule, discarded_stay_away)
{
	write_class(self->mem, PAGE_COMPRESSIBLE, GRANULE);
	ASSERT_EQ(0, discard(self->fd, 0, GRANULE * PAGE));
	self->mem[3 * PAGE] = 1;
	EXPECT_EQ(1, resident_pages(self->fd));
}

/* Nobody leaves for a page that was not asked for. */
TEST_F(granule, not_beyond_the_low_mark)
{
	const unsigned int limit = 256;
	unsigned int i;

	ASSERT_EQ(0, vm_limit(self->stat.id, limit * PAGE));
	for (i = 0; i < FILE_PAGES && resident_pages(self->fd) < limit - GRANULE; i += GRANULE)
		self->mem[i * PAGE] = 1;
	ASSERT_GT(FILE_PAGES, i);
	EXPECT_EQ(limit - GRANULE, resident_pages(self->fd));
	/* The worker may run from here; none of what it takes comes back unasked. */
	self->mem[i * PAGE] = 1;
	EXPECT_TRUE(is_resident(self->fd, i * PAGE));
	EXPECT_GE(limit - GRANULE + 1, resident_pages(self->fd));
}

/* --------------------------------------------------------------- swapped pages */

static uint64_t majors(int fd)
{
	struct vmswap_vm_stat stat;

	return vm_stat(fd, &stat) ? 0 : stat.faults_major;
}

TEST_F(granule, sequence_is_read_ahead)
{
	unsigned int i;

	write_class(self->mem, PAGE_COMPRESSIBLE, FILE_PAGES);
	ASSERT_TRUE(evict_each(self->fd, FILE_PAGES));
	for (i = 0; i < FILE_PAGES; i++)
		ASSERT_TRUE(page_filled(self->mem, i));
	EXPECT_GE(4, majors(self->fd));
	EXPECT_EQ(FILE_PAGES, resident_pages(self->fd));
}

TEST_F(granule, no_prefetch_reads_one)
{
	unsigned int i;

	ASSERT_EQ(0, policy_once_vm_set(self->stat.id, VMSWAP_A_VM_PREFETCH, 0));
	write_class(self->mem, PAGE_COMPRESSIBLE, FILE_PAGES);
	ASSERT_TRUE(evict_each(self->fd, FILE_PAGES));
	for (i = 0; i < FILE_PAGES; i++)
		ASSERT_TRUE(page_filled(self->mem, i));
	EXPECT_EQ(FILE_PAGES, majors(self->fd));
}

/* Without order nothing is read ahead: what is in memory was touched. */
TEST_F(granule, no_order_no_reading)
{
	unsigned int i;

	write_class(self->mem, PAGE_COMPRESSIBLE, FILE_PAGES);
	ASSERT_TRUE(evict_each(self->fd, FILE_PAGES));
	for (i = 0; i < FILE_PAGES / 4; i++) {
		/* 1013 is prime: each page once, and no two neighbours in sequence. */
		unsigned int page = i * 1013 % FILE_PAGES;

		ASSERT_TRUE(page_filled(self->mem, page));
	}
	EXPECT_EQ(FILE_PAGES / 4, resident_pages(self->fd));
	EXPECT_EQ(FILE_PAGES / 4, majors(self->fd));
}

TEST_F(granule, unused_leave_first)
{
	const unsigned int used = 40, others = 512, nr_others = 400;
	unsigned int i, ahead = 0, kept = 0;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	write_class(self->mem, PAGE_COMPRESSIBLE, FILE_PAGES);
	ASSERT_TRUE(evict_each(self->fd, FILE_PAGES));
	/* A CPU's batch of new pages holds them until others come after them. */
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(cpus), &cpus));
	for (i = 0; i < used; i++)
		ASSERT_TRUE(page_filled(self->mem, i));
	for (; is_resident(self->fd, i * PAGE); i++)
		ahead++;
	/* In an order that opens no window. */
	for (i = 0; i < nr_others; i++)
		ASSERT_TRUE(page_filled(self->mem, others + i * 149 % nr_others));
	EXPECT_LE(4, ahead);
	/* The worker goes 32 pages further. */
	ASSERT_EQ(0, vm_limit(self->stat.id, (used + nr_others) * PAGE));
	/* Those up to the window's marker were mapped, and so count as used. */
	for (i = used + ahead - ahead / 4; i < used + ahead; i++)
		EXPECT_FALSE(is_resident(self->fd, i * PAGE));
	for (i = others; i < others + nr_others; i++)
		kept += is_resident(self->fd, i * PAGE);
	EXPECT_LE(nr_others - 64, kept);
}

/* -------------------------------------------------------------- as it is traced */

struct seen {
	unsigned long long vm;
	unsigned int zero, minor, major;
	unsigned int others;
	unsigned long ahead;			/* pages */
};

static void take_fault(const char *line, void *arg)
{
	const char *at = strstr(line, "vmswap_fault: ");
	struct seen *seen = arg;
	unsigned long long vm;
	unsigned int region;
	unsigned long index;
	char kind[8];

	if (!at || sscanf(at, "vmswap_fault: vm=%llu region=%u index=%lu kind=%7s", &vm,
			  &region, &index, kind) != 4)
		return;
	if (vm != seen->vm || region || index >= FILE_PAGES)
		seen->others++;
	else if (!strcmp(kind, "zero"))
		seen->zero++;
	else if (!strcmp(kind, "minor"))
		seen->minor++;
	else if (!strcmp(kind, "major"))
		seen->major++;
}

static void take_ahead(const char *line, void *arg)
{
	const char *at = strstr(line, "vmswap_ahead: ");
	struct seen *seen = arg;
	unsigned long long vm;
	unsigned int region;
	unsigned long index, nr;

	if (!at || sscanf(at, "vmswap_ahead: vm=%llu region=%u index=%lu nr=%lu", &vm, &region,
			  &index, &nr) != 4)
		return;
	if (vm != seen->vm || region || index + nr > FILE_PAGES)
		seen->others++;
	else
		seen->ahead += nr;
}

/* A line for each fault that is counted, and for each window. */
TEST_F(granule, traced)
{
	struct seen seen = { .vm = self->stat.id };
	struct vmswap_vm_stat stat;
	unsigned int i;

	ASSERT_EQ(0, trace_begin("vmswap/vmswap_ahead", NULL));
	ASSERT_EQ(0, trace_begin("vmswap/vmswap_fault", NULL));
	write_class(self->mem, PAGE_COMPRESSIBLE, FILE_PAGES);
	ASSERT_TRUE(evict_each(self->fd, FILE_PAGES));
	for (i = 0; i < FILE_PAGES; i++)
		ASSERT_TRUE(page_filled(self->mem, i));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	trace_end("vmswap/vmswap_fault");
	trace_end("vmswap/vmswap_ahead");
	ASSERT_EQ(0, trace_lines(take_fault, &seen));
	ASSERT_EQ(0, trace_lines(take_ahead, &seen));
	EXPECT_EQ(0, seen.others);
	EXPECT_EQ(stat.faults_zero, seen.zero);
	EXPECT_EQ(stat.faults_minor, seen.minor);
	EXPECT_EQ(stat.faults_major, seen.major);
	EXPECT_EQ(FILE_PAGES - stat.faults_major, seen.ahead);
}

VMSWAP_TEST_MAIN

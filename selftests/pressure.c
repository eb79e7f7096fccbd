// SPDX-License-Identifier: GPL-2.0
/*
 * pressure.c - the host runs out of memory: a VM without a limit, larger than the
 * host's memory, gives way, and nobody is killed.  For a test host of 1 GiB or less.
 * With a RAM tier alone: the devices that a test host can make are in its memory.
 */
#include <sys/sysinfo.h>

#include "cgroup.h"

#define MAX_RAM	(GIB + GIB / 4)

static uint64_t ram_bytes(void)
{
	struct sysinfo info;

	sysinfo(&info);
	return (uint64_t)info.totalram * info.mem_unit;
}

/* A number of /proc/vmstat. */
static uint64_t vmstat(const char *key)
{
	char buf[16384], *line, *rest = buf;
	size_t len = strlen(key);

	if (file_read("/proc/vmstat", buf, sizeof(buf)) < 0)
		return UINT64_MAX;
	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, key, len) && line[len] == ' ')
			return strtoull(line + len, NULL, 10);
	return UINT64_MAX;
}

FIXTURE(pressure)
{
	struct test_mount mnt;
	uint64_t size, killed;
	uint8_t *mem;
	int fd;
};

FIXTURE_SETUP(pressure)
{
	if (ram_bytes() > MAX_RAM)
		SKIP(return, "%s", "the test host has too much memory");
	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
	self->size = (ram_bytes() + ram_bytes() / 4) & -MIB;
	self->fd = file_make(&self->mnt, "vm", self->size);
	ASSERT_LE(0, self->fd);
	self->mem = map_shared(self->fd, self->size);
	ASSERT_NE(MAP_FAILED, self->mem);
	self->killed = vmstat("oom_kill");
}

FIXTURE_TEARDOWN(pressure)
{
	if (ram_bytes() > MAX_RAM)
		return;
	munmap(self->mem, self->size);
	close(self->fd);
	EXPECT_EQ(0, test_umount(&self->mnt));
}

static void write_pages(uint8_t *mem, size_t pages)
{
	size_t i;

	for (i = 0; i < pages; i++)
		page_make(mem + i * PAGE, PAGE_COMPRESSIBLE, test_seed + i);
}

static size_t wrong_pages(const uint8_t *mem, size_t pages)
{
	size_t i, wrong = 0;

	for (i = 0; i < pages; i++)
		wrong += !page_is(mem + i * PAGE, PAGE_COMPRESSIBLE, test_seed + i);
	return wrong;
}

static void print_figures(int fd)
{
	struct vmswap_vm_stat s = {};

	vm_stat(fd, &s);
	printf("# size %llu MiB, resident %llu, swapped %llu, of RAM %llu\n",
	       (unsigned long long)(s.size / MIB), (unsigned long long)(s.resident / MIB),
	       (unsigned long long)(s.swapped / MIB), (unsigned long long)(ram_bytes() / MIB));
}

/* The faults of the VM itself are what takes the memory. */
TEST_F(pressure, larger_than_memory)
{
	size_t pages = self->size / PAGE;

	write_pages(self->mem, pages);
	print_figures(self->fd);
	EXPECT_EQ(0, wrong_pages(self->mem, pages));
	EXPECT_EQ(self->killed, vmstat("oom_kill"));
}

/* Somebody else takes it, in the kernel's own ways; the VM is idle. */
TEST_F(pressure, others_get_memory)
{
	size_t pages = ram_bytes() * 6 / 10 / PAGE, hog = ram_bytes() * 6 / 10, at;
	struct vmswap_vm_stat before, after;
	uint8_t *mem;

	write_pages(self->mem, pages);
	ASSERT_EQ(0, vm_stat(self->fd, &before));
	mem = mmap(NULL, hog, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, mem);
	for (at = 0; at < hog; at += PAGE)
		mem[at] = at / PAGE;
	ASSERT_EQ(0, vm_stat(self->fd, &after));
	print_figures(self->fd);
	EXPECT_GT(before.resident, after.resident + hog / 3);
	for (at = 0; at < hog; at += PAGE)
		ASSERT_EQ((uint8_t)(at / PAGE), mem[at]);
	munmap(mem, hog);
	EXPECT_EQ(0, wrong_pages(self->mem, pages));
	EXPECT_EQ(self->killed, vmstat("oom_kill"));
}

VMSWAP_TEST_MAIN

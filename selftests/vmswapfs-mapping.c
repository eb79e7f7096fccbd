// SPDX-License-Identifier: GPL-2.0
/* vmswapfs-mapping.c - files mapped by an unmodified VMM: mmap and its kin, advice. */
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/mempolicy.h>
#include <linux/userfaultfd.h>

#include "vmswapfs.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif

/* ---------------------------------------------------------------------- mapping */

TEST_F(file, map_at_chosen_address)
{
	uint8_t *room = mmap(NULL, FILE_SIZE + 2 * MIB, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t *at, *mem;

	ASSERT_NE(MAP_FAILED, room);
	at = (uint8_t *)(((uintptr_t)room + 2 * MIB - 1) & ~(2 * MIB - 1));
	mem = mmap(at, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_SHARED, self->fd, 0);
	ASSERT_EQ(at, mem);
	fill_pages(self->mem, FILE_PAGES);
	EXPECT_TRUE(pages_filled(mem, FILE_PAGES));
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES));
	EXPECT_TRUE(pages_filled(mem, FILE_PAGES));
	munmap(room, FILE_SIZE + 2 * MIB);
}

TEST_F(file, private_writable_refused)
{
	uint8_t *mem;

	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, self->fd, 0));
	EXPECT_EQ(EINVAL, errno);
	page_make(self->mem, PAGE_RANDOM, 1);
	mem = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, self->fd, 0);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_TRUE(page_is(mem, PAGE_RANDOM, 1));
	EXPECT_EQ(-1, mprotect(mem, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	munmap(mem, PAGE);
}

TEST_F(fs, private_allowed)
{
	uint8_t *mem, *shared;
	int fd;

	ASSERT_EQ(0, mount_again(&self->mnt, "private=allow"));
	fd = file_make(&self->mnt, "vm", PAGE);
	ASSERT_LE(0, fd);
	shared = map_shared(fd, PAGE);
	page_make(shared, PAGE_RANDOM, 1);
	mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_TRUE(page_is(mem, PAGE_RANDOM, 1));
	page_make(mem, PAGE_RANDOM, 2);
	EXPECT_TRUE(page_is(shared, PAGE_RANDOM, 1));
	EXPECT_TRUE(evict_page(fd, 0));
	/* The copy is its owner's, the page the file's. */
	EXPECT_TRUE(page_is(mem, PAGE_RANDOM, 2));
	EXPECT_TRUE(page_is(shared, PAGE_RANDOM, 1));
	munmap(mem, PAGE);
	munmap(shared, PAGE);
	close(fd);
}

TEST_F(file, read_only_descriptor)
{
	int fd = open(path_in(&self->mnt, "vm"), O_RDONLY);
	uint8_t *mem;

	ASSERT_LE(0, fd);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	EXPECT_EQ(EACCES, errno);
	page_make(self->mem, PAGE_RANDOM, 1);
	EXPECT_TRUE(evict_page(self->fd, 0));
	mem = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_TRUE(page_is(mem, PAGE_RANDOM, 1));
	EXPECT_EQ(-1, mprotect(mem, PAGE, PROT_READ | PROT_WRITE));
	munmap(mem, PAGE);
	close(fd);
}

/*
 * What Cloud Hypervisor does with its file=, shared=on: it looks for the size, maps,
 * and gives back what its balloon gets.
 */
static uint8_t *map_as_cloud_hypervisor(const char *path, int *fd)
{
	struct stat st;

	*fd = open(path, O_RDWR | O_CLOEXEC);
	if (*fd < 0 || fstat(*fd, &st) || st.st_size != FILE_SIZE ||
	    lseek(*fd, 0, SEEK_END) != FILE_SIZE || lseek(*fd, 0, SEEK_SET))
		return MAP_FAILED;
	return mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, *fd, 0);
}

static bool give_back(int fd, uint8_t *mem, unsigned int page)
{
	return !fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, page * PAGE, PAGE) &&
	       !madvise(mem + page * PAGE, PAGE, MADV_DONTNEED);
}

TEST_F(fs, cloud_hypervisor)
{
	unsigned int i, kept = FILE_PAGES / 2;
	char command[512];
	uint8_t *mem;
	int fd;

	snprintf(command, sizeof(command), "vmswapctl vm create %s %zu",
		 path_in(&self->mnt, "vm"), FILE_SIZE);
	ASSERT_EQ(0, system(command));
	mem = map_as_cloud_hypervisor(path_in(&self->mnt, "vm"), &fd);
	ASSERT_NE(MAP_FAILED, mem);
	fill_pages(mem, FILE_PAGES);
	ASSERT_TRUE(evict_pages(fd, FILE_PAGES));
	EXPECT_TRUE(pages_filled(mem, FILE_PAGES));
	/* Of what the balloon gets every other page is in memory. */
	for (i = kept; i < FILE_PAGES; i += 2)
		ASSERT_TRUE(evict_page(fd, i * PAGE));
	for (i = kept; i < FILE_PAGES; i++)
		ASSERT_TRUE(give_back(fd, mem, i));
	EXPECT_EQ(VMSWAP_PAGE_ZERO, page_state(fd, kept * PAGE));
	EXPECT_EQ(VMSWAP_PAGE_ZERO, page_state(fd, (kept + 1) * PAGE));
	EXPECT_TRUE(is_zero(mem + kept * PAGE, FILE_SIZE - kept * PAGE));
	ASSERT_TRUE(evict_pages(fd, FILE_PAGES));
	EXPECT_TRUE(pages_filled(mem, kept));
	EXPECT_TRUE(is_zero(mem + kept * PAGE, FILE_SIZE - kept * PAGE));
	/* The balloon gives it again. */
	fill_pages(mem, FILE_PAGES);
	ASSERT_TRUE(evict_pages(fd, FILE_PAGES));
	EXPECT_TRUE(pages_filled(mem, FILE_PAGES));
	munmap(mem, FILE_SIZE);
	close(fd);
}

static int watch(int uffd, void *at)
{
	struct uffdio_register range = {
		.range = { .start = (uintptr_t)at, .len = PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	return ioctl(uffd, UFFDIO_REGISTER, &range) ? -errno : 0;
}

/* Postcopy and background snapshots ask for it, and are told so before they begin. */
TEST_F(file, userfaultfd_refused)
{
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = { .api = UFFD_API };
	void *other = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_API, &api));
	EXPECT_EQ(0, watch(uffd, other));
	EXPECT_EQ(-EINVAL, watch(uffd, self->mem));
	close(uffd);
	munmap(other, PAGE);
}

TEST_F(file, mremap)
{
	uint8_t *mem = map_shared(self->fd, FILE_SIZE / 2);

	ASSERT_NE(MAP_FAILED, mem);
	fill_pages(self->mem, FILE_PAGES);
	mem = mremap(mem, FILE_SIZE / 2, FILE_SIZE, MREMAP_MAYMOVE);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES));
	EXPECT_TRUE(pages_filled(mem, FILE_PAGES));
	mem = mremap(mem, FILE_SIZE, PAGE, 0);
	ASSERT_NE(MAP_FAILED, mem);
	munmap(mem, PAGE);
}

TEST_F(file, fork)
{
	int status, i;
	pid_t pid;

	fill_pages(self->mem, FILE_PAGES);
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES / 2));
	pid = fork();
	if (!pid) {
		bool ok = pages_filled(self->mem, FILE_PAGES);

		for (i = 0; i < FILE_PAGES; i++)
			page_make(self->mem + i * PAGE, PAGE_RANDOM, 77 + i);
		_exit(!ok);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	for (i = 0; i < FILE_PAGES; i++) {
		EXPECT_TRUE(page_is(self->mem + i * PAGE, PAGE_RANDOM, 77 + i));
	}
}

/* ---------------------------------------------------------------------- advice */

TEST_F(file, advice_accepted)
{
	static const int advice[] = {
		MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED,
		MADV_DONTFORK, MADV_DOFORK, MADV_MERGEABLE, MADV_UNMERGEABLE, MADV_HUGEPAGE,
		MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP, MADV_COLD, MADV_PAGEOUT,
		MADV_POPULATE_READ, MADV_POPULATE_WRITE,
	};
	int i;

	fill_pages(self->mem, FILE_PAGES);
	for (i = 0; i < sizeof(advice) / sizeof(advice[0]); i++) {
		EXPECT_EQ(0, madvise(self->mem, FILE_SIZE, advice[i])) {
			TH_LOG("advice %d: %s", advice[i], strerror(errno));
		}
		EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
	}
}

TEST_F(file, madv_dontneed_keeps_content)
{
	fill_pages(self->mem, FILE_PAGES);
	EXPECT_EQ(0, madvise(self->mem, FILE_SIZE, MADV_DONTNEED));
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES));
	EXPECT_EQ(0, madvise(self->mem, FILE_SIZE, MADV_DONTNEED));
	EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
}

TEST_F(file, madv_willneed_prefetches)
{
	struct vmswap_vm_stat stat;

	fill_pages(self->mem, FILE_PAGES);
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES));
	EXPECT_EQ(0, madvise(self->mem, FILE_SIZE / 2, MADV_WILLNEED));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(FILE_SIZE / 2, stat.resident);
	EXPECT_EQ(FILE_SIZE / 2, stat.swapped);
	EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
}

TEST_F(file, madv_hugepage_reads_one_page)
{
	struct vmswap_vm_stat stat;

	fill_pages(self->mem, FILE_PAGES);
	ASSERT_EQ(0, madvise(self->mem, FILE_SIZE, MADV_HUGEPAGE));
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES));
	EXPECT_TRUE(page_is(self->mem, PAGE_RANDOM, test_seed));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_GE(16 * PAGE, stat.resident);
}

TEST_F(file, madv_remove)
{
	fill_pages(self->mem, FILE_PAGES);
	EXPECT_TRUE(evict_page(self->fd, PAGE));
	EXPECT_EQ(0, madvise(self->mem, 2 * PAGE, MADV_REMOVE));
	EXPECT_TRUE(is_zero(self->mem, 2 * PAGE));
	EXPECT_TRUE(page_is(self->mem + 2 * PAGE, PAGE_RANDOM, test_seed + 2));
}

TEST_F(file, populate_write)
{
	struct vmswap_vm_stat stat;

	EXPECT_EQ(0, madvise(self->mem, FILE_SIZE, MADV_POPULATE_WRITE));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(FILE_SIZE, stat.resident);
	EXPECT_EQ(FILE_SIZE, stat.dirty);
}

TEST_F(file, mbind)
{
	unsigned long nodes = 1;

	EXPECT_EQ(0, syscall(SYS_mbind, self->mem, FILE_SIZE, MPOL_BIND, &nodes, 2ul,
			     MPOL_MF_MOVE)) {
		if (errno == ENOSYS)
			SKIP(return, "%s", "kernel without NUMA");
	}
	fill_pages(self->mem, FILE_PAGES);
	EXPECT_EQ(0, syscall(SYS_mbind, self->mem, FILE_SIZE, MPOL_PREFERRED, &nodes, 2ul,
			     MPOL_MF_MOVE));
	EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
}

TEST_F(file, fadvise)
{
	struct vmswap_vm_stat stat;
	int i;

	fill_pages(self->mem, FILE_PAGES);
	for (i = POSIX_FADV_NORMAL; i <= POSIX_FADV_NOREUSE; i++) {
		EXPECT_EQ(0, posix_fadvise(self->fd, 0, 0, i));
	}
	EXPECT_EQ(EINVAL, posix_fadvise(self->fd, 0, 0, 99));
	EXPECT_EQ(EINVAL, posix_fadvise(self->fd, 0, -1, POSIX_FADV_WILLNEED));
	EXPECT_EQ(0, posix_fadvise(self->fd, FILE_SIZE * 4, PAGE, POSIX_FADV_DONTNEED));
	EXPECT_EQ(0, posix_fadvise(self->fd, FILE_SIZE * 4, 0, POSIX_FADV_WILLNEED));
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES));
	EXPECT_EQ(0, posix_fadvise(self->fd, 0, 0, POSIX_FADV_WILLNEED));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(FILE_SIZE, stat.resident);
	EXPECT_EQ(0, posix_fadvise(self->fd, 0, 0, POSIX_FADV_DONTNEED));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_GT(FILE_SIZE, stat.resident);
	EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
}

/* EVICT and PREFETCH want a descriptor open for writing: this is no way round it. */
TEST_F(file, fadvise_read_only)
{
	int fd = open(path_in(&self->mnt, "vm"), O_RDONLY);
	struct vmswap_vm_stat stat;
	void *mem;

	ASSERT_LE(0, fd);
	fill_pages(self->mem, FILE_PAGES);
	EXPECT_EQ(0, posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	ASSERT_EQ(0, vm_stat(fd, &stat));
	EXPECT_EQ(FILE_SIZE, stat.resident);
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES));
	EXPECT_EQ(0, posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED));
	EXPECT_EQ(0, readahead(fd, 0, FILE_SIZE));
	mem = mmap(NULL, FILE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(0, madvise(mem, FILE_SIZE, MADV_WILLNEED));
	munmap(mem, FILE_SIZE);
	ASSERT_EQ(0, vm_stat(fd, &stat));
	EXPECT_EQ(0, stat.resident);
	EXPECT_EQ(EINVAL, posix_fadvise(fd, 0, 0, 99));
	close(fd);
}

VMSWAP_TEST_MAIN

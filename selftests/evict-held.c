// SPDX-License-Identifier: GPL-2.0
/* evict-held.c - eviction and what somebody holds: pinned, locked, referenced pages. */
#include <linux/if_xdp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "race.h"

/* ------------------------------------------------------------------------ pins */

/*
 * The packet memory of an XDP socket is pinned for as long as the socket lives.
 * (io_uring takes no buffers in files.)
 */
static int xdp_pin(void *mem, size_t size)
{
	struct xdp_umem_reg reg = {
		.addr = (uintptr_t)mem,
		.len = size,
		.chunk_size = PAGE,
	};
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg))) {
		int err = errno;

		close(fd);
		return -err;
	}
	return fd;
}

TEST_F(race, pinned_stays)
{
	struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	struct vmswap_ranges res;
	struct vmswap_vm_stat stat;
	int pin, i;

	setrlimit(RLIMIT_MEMLOCK, &none);
	fill_pages(self->mem, FILE_PAGES);
	ASSERT_EQ(0, evict(self->fd, 0, FILE_SIZE));
	pin = xdp_pin(self->mem, FILE_SIZE / 2);
	if (pin == -EAFNOSUPPORT)
		SKIP(return, "%s", "no XDP sockets");
	ASSERT_LE(0, pin);
	ASSERT_EQ(0, ranges_ioctl(self->fd, VMSWAP_IOC_EVICT, 0, FILE_SIZE, &res));
	EXPECT_EQ(FILE_PAGES / 2, res.kept_pinned);
	EXPECT_TRUE(page_state(self->fd, 0) & VMSWAP_PAGE_PINNED);
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(FILE_SIZE / 2, stat.pinned);
	EXPECT_LE(FILE_SIZE / 2, stat.resident);
	EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
	/* Punched while pinned: the pin keeps the old page, the file has a new one. */
	ASSERT_EQ(0, discard(self->fd, 0, PAGE));
	EXPECT_TRUE(is_zero(self->mem, PAGE));
	close(pin);
	/* The socket lets go of it in a work item. */
	for (i = 0; i < 1000 && page_state(self->fd, PAGE) & VMSWAP_PAGE_PINNED; i++)
		usleep(10000);
	EXPECT_TRUE(evict_page(self->fd, PAGE));
	EXPECT_TRUE(page_is(self->mem + PAGE, PAGE_RANDOM, test_seed + 1));
}

/* A write through a pin, after the page was unmapped, is not lost. */
TEST_F(race, write_through_pin)
{
	struct opponent evictor;
	uint8_t page[PAGE];
	int pipefd[2];
	long i, n;

	ASSERT_EQ(0, pipe(pipefd));
	opponent_start(&evictor, evict_all, self->fd, self->mem);
	for (i = 0; i < rounds(3000); i++) {
		size_t at = i % FILE_PAGES * PAGE;

		page_make(page, PAGE_RANDOM, i);
		ASSERT_EQ(PAGE, write(pipefd[1], page, PAGE));
		/* The kernel writes to the page of the address it got. */
		ASSERT_EQ(PAGE, read(pipefd[0], self->mem + at, PAGE));
		if (i % 3 == 0)
			sched_yield();
		ASSERT_TRUE(page_is(self->mem + at, PAGE_RANDOM, i)) {
			TH_LOG("round %ld", i);
		}
	}
	n = opponent_end(&evictor);
	EXPECT_LT(0, n);
	close(pipefd[0]);
	close(pipefd[1]);
}

/* vmsplice holds the page itself: what is written later shows in the pipe. */
TEST_F(race, vmsplice)
{
	struct opponent evictor;
	int pipefd[2];
	uint8_t page[PAGE];
	long i;

	ASSERT_EQ(0, pipe(pipefd));
	opponent_start(&evictor, evict_all, self->fd, self->mem);
	for (i = 0; i < rounds(1000); i++) {
		size_t at = i % FILE_PAGES * PAGE;
		struct iovec iov = { self->mem + at, PAGE };

		page_make(self->mem + at, PAGE_RANDOM, i);
		ASSERT_EQ(PAGE, vmsplice(pipefd[1], &iov, 1, 0));
		page_make(self->mem + at, PAGE_COMPRESSIBLE, i);
		sched_yield();
		ASSERT_EQ(PAGE, read(pipefd[0], page, PAGE));
		ASSERT_TRUE(page_is(page, PAGE_COMPRESSIBLE, i));
		ASSERT_TRUE(page_is(self->mem + at, PAGE_COMPRESSIBLE, i));
	}
	opponent_end(&evictor);
	close(pipefd[0]);
	close(pipefd[1]);
}

/* ----------------------------------------------------------------------- mlock */

TEST_F(race, mlocked_stays)
{
	struct vmswap_ranges res;
	struct vmswap_vm_stat stat;
	int i;

	fill_pages(self->mem, FILE_PAGES);
	ASSERT_EQ(0, evict(self->fd, 0, FILE_SIZE));
	ASSERT_EQ(0, mlock(self->mem, FILE_SIZE / 2));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, ranges_ioctl(self->fd, VMSWAP_IOC_EVICT, 0, FILE_SIZE, &res));
		EXPECT_EQ(FILE_PAGES / 2, res.kept_pinned);
	}
	for (i = 0; i < FILE_PAGES / 2; i++) {
		EXPECT_EQ(VMSWAP_PAGE_RESIDENT | VMSWAP_PAGE_PINNED,
			  page_state(self->fd, i * PAGE) &
			  (VMSWAP_PAGE_RESIDENT | VMSWAP_PAGE_PINNED));
	}
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(FILE_SIZE / 2, stat.pinned);
	EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
}

/* What is no longer locked leaves with the first command. */
TEST_F(race, munlocked_leaves)
{
	struct vmswap_ranges res;
	int i, evicted = 0;

	fill_pages(self->mem, FILE_PAGES);
	ASSERT_EQ(0, mlock(self->mem, FILE_SIZE));
	ASSERT_EQ(0, ranges_ioctl(self->fd, VMSWAP_IOC_EVICT, 0, FILE_SIZE, &res));
	EXPECT_EQ(FILE_PAGES, res.kept_pinned);
	ASSERT_EQ(0, munlock(self->mem, FILE_SIZE));
	ASSERT_EQ(0, ranges_ioctl(self->fd, VMSWAP_IOC_EVICT, 0, FILE_SIZE, &res));
	EXPECT_EQ(0, res.kept_pinned);
	for (i = 0; i < FILE_PAGES; i++)
		evicted += !is_resident(self->fd, i * PAGE);
	EXPECT_EQ(FILE_PAGES, evicted);
	EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
}

static void run_on_cpu(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

/*
 * Another CPU's batch of new pages holds them: they leave with the first command
 * all the same.  By system call, so that no more pages come than fit in a batch.
 */
TEST_F(race, other_cpu)
{
	int i, at_once = 0, n = rounds(20);
	uint8_t page[PAGE];

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "%s", "one CPU only");
	page_make(page, PAGE_RANDOM, 1);
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, discard(self->fd, 0, PAGE));
		run_on_cpu(1);
		ASSERT_EQ(PAGE, pwrite(self->fd, page, PAGE, 0));
		run_on_cpu(0);
		ASSERT_EQ(0, evict(self->fd, 0, PAGE));
		at_once += !is_resident(self->fd, 0);
	}
	/* Compaction may hold one for a moment. */
	EXPECT_LE(n * 3 / 4, at_once);
	EXPECT_TRUE(page_is(self->mem, PAGE_RANDOM, 1));
}

VMSWAP_TEST_MAIN

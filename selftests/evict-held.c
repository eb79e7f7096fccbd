// SPDX-License-Identifier: GPL-2.0
/* evict-held.c - eviction and what somebody holds: pinned, locked, referenced pages. */
#include <fcntl.h>
#include <linux/if_xdp.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "kvm.h"
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

/* Who holds a page may write to it: it is not taken for clean, and not written. */
TEST_F(race, referenced_stays_dirty)
{
	struct iovec iov = { self->mem, PAGE };
	struct vmswap_vm_stat before, after;
	struct vmswap_ranges res;
	int pipefd[2];

	ASSERT_EQ(0, pipe(pipefd));
	page_make(self->mem, PAGE_RANDOM, 1);
	ASSERT_EQ(PAGE, vmsplice(pipefd[1], &iov, 1, 0));
	ASSERT_EQ(0, vm_stat(self->fd, &before));
	ASSERT_EQ(0, ranges_ioctl(self->fd, VMSWAP_IOC_EVICT, 0, PAGE, &res));
	EXPECT_EQ(0, res.done_pages);
	EXPECT_EQ(1, res.kept_busy);
	ASSERT_EQ(0, vm_stat(self->fd, &after));
	EXPECT_EQ(before.swapout_pages, after.swapout_pages);
	EXPECT_EQ(VMSWAP_PAGE_RESIDENT | VMSWAP_PAGE_DIRTY,
		  page_state(self->fd, 0) & (VMSWAP_PAGE_RESIDENT | VMSWAP_PAGE_DIRTY));
	close(pipefd[0]);
	close(pipefd[1]);
	EXPECT_TRUE(evict_page(self->fd, 0));
	EXPECT_TRUE(page_is(self->mem, PAGE_RANDOM, 1));
}

/* ------------------------------------------------------- stores by a stale TLB */

/*
 * Who unmaps a page (here by MADV_DONTNEED) clears its entry first and flushes the TLBs
 * then, with those of its neighbours; until then a CPU may store to it.  All that shows
 * is the reference of him who will flush.  So: the zapper, on a CPU of its own, unmaps
 * many pages of which the first is the hot one; meanwhile the evictor, on the CPU whose
 * TLB has it, evicts that with some that nobody has mapped, which takes a while; in the
 * middle of that somebody of higher priority, on the same CPU, stores to it once more.
 */
#define TABLE_PAGES	512	/* of one page table */
#define BESIDE		32	/* evicted with the hot page */

struct stale {
	int fd;
	volatile uint8_t *hot;
	uint8_t *mem;
	pthread_t zapper, storer;
	atomic_bool stop;
	atomic_long asked, zapped;	/* rounds */
	atomic_ulong zap_ns;		/* how long it took last time */
	sem_t armed, stored;
	struct timespec when;
	uint8_t value;
};

static uint64_t now_ns(struct timespec *t)
{
	clock_gettime(CLOCK_MONOTONIC, t);
	return t->tv_sec * 1000000000ull + t->tv_nsec;
}

static void run_on_cpu(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

static void *zap(void *arg)
{
	struct stale *s = arg;
	struct timespec t;
	uint64_t start;
	int i;

	run_on_cpu(1);
	for (;;) {
		for (i = BESIDE; i < TABLE_PAGES; i++)
			*(volatile uint8_t *)(s->mem + i * PAGE);
		atomic_fetch_add(&s->zapped, 1);
		while (atomic_load(&s->asked) < atomic_load(&s->zapped))
			if (atomic_load(&s->stop))
				return NULL;
		start = now_ns(&t);
		madvise(s->mem, TABLE_PAGES * PAGE, MADV_DONTNEED);
		atomic_store(&s->zap_ns, now_ns(&t) - start);
	}
}

static void *store(void *arg)
{
	struct stale *s = arg;

	run_on_cpu(0);
	for (;;) {
		sem_wait(&s->armed);
		if (atomic_load(&s->stop))
			return NULL;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &s->when, NULL);
		*s->hot = s->value;
		sem_post(&s->stored);
	}
}

/* Returns what is stored of the first byte, after that was set to @value. */
static uint8_t store_while_unmapped(struct stale *s, uint8_t value, uint64_t *state)
{
	uint64_t window = atomic_load(&s->zap_ns) + 1, start, when;
	uint8_t page[PAGE];
	struct timespec t;
	int i;

	page_make(page, PAGE_RANDOM, value);
	for (i = 1; i < BESIDE; i++)
		pwrite(s->fd, page, PAGE, i * PAGE);
	*s->hot = value - 1;
	s->value = value;
	start = now_ns(&t) + rnd(state) % window;
	when = start + rnd(state) % window;
	s->when.tv_sec = when / 1000000000;
	s->when.tv_nsec = when % 1000000000;
	sem_post(&s->armed);
	atomic_fetch_add(&s->asked, 1);
	while (now_ns(&t) < start)
		;
	evict(s->fd, 0, BESIDE * PAGE);
	sem_wait(&s->stored);
	while (atomic_load(&s->zapped) <= atomic_load(&s->asked))
		sched_yield();
	return evict_page(s->fd, 0) ? *s->hot : ~value;
}

/* The first of a page table, so that all are unmapped under one lock. */
static uint8_t *map_table(int fd)
{
	uint8_t *room = mmap(NULL, 4 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *at = (uint8_t *)(((uintptr_t)room + 2 * MIB - 1) & ~(2 * MIB - 1));

	if (room == MAP_FAILED)
		return room;
	return mmap(at, TABLE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
}

TEST_F(race, store_by_stale_tlb)
{
	struct sched_param prio = { .sched_priority = 1 };
	struct stale s = { .fd = self->fd };
	uint64_t state = test_seed;
	struct vmswap_vm_stat stat;
	long i;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "%s", "one CPU only");
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	/* Only what is touched is mapped. */
	ASSERT_EQ(0, policy_once_vm_set(stat.id, VMSWAP_A_VM_GRANULE, 1));
	ASSERT_EQ(0, policy_once_vm_set(stat.id, VMSWAP_A_VM_PREFETCH, 0));
	ASSERT_EQ(0, ftruncate(self->fd, TABLE_PAGES * PAGE));
	s.mem = map_table(self->fd);
	ASSERT_NE(MAP_FAILED, s.mem);
	s.hot = s.mem;
	page_make(s.mem, PAGE_RANDOM, 1);
	run_on_cpu(0);
	ASSERT_EQ(0, sem_init(&s.armed, 0, 0));
	ASSERT_EQ(0, sem_init(&s.stored, 0, 0));
	ASSERT_EQ(0, pthread_create(&s.storer, NULL, store, &s));
	ASSERT_EQ(0, pthread_setschedparam(s.storer, SCHED_FIFO, &prio));
	ASSERT_EQ(0, pthread_create(&s.zapper, NULL, zap, &s));
	while (!atomic_load(&s.zapped))
		sched_yield();
	for (i = 0; i < rounds(500) && _metadata->passed; i++)
		EXPECT_EQ(2 + i % 250, store_while_unmapped(&s, 2 + i % 250, &state)) {
			TH_LOG("round %ld", i);
		}
	atomic_store(&s.stop, true);
	sem_post(&s.armed);
	pthread_join(s.zapper, NULL);
	pthread_join(s.storer, NULL);
	munmap(s.mem, TABLE_PAGES * PAGE);
}

/* ------------------------------------------------------- written without a trace */

#define SYSTEM_TIME	0x4b564d01	/* KVM's clock, by the address of its structure */
#define CLOCK_BYTES	32
#define CLOCK_AT	(FILE_SIZE / 2)	/* not a neighbour of what is written */

static int clock_begin(struct kvm_guest *g)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} msr = { { .nmsrs = 1 }, { .index = SYSTEM_TIME, .data = CLOCK_AT | 1 } };

	return ioctl(g->cpu, KVM_SET_MSRS, &msr) == 1 ? 0 : -EINVAL;
}

/* Its next run writes the clock: then it halts, and is left. */
static int clock_tick(struct kvm_guest *g)
{
	return ioctl(g->cpu, KVM_KVMCLOCK_CTRL) ? -errno : kvm_guest_run(g);
}

/*
 * KVM keeps the clock's page without a reference, and writes to it past the page table:
 * neither is dirty, but for its first use.
 */
TEST_F(race, kvm_clock)
{
	static const uint8_t halt[] = { X86_HLT, X86_JMP_BACK(1) };
	uint8_t before[CLOCK_BYTES], *clock = self->mem + CLOCK_AT;
	struct kvm_guest g;

	if (!kvm_usable())
		SKIP(return, "%s", "no /dev/kvm");
	memcpy(self->mem, halt, sizeof(halt));
	/* Only read: mapped, and clean. */
	ASSERT_TRUE(is_zero(clock, PAGE));
	ASSERT_FALSE(page_state(self->fd, CLOCK_AT) & VMSWAP_PAGE_DIRTY);
	ASSERT_EQ(0, kvm_guest_begin(&g, self->mem, FILE_SIZE));
	ASSERT_EQ(0, clock_begin(&g));
	ASSERT_EQ(0, clock_tick(&g));
	memcpy(before, clock, sizeof(before));
	EXPECT_FALSE(is_zero(before, sizeof(before)));
	ASSERT_TRUE(evict_page(self->fd, CLOCK_AT));
	EXPECT_EQ(0, memcmp(before, clock, sizeof(before)));
	kvm_guest_end(&g);
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

// SPDX-License-Identifier: GPL-2.0
/* evict-races.c - eviction against whoever else touches, holds or moves a page. */
#include <linux/if_xdp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <linux/falloc.h>

#include "test-lib.h"

#define FILE_PAGES	64
#define FILE_SIZE	(FILE_PAGES * PAGE)

/* Rounds of a race; more with VMSWAP_ROUNDS. */
static long rounds(long n)
{
	const char *text = getenv("VMSWAP_ROUNDS");

	return text ? atol(text) * n : n;
}

FIXTURE(race)
{
	struct test_mount mnt;
	int fd;
	uint8_t *mem;
};

FIXTURE_SETUP(race)
{
	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
	self->fd = file_make(&self->mnt, "vm", FILE_SIZE);
	ASSERT_LE(0, self->fd);
	self->mem = map_shared(self->fd, FILE_SIZE);
	ASSERT_NE(MAP_FAILED, self->mem);
}

FIXTURE_TEARDOWN(race)
{
	munmap(self->mem, FILE_SIZE);
	close(self->fd);
	EXPECT_EQ(0, test_umount(&self->mnt));
}

/* Threads that work against the test until it is over. */
struct opponent {
	pthread_t thread;
	void (*fn)(struct opponent *o);
	int fd;
	uint8_t *mem;
	atomic_bool stop;
	atomic_long n;
	atomic_long evictions;	/* commands that have evicted something */
};

static void *opponent_loop(void *arg)
{
	struct opponent *o = arg;

	while (!atomic_load(&o->stop)) {
		o->fn(o);
		atomic_fetch_add(&o->n, 1);
	}
	return NULL;
}

static void opponent_start(struct opponent *o, void (*fn)(struct opponent *o), int fd,
			   uint8_t *mem)
{
	memset(o, 0, sizeof(*o));
	o->fn = fn;
	o->fd = fd;
	o->mem = mem;
	pthread_create(&o->thread, NULL, opponent_loop, o);
	/* It has begun before the test goes on. */
	while (!atomic_load(&o->n))
		sched_yield();
}

static long opponent_end(struct opponent *o)
{
	atomic_store(&o->stop, true);
	pthread_join(o->thread, NULL);
	return o->n;
}

/* Where nothing is left others get the CPU, to bring something in. */
static void evict_some(struct opponent *o, size_t length)
{
	struct vmswap_ranges res;

	if (!ranges_ioctl(o->fd, VMSWAP_IOC_EVICT, 0, length, &res) && res.done_pages)
		atomic_fetch_add(&o->evictions, 1);
	else
		sched_yield();
}

static void evict_all(struct opponent *o)
{
	evict_some(o, FILE_SIZE);
}

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

/* ----------------------------------------------------- touched while it leaves */

/* Counters in one page, one per thread: none may ever go back. */
struct counter {
	volatile uint64_t *at;
	struct opponent *evictor;
	atomic_bool *failed;
	long n;
	pthread_t thread;
};

/* Counting is fast, eviction is not: it goes on until there were so many, at least. */
#define EVICTIONS 20

static void *count_up(void *arg)
{
	struct counter *c = arg;
	long i;

	*c->at = 0;
	for (i = 0; i < c->n || atomic_load(&c->evictor->evictions) < rounds(EVICTIONS); i++) {
		if (*c->at != i) {
			printf("# counter is %llu, expected %ld\n",
			       (unsigned long long)*c->at, i);
			atomic_store(c->failed, true);
			break;
		}
		*c->at = i + 1;
	}
	c->n = i;
	return NULL;
}

#define COUNTERS 6

static void count_in_pages(struct __test_metadata *_metadata, uint8_t *mem, size_t stride,
			   long n, struct opponent *evictor)
{
	struct counter c[COUNTERS];
	atomic_bool failed = false;
	int i;

	for (i = 0; i < COUNTERS; i++) {
		c[i] = (struct counter){
			(void *)(mem + 64 + i * stride), evictor, &failed, n
		};
		ASSERT_EQ(0, pthread_create(&c[i].thread, NULL, count_up, &c[i]));
	}
	for (i = 0; i < COUNTERS; i++)
		pthread_join(c[i].thread, NULL);
	EXPECT_FALSE(failed);
	for (i = 0; i < COUNTERS; i++) {
		EXPECT_EQ(c[i].n, *c[i].at);
	}
}

static void evict_first(struct opponent *o)
{
	evict_some(o, PAGE);
}

TEST_F(race, many_threads_one_page)
{
	struct opponent evictor;

	page_make(self->mem, PAGE_RANDOM, 1);
	opponent_start(&evictor, evict_first, self->fd, self->mem);
	count_in_pages(_metadata, self->mem, 64, rounds(200000), &evictor);
	EXPECT_LT(0, opponent_end(&evictor));
}

TEST_F(race, neighbours_and_fault_around)
{
	struct opponent evictor;

	fill_pages(self->mem, FILE_PAGES);
	opponent_start(&evictor, evict_all, self->fd, self->mem);
	count_in_pages(_metadata, self->mem, PAGE, rounds(200000), &evictor);
	EXPECT_LT(0, opponent_end(&evictor));
	EXPECT_TRUE(page_is(self->mem + (COUNTERS + 1) * PAGE, PAGE_RANDOM,
			    test_seed + COUNTERS + 1));
}

struct walker {
	uint8_t *mem;
	struct opponent *evictor;
	unsigned int id;
	bool ok;
	pthread_t thread;
};

static void *walk_down(void *arg)
{
	struct walker *w = arg;
	uint64_t n;
	int i;

	w->ok = true;
	for (n = 0; w->ok && atomic_load(&w->evictor->evictions) < rounds(4 * EVICTIONS); n++)
		for (i = FILE_PAGES - 1; i >= 0; i--) {
			volatile uint64_t *at = (void *)(w->mem + i * PAGE + 64 * w->id);

			if (*at != n) {
				printf("# page %d is %llu, expected %llu\n", i,
				       (unsigned long long)*at, (unsigned long long)n);
				w->ok = false;
			}
			*at = n + 1;
		}
	return NULL;
}

/*
 * Pages are cleaned and unlocked upwards, then dropped.  Who walks downwards, and waits
 * for one of them, goes on with those that were unlocked before and are still there.
 */
TEST_F(race, touched_before_drop)
{
	struct opponent evictor;
	struct walker w[2];
	int i;

	opponent_start(&evictor, evict_all, self->fd, self->mem);
	for (i = 0; i < 2; i++) {
		w[i] = (struct walker){ self->mem, &evictor, i };
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, walk_down, &w[i]));
	}
	for (i = 0; i < 2; i++) {
		pthread_join(w[i].thread, NULL);
		EXPECT_TRUE(w[i].ok);
	}
	opponent_end(&evictor);
}

static void drop_caches(struct opponent *o)
{
	static const char *const what[] = { "1", "2", "3" };

	write_file("/proc/sys/vm/drop_caches", what[o->n % 3]);
}

TEST_F(race, drop_caches)
{
	struct opponent dropper, evictor;

	fill_pages(self->mem, FILE_PAGES);
	opponent_start(&dropper, drop_caches, self->fd, self->mem);
	opponent_start(&evictor, evict_all, self->fd, self->mem);
	count_in_pages(_metadata, self->mem, PAGE, rounds(100000), &evictor);
	EXPECT_LT(0, opponent_end(&dropper));
	opponent_end(&evictor);
	EXPECT_TRUE(page_is(self->mem + (COUNTERS + 1) * PAGE, PAGE_RANDOM,
			    test_seed + COUNTERS + 1));
}

static void move_about(struct opponent *o)
{
	void *pages[FILE_PAGES];
	int nodes[FILE_PAGES] = {}, status[FILE_PAGES], i;

	for (i = 0; i < FILE_PAGES; i++)
		pages[i] = o->mem + i * PAGE;
	syscall(SYS_move_pages, 0, (long)FILE_PAGES, pages, nodes, status, 2 /* MPOL_MF_MOVE */);
	write_file("/proc/sys/vm/compact_memory", "1");
}

TEST_F(race, migration)
{
	struct opponent mover, evictor;

	fill_pages(self->mem, FILE_PAGES);
	opponent_start(&mover, move_about, self->fd, self->mem);
	opponent_start(&evictor, evict_all, self->fd, self->mem);
	count_in_pages(_metadata, self->mem, PAGE, rounds(100000), &evictor);
	EXPECT_LT(0, opponent_end(&mover));
	opponent_end(&evictor);
	EXPECT_TRUE(page_is(self->mem + (COUNTERS + 1) * PAGE, PAGE_RANDOM,
			    test_seed + COUNTERS + 1));
}

/* --------------------------------------------------- looked at while it moves */

static void touch_first(struct opponent *o)
{
	volatile uint8_t *mem = o->mem;

	*mem;
}

/*
 * A page with data is never seen as a hole, on its way out or in.  Behind it lies
 * much that once was data, so that looking for data takes a while.
 */
TEST_F(race, no_hole_in_passing)
{
	struct opponent evictor, toucher;
	uint8_t page[PAGE], want[PAGE], *mem;
	long i, holes = 0, states = 0, reads = 0;
	size_t at;

	ASSERT_EQ(0, ftruncate(self->fd, 64 * MIB));
	mem = map_shared(self->fd, 64 * MIB);
	ASSERT_NE(MAP_FAILED, mem);
	for (at = 0; at < 64 * MIB; at += MIB)
		mem[at] = 1;
	ASSERT_EQ(0, discard(self->fd, 0, 64 * MIB));
	page_make(want, PAGE_COMPRESSIBLE, 1);
	memcpy(self->mem, want, PAGE);
	opponent_start(&evictor, evict_first, self->fd, self->mem);
	opponent_start(&toucher, touch_first, self->fd, self->mem);
	for (i = 0; i < rounds(10000); i++) {
		reads += pread(self->fd, page, PAGE, 0) != PAGE || memcmp(page, want, PAGE);
		holes += lseek(self->fd, 0, SEEK_DATA) != 0;
		holes += lseek(self->fd, 0, SEEK_HOLE) < PAGE;
		states += page_state(self->fd, 0) == VMSWAP_PAGE_ZERO;
	}
	opponent_end(&toucher);
	opponent_end(&evictor);
	munmap(mem, 64 * MIB);
	EXPECT_EQ(0, reads);
	EXPECT_EQ(0, holes);
	EXPECT_EQ(0, states);
}

/* Punching a part of a page zeroes that part wherever the page is. */
TEST_F(race, punch_part)
{
	struct opponent evictor, toucher;
	uint8_t want[PAGE];
	long i;

	opponent_start(&evictor, evict_first, self->fd, self->mem);
	opponent_start(&toucher, touch_first, self->fd, self->mem);
	for (i = 0; i < rounds(5000); i++) {
		page_make(want, PAGE_RANDOM, i);
		ASSERT_EQ(PAGE, pwrite(self->fd, want, PAGE, 0));
		ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				       100, 1000));
		memset(want + 100, 0, 1000);
		ASSERT_EQ(0, memcmp(self->mem, want, PAGE)) {
			TH_LOG("round %ld", i);
		}
	}
	opponent_end(&toucher);
	opponent_end(&evictor);
}

TEST_F(race, discard)
{
	struct opponent evictor, toucher;
	long i;

	opponent_start(&evictor, evict_all, self->fd, self->mem);
	opponent_start(&toucher, touch_first, self->fd, self->mem);
	for (i = 0; i < rounds(1000); i++) {
		page_make(self->mem, PAGE_RANDOM, i);
		page_make(self->mem + PAGE, PAGE_SAME_FILLED, i);
		if (i % 2)
			sched_yield();
		ASSERT_EQ(0, discard(self->fd, 0, 2 * PAGE));
		ASSERT_TRUE(is_zero(self->mem, 2 * PAGE)) {
			TH_LOG("round %ld", i);
		}
	}
	opponent_end(&toucher);
	opponent_end(&evictor);
}

#define LARGE		(128 * MIB)

/*
 * A discard empties the page cache first and the words then, the last page's long
 * after: whoever touches that meanwhile must neither find its old word nor a page
 * that nobody has cleared.
 */
TEST_F(race, discard_large)
{
	struct opponent toucher;
	uint8_t *mem, *last;
	size_t at;
	long i;

	ASSERT_EQ(0, ftruncate(self->fd, LARGE));
	mem = map_shared(self->fd, LARGE);
	ASSERT_NE(MAP_FAILED, mem);
	last = mem + LARGE - PAGE;
	for (at = 0; at < LARGE; at += MIB)
		mem[at] = 1;
	for (i = 0; i < rounds(30); i++) {
		/* Equal words stay in the page's word while it is in memory. */
		memset(last, 0x11 + i, PAGE);
		ASSERT_TRUE(evict_page(self->fd, LARGE - PAGE));
		opponent_start(&toucher, touch_first, self->fd, last);
		ASSERT_EQ(0, discard(self->fd, 0, LARGE));
		EXPECT_TRUE(is_zero(last, PAGE)) {
			TH_LOG("round %ld: %02x", i, *last);
		}
		opponent_end(&toucher);
	}
	munmap(mem, LARGE);
}

static void prefetch_all(struct opponent *o)
{
	prefetch(o->fd, 0, FILE_SIZE);
}

TEST_F(race, prefetch)
{
	struct opponent evictor, prefetcher;

	fill_pages(self->mem, FILE_PAGES);
	opponent_start(&evictor, evict_all, self->fd, self->mem);
	opponent_start(&prefetcher, prefetch_all, self->fd, self->mem);
	count_in_pages(_metadata, self->mem, PAGE, rounds(100000), &evictor);
	EXPECT_LT(0, opponent_end(&prefetcher));
	opponent_end(&evictor);
}

/* ------------------------------------------------------ pages of equal words */

static void fill_words(uint8_t *page, uint64_t value)
{
	uint64_t *w = (uint64_t *)page, i;

	for (i = 0; i < PAGE / 8; i++)
		w[i] = value;
}

/* Values at the edges of what a word can hold. */
static const uint64_t equal_words[] = {
	1, -1ull, -5ull, 0xffffffff, 0x100000000, 0xdeadbeefdeadbeef, 0x8000000080000000,
	0x1234567812345678, 0x0123456789abcdef, 1ull << 52, (1ull << 53) - 1, 1ull << 53,
	-(1ull << 53), -(1ull << 53) - 1, 1ull << 63, 0x8000000000000001, 0xeeeeeeeeeeeeeeee,
};

TEST_F(race, same_filled)
{
	const unsigned int n = sizeof(equal_words) / sizeof(equal_words[0]);
	uint8_t want[PAGE];
	unsigned int i;

	for (i = 0; i < n; i++)
		fill_words(self->mem + i * PAGE, equal_words[i]);
	for (i = 0; i < n; i++)
		EXPECT_TRUE(evict_page(self->fd, i * PAGE));
	for (i = 0; i < n; i++) {
		fill_words(want, equal_words[i]);
		EXPECT_EQ(0, memcmp(self->mem + i * PAGE, want, PAGE)) {
			TH_LOG("%llx", (unsigned long long)equal_words[i]);
		}
	}
}

/* One bit in one word, and the page is another. */
TEST_F(race, almost_same_filled)
{
	static const unsigned int at[] = { 0, 1, 2, 255, 256, 509, 510, 511 };
	const unsigned int n = sizeof(at) / sizeof(at[0]);
	unsigned int i;
	uint64_t *w;

	for (i = 0; i < 2 * n; i++) {
		fill_words(self->mem + i * PAGE, i < n ? 0 : 7);
		w = (uint64_t *)(self->mem + i * PAGE);
		w[at[i % n]] ^= 1ull << 63;
	}
	for (i = 0; i < 2 * n; i++)
		EXPECT_TRUE(evict_page(self->fd, i * PAGE));
	for (i = 0; i < 2 * n; i++) {
		w = (uint64_t *)(self->mem + i * PAGE);
		w[at[i % n]] ^= 1ull << 63;
		EXPECT_TRUE(i < n ? is_zero(self->mem + i * PAGE, PAGE) :
			    w[0] == 7 && !memcmp(w, w + 1, PAGE - 8)) {
			TH_LOG("word %u", at[i % n]);
		}
	}
}

/* -------------------------------------------------------------- VMs among others */

TEST_F(race, two_vms)
{
	struct opponent evictor, evictor2;
	int fd = file_make(&self->mnt, "other", FILE_SIZE);
	uint8_t *mem;
	long i;

	ASSERT_LE(0, fd);
	mem = map_shared(fd, FILE_SIZE);
	ASSERT_NE(MAP_FAILED, mem);
	opponent_start(&evictor, evict_all, self->fd, self->mem);
	opponent_start(&evictor2, evict_all, fd, mem);
	for (i = 0; i < rounds(3000); i++) {
		size_t at = i % FILE_PAGES * PAGE;

		page_make(self->mem + at, i % PAGE_CLASSES, 2 * i);
		page_make(mem + at, i % PAGE_CLASSES, 2 * i + 1);
		ASSERT_TRUE(page_is(self->mem + at, i % PAGE_CLASSES, 2 * i));
		ASSERT_TRUE(page_is(mem + at, i % PAGE_CLASSES, 2 * i + 1));
	}
	opponent_end(&evictor);
	opponent_end(&evictor2);
	munmap(mem, FILE_SIZE);
	close(fd);
}

/* A slot or page that is used again shows nothing of its last owner. */
TEST_F(race, reuse)
{
	int i;

	fill_pages(self->mem, FILE_PAGES);
	for (i = 0; i < 50; i++) {
		int fd = file_make(&self->mnt, "other", FILE_SIZE);
		uint8_t *mem = map_shared(fd, FILE_SIZE);

		ASSERT_NE(MAP_FAILED, mem);
		ASSERT_TRUE(is_zero(mem, FILE_SIZE));
		memset(mem, 0xee, FILE_SIZE);
		fill_pages(mem, FILE_PAGES / 2);
		ASSERT_EQ(0, evict(fd, 0, FILE_SIZE));
		munmap(mem, FILE_SIZE);
		close(fd);
		ASSERT_EQ(0, unlink(path_in(&self->mnt, "other")));
	}
	EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
}

#define MANY_FILES	200
#define MANY_SIZE	(16 * MIB)
#define MANY_STEP	(64 * PAGE)

static void many_pages(int fd, int number, bool write, atomic_bool *failed)
{
	uint8_t *mem = map_shared(fd, MANY_SIZE);
	size_t at;

	for (at = 0; at < MANY_SIZE; at += MANY_STEP) {
		uint64_t stamp = number * MANY_SIZE + at + 1;

		if (write) {
			memcpy(mem + at, &stamp, 8);
			memcpy(mem + at + PAGE - 16, &stamp, 8);
		} else if (memcmp(mem + at, &stamp, 8) ||
			   memcmp(mem + at + PAGE - 16, &stamp, 8)) {
			printf("# file %d, at %zu\n", number, at);
			atomic_store(failed, true);
		}
	}
	munmap(mem, MANY_SIZE);
}

struct many {
	int *fds;
	int first;
	bool write;
	atomic_bool *failed;
	pthread_t thread;
};

static void *many_thread(void *arg)
{
	struct many *m = arg;
	int i;

	for (i = m->first; i < MANY_FILES; i += 4) {
		many_pages(m->fds[i], i, m->write, m->failed);
		if (evict(m->fds[i], 0, MANY_SIZE))
			atomic_store(m->failed, true);
	}
	return NULL;
}

TEST_F(race, many_files)
{
	struct rlimit limit = { 1024, 1024 };
	atomic_bool failed = false;
	int fds[MANY_FILES], i, write;
	char name[16];

	setrlimit(RLIMIT_NOFILE, &limit);
	for (i = 0; i < MANY_FILES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		fds[i] = file_make(&self->mnt, name, MANY_SIZE);
		ASSERT_LE(0, fds[i]);
	}
	for (write = 1; write >= 0; write--) {
		struct many m[4];

		for (i = 0; i < 4; i++) {
			m[i] = (struct many){ fds, i, write, &failed };
			pthread_create(&m[i].thread, NULL, many_thread, &m[i]);
		}
		for (i = 0; i < 4; i++)
			pthread_join(m[i].thread, NULL);
	}
	EXPECT_FALSE(failed);
	for (i = 0; i < MANY_FILES; i++)
		close(fds[i]);
}

#define TIB (1ull << 40)

TEST_F(race, sparse_tebibyte)
{
	int fd = file_make(&self->mnt, "sparse", TIB), i;
	struct vmswap_vm_stat stat;
	struct vmswap_ranges res;
	uint8_t *mem;

	ASSERT_LE(0, fd);
	mem = mmap(NULL, TIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	ASSERT_NE(MAP_FAILED, mem);
	for (i = 0; i < 64; i++)
		page_make(mem + i * (TIB / 64) + (i % 512) * PAGE, PAGE_RANDOM, i);
	ASSERT_EQ(0, ranges_ioctl(fd, VMSWAP_IOC_EVICT, 0, TIB, &res));
	EXPECT_EQ(TIB, res.done_bytes);
	for (i = 0; i < 64; i++) {
		EXPECT_TRUE(evict_page(fd, i * (TIB / 64) + (i % 512) * PAGE));
	}
	ASSERT_EQ(0, vm_stat(fd, &stat));
	EXPECT_EQ(64 * PAGE, stat.swapped);
	EXPECT_EQ(TIB, stat_sum(&stat));
	EXPECT_GT(2 * MIB, stat.overhead);
	EXPECT_EQ(TIB / 64 + PAGE, lseek(fd, PAGE, SEEK_DATA));
	EXPECT_EQ(-1, lseek(fd, TIB / 64 * 63 + 64 * PAGE, SEEK_DATA));
	for (i = 0; i < 64; i++) {
		EXPECT_TRUE(page_is(mem + i * (TIB / 64) + (i % 512) * PAGE, PAGE_RANDOM, i));
	}
	ASSERT_EQ(0, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, TIB));
	ASSERT_EQ(0, vm_stat(fd, &stat));
	EXPECT_EQ(TIB, stat.zero);
	munmap(mem, TIB);
	close(fd);
}

/* ----------------------------------------------------------------------- dying */

/* A VMM: threads that write, evict, punch, until they are killed. */
static void vmm(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600), i;
	struct opponent o[3];
	uint8_t *mem;

	if (fd < 0 || ftruncate(fd, FILE_SIZE))
		_exit(1);
	unlink(path);
	mem = map_shared(fd, FILE_SIZE);
	opponent_start(&o[0], evict_all, fd, mem);
	opponent_start(&o[1], prefetch_all, fd, mem);
	for (i = 0; ; i++) {
		page_make(mem + i % FILE_PAGES * PAGE, i % PAGE_CLASSES, i);
		if (i % 16 == 0)
			discard(fd, i % FILE_PAGES * PAGE, PAGE);
	}
}

TEST_F(race, kill)
{
	struct policy_host host;
	struct policy p;
	uint64_t state = test_seed;
	int i, status;

	ASSERT_EQ(0, policy_open(&p));
	for (i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (!pid)
			vmm(path_in(&self->mnt, "killed%d", i));
		usleep(rnd(&state) % 300000);
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
		/* Killed before its unlink. */
		unlink(path_in(&self->mnt, "killed%d", i));
	}
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(0, policy_host_get(&p, &host));
		if (host.vms == 1)
			break;
		usleep(10000);
	}
	EXPECT_EQ(1, host.vms);
	policy_close(&p);
}

/* VMs come and go while a tier comes and goes: each detaches what it attached. */
static void add_and_remove_tier(struct opponent *o)
{
	struct policy p;

	if (policy_open(&p))
		return;
	policy_tier_add(&p, "passing", VMSWAP_TIER_KIND_RAM, 16 * MIB);
	policy_tier_del(&p, "passing");
	policy_close(&p);
}

TEST_F(race, tier_and_vm_come_and_go)
{
	struct opponent adder;
	int i;

	opponent_start(&adder, add_and_remove_tier, -1, NULL);
	for (i = 0; i < rounds(300); i++) {
		int fd = vm_create("", FILE_SIZE);
		uint8_t *mem;

		ASSERT_LE(0, fd);
		mem = map_shared(fd, FILE_SIZE);
		fill_pages(mem, 4);
		evict(fd, 0, FILE_SIZE);
		ASSERT_TRUE(pages_filled(mem, 4));
		munmap(mem, FILE_SIZE);
		close(fd);
	}
	EXPECT_LT(0, opponent_end(&adder));
}

VMSWAP_TEST_MAIN

// SPDX-License-Identifier: GPL-2.0
/* evict-races.c - eviction against whoever else touches, discards or moves a page. */
#include <sys/syscall.h>
#include <linux/falloc.h>

#include "disk.h"
#include "race.h"

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

TEST_F(race, many_threads_one_page)
{
	struct opponent evictor;

	page_make(self->mem, PAGE_RANDOM, 1);
	opponent_start(&evictor, evict_first, self->fd, self->mem);
	count_in_pages(_metadata, self->mem, 64, rounds(200000), &evictor);
	EXPECT_LT(0, opponent_end(&evictor));
}

/* Neighbours of the pages in which is counted keep their bytes. */
static void count_in_evicted(struct __test_metadata *_metadata, int fd, uint8_t *mem, long times)
{
	struct opponent evictor;

	fill_pages(mem, FILE_PAGES);
	opponent_start(&evictor, evict_all, fd, mem);
	count_in_pages(_metadata, mem, PAGE, times, &evictor);
	EXPECT_LT(0, opponent_end(&evictor));
	EXPECT_TRUE(page_is(mem + (COUNTERS + 1) * PAGE, PAGE_RANDOM, test_seed + COUNTERS + 1));
}

TEST_F(race, neighbours_and_fault_around)
{
	count_in_evicted(_metadata, self->fd, self->mem, rounds(200000));
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
	struct opponent dropper;

	opponent_start(&dropper, drop_caches, self->fd, self->mem);
	count_in_evicted(_metadata, self->fd, self->mem, rounds(100000));
	EXPECT_LT(0, opponent_end(&dropper));
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
	struct opponent mover;

	opponent_start(&mover, move_about, self->fd, self->mem);
	count_in_evicted(_metadata, self->fd, self->mem, rounds(100000));
	EXPECT_LT(0, opponent_end(&mover));
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

/* ---------------------------------------------------- others go on meanwhile */

#define PUNCHED		(256 * MIB)

/* Touches new pages behind the punched ones, until one came in the middle of the punch. */
struct toucher {
	pthread_t thread;
	int fd;
	uint8_t *mem;
	atomic_bool began, stop;
	bool beside;
};

/* Its first page is gone, and its last is not. */
static bool is_under_way(int fd)
{
	return !is_resident(fd, 0) && is_resident(fd, PUNCHED - PAGE);
}

static void *touch_new(void *arg)
{
	struct toucher *t = arg;
	size_t at;

	/* One page of a granule: each fault has a new page to make. */
	for (at = PUNCHED; at < 2 * PUNCHED && !atomic_load(&t->stop); at += 16 * PAGE) {
		bool before = is_under_way(t->fd);

		t->mem[at] = 1;
		if (before && is_under_way(t->fd))
			t->beside = true;
		atomic_store(&t->began, true);
	}
	return NULL;
}

static bool punch_beside(struct __test_metadata *_metadata, int fd, uint8_t *mem)
{
	struct toucher t = { .fd = fd, .mem = mem };
	size_t at;

	for (at = 0; at < PUNCHED; at += PAGE)
		mem[at] = 1;
	EXPECT_EQ(0, pthread_create(&t.thread, NULL, touch_new, &t));
	while (!atomic_load(&t.began))
		sched_yield();
	EXPECT_EQ(0, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PUNCHED));
	atomic_store(&t.stop, true);
	pthread_join(t.thread, NULL);
	EXPECT_TRUE(is_zero(mem, PUNCHED / 16));
	EXPECT_EQ(0, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 2 * PUNCHED));
	return t.beside;
}

/* A large punch does not keep new pages of the VM waiting until it is over. */
TEST_F(race, fault_beside_large_punch)
{
	bool ok = false;
	uint8_t *mem;
	int i;

	ASSERT_EQ(0, ftruncate(self->fd, 2 * PUNCHED));
	mem = map_shared(self->fd, 2 * PUNCHED);
	ASSERT_NE(MAP_FAILED, mem);
	/* The toucher may have had no processor while it was punched. */
	for (i = 0; i < 20 && !ok; i++)
		ok = punch_beside(_metadata, self->fd, mem);
	TH_LOG("a page came in the middle of punch %d", i);
	EXPECT_TRUE(ok);
	munmap(mem, 2 * PUNCHED);
}

/* ------------------------------------------------- devices that use the memory */

#define DIRECT_DISK	"direct"
#define DIRECT_THREADS	3
#define DIRECT_PAGES	(FILE_PAGES / DIRECT_THREADS)
#define DIRECT_SIZE	(DIRECT_PAGES * PAGE)
#define DIRECT_ROUNDS	100

/* Its part of the VM's memory, and of the disk. */
struct direct {
	struct opponent *evictor;
	uint8_t *mem, *other;
	off_t at;
	int disk;
	unsigned int id;
	long n;
	const char *wrong;
	pthread_t thread;
};

static void make_all(uint8_t *mem, uint64_t number)
{
	unsigned int i;

	for (i = 0; i < DIRECT_PAGES; i++)
		page_make(mem + i * PAGE, i % 4 ? PAGE_RANDOM : PAGE_SAME_FILLED, number + i);
}

/* There and back: each way the memory is the device's while it is evicted. */
static const char *direct_round(struct direct *d, uint64_t number)
{
	make_all(d->mem, number);
	if (pwrite(d->disk, d->mem, DIRECT_SIZE, d->at) != DIRECT_SIZE)
		return "write";
	if (pread(d->disk, d->other, DIRECT_SIZE, d->at) != DIRECT_SIZE)
		return "read of what was written";
	if (memcmp(d->other, d->mem, DIRECT_SIZE))
		return "what was written";
	make_all(d->other, ~number);
	if (pwrite(d->disk, d->other, DIRECT_SIZE, d->at) != DIRECT_SIZE)
		return "write of what is read";
	if (pread(d->disk, d->mem, DIRECT_SIZE, d->at) != DIRECT_SIZE)
		return "read";
	if (memcmp(d->mem, d->other, DIRECT_SIZE))
		return "what was read";
	return NULL;
}

static void *direct_work(void *arg)
{
	struct direct *d = arg;

	while (!d->wrong && (d->n < rounds(DIRECT_ROUNDS) ||
			     atomic_load(&d->evictor->evictions) < rounds(DIRECT_ROUNDS)))
		d->wrong = direct_round(d, test_seed + 1000000 * d->id + 100 * d->n++);
	return NULL;
}

/* O_DIRECT out of memory and into it, while it is evicted all the time. */
TEST_F(race, direct_io)
{
	struct direct d[DIRECT_THREADS];
	struct opponent evictor;
	int ret = disk_make(DIRECT_DISK, 1), disk, i;
	uint8_t *other;

	if (ret == -ENODEV)
		SKIP(return, "no null_blk");
	ASSERT_EQ(0, ret);
	disk = open("/dev/" DIRECT_DISK, O_RDWR | O_DIRECT);
	EXPECT_LE(0, disk);
	other = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, other);
	opponent_start(&evictor, evict_all, self->fd, self->mem);
	for (i = 0; i < DIRECT_THREADS; i++) {
		size_t at = i * DIRECT_SIZE;

		d[i] = (struct direct){ &evictor, self->mem + at, other + at, at, disk, i };
		ASSERT_EQ(0, pthread_create(&d[i].thread, NULL, direct_work, &d[i]));
	}
	for (i = 0; i < DIRECT_THREADS; i++) {
		pthread_join(d[i].thread, NULL);
		EXPECT_EQ(NULL, d[i].wrong) {
			TH_LOG("thread %d, round %ld: %s", i, d[i].n, d[i].wrong);
		}
	}
	opponent_end(&evictor);
	TH_LOG("%ld rounds of the first thread, %ld evictions", d[0].n, evictor.evictions);
	munmap(other, FILE_SIZE);
	close(disk);
	EXPECT_EQ(0, disk_remove(DIRECT_DISK));
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

VMSWAP_TEST_MAIN

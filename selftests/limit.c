// SPDX-License-Identifier: GPL-2.0
/*
 * limit.c - a VM's limit is held: by many threads at once, when it is cut under them,
 * with tiers that are full, with pages that do not compress, with no tier at all.
 */
#include <glob.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "limit.h"

#define THREADS		16

/* In that time, without another command. */
static bool comes_within(int fd, uint64_t bytes, int seconds)
{
	int i;

	for (i = 0; i < 100 * seconds && resident(fd) > bytes; i++)
		usleep(10000);
	return resident(fd) <= bytes;
}

/* ------------------------------------------------------------------ many threads */

struct worker {
	pthread_t thread;
	uint8_t *mem;
	unsigned int number;
	atomic_int *running;
	long wrong;
};

/* Each thread writes every 16th page, and later finds what it wrote. */
static void *work(void *arg)
{
	struct worker *w = arg;
	int round, rounds = is_debug_kernel() ? 1 : 2;
	size_t i;

	for (round = 0; round < rounds; round++) {
		for (i = w->number; i < VM_PAGES; i += THREADS)
			page_make(w->mem + i * PAGE, PAGE_COMPRESSIBLE, i + round);
		for (i = w->number; i < VM_PAGES; i += THREADS)
			w->wrong += !page_is(w->mem + i * PAGE, PAGE_COMPRESSIBLE, i + round);
	}
	atomic_fetch_sub(w->running, 1);
	return NULL;
}

/*
 * What was resident at one moment, at least.  The gauge walks over the pages: those
 * that come in behind it, while others leave before it, are more than there were.
 * Counters are read after the walk.
 */
static uint64_t surely_resident(int fd)
{
	struct vmswap_vm_stat before, after;
	uint64_t came;

	if (vm_stat(fd, &before) || vm_stat(fd, &after))
		return 0;
	came = (after.swapin_pages - before.swapin_pages +
		(after.faults_zero - before.faults_zero) * GRANULE) * PAGE;
	return after.resident - (came < after.resident ? came : after.resident);
}

TEST_F(limit, many_threads)
{
	atomic_int running = THREADS;
	struct worker w[THREADS];
	struct vmswap_vm_stat stat;
	uint64_t most = 0, now;
	long samples = 0;
	int i;

	for (i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ .mem = self->mem, .number = i, .running = &running };
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, work, &w[i]));
	}
	while (atomic_load(&running)) {
		now = surely_resident(self->fd);
		most = now > most ? now : most;
		samples++;
		usleep(1000);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		EXPECT_EQ(0, w[i].wrong);
	}
	printf("# at most %llu KiB over the limit in %ld samples\n",
	       (unsigned long long)(most > LIMIT ? most - LIMIT : 0) >> 10, samples);
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	printf("# %llu pages out, %llu in, %llu minor faults\n",
	       (unsigned long long)stat.swapout_pages, (unsigned long long)stat.swapin_pages,
	       (unsigned long long)stat.faults_minor);
	EXPECT_LT(10, samples);
	EXPECT_LT(LIMIT / 2, most);
	EXPECT_GE(LIMIT + SLACK(THREADS), most);
}

/* ------------------------------------------------------------------ a limit is cut */

#define TOUCHERS	4

struct toucher {
	pthread_t thread;
	uint8_t *mem;
	uint64_t state;
	atomic_bool *stop;
	atomic_long touched;
};

/* Reads and writes pages without order, and changes nothing. */
static void *touch(void *arg)
{
	struct toucher *t = arg;

	while (!atomic_load(t->stop)) {
		volatile uint64_t *page = (void *)(t->mem + rnd(&t->state) % VM_PAGES * PAGE);
		uint64_t value = *page;

		if (rnd(&t->state) % 2)
			atomic_compare_exchange_strong((_Atomic uint64_t *)page, &value, value);
		atomic_fetch_add(&t->touched, 1);
	}
	return NULL;
}

/*
 * A VM that is at work while its limit is cut to less than a tenth of what it has in
 * memory goes on: who faults makes room for a page, and does not wait for the rest.
 */
TEST_F(limit, cut_under_load)
{
	struct toucher t[TOUCHERS];
	struct vmswap_vm_stat stat;
	atomic_bool stop = false;
	long before[TOUCHERS];
	double start;
	int i;

	ASSERT_EQ(0, add_big_tier(&self->policy));
	ASSERT_EQ(0, policy_vm_limit(&self->policy, self->id, UINT64_MAX));
	write_class(self->mem, PAGE_COMPRESSIBLE, VM_PAGES);
	for (i = 0; i < TOUCHERS; i++) {
		t[i] = (struct toucher){ .mem = self->mem, .state = test_seed + i, .stop = &stop };
		ASSERT_EQ(0, pthread_create(&t[i].thread, NULL, touch, &t[i]));
	}
	usleep(200000);
	start = now_seconds();
	for (i = 0; i < TOUCHERS; i++)
		before[i] = atomic_load(&t[i].touched);
	EXPECT_EQ(0, policy_vm_limit(&self->policy, self->id, 4 * MIB));
	EXPECT_TRUE(comes_within(self->fd, 4 * MIB + SLACK(TOUCHERS), 60));
	printf("# within the limit after %.2f s\n", now_seconds() - start);
	usleep(500000);
	atomic_store(&stop, true);
	for (i = 0; i < TOUCHERS; i++) {
		pthread_join(t[i].thread, NULL);
		EXPECT_LT(before[i] + 100, t[i].touched);
	}
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(0, stat.stalled);
	EXPECT_GE(4 * MIB + SLACK(TOUCHERS), stat.resident);
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_COMPRESSIBLE, VM_PAGES));
	ASSERT_EQ(0, discard(self->fd, 0, VM_SIZE));
	EXPECT_EQ(0, policy_tier_del(&self->policy, BIG_TIER));
}

/* ----------------------------------------------------------------------- the clock */

#define HOT_PAGES	256ul
#define HOT_LIMIT	(4 * MIB)
#define HOT_EVERY	8
#define COLD_PAGES	(VM_PAGES - HOT_PAGES)
#define COLD_BEGIN	(COLD_PAGES / 4)
/* From one cold page to the next, all about: the clock shall not follow behind them. */
#define COLD_STEP	4099ul

static bool is_hot_right(const uint8_t *mem)
{
	size_t i;
	bool ok = true;

	for (i = 0; i < HOT_PAGES; i++)
		ok &= *(volatile uint64_t *)(mem + i * PAGE) == test_seed + i;
	return ok;
}

/*
 * Pages that are read all the time stay while many times what the limit allows goes by.
 * Taken in turn they would leave each time that the memory is filled anew: five times.
 * At first nobody knows which are which, and they all leave once: that is not counted.
 */
TEST_F(limit, hot_pages_stay)
{
	struct vmswap_vm_stat before, after;
	size_t i;

	ASSERT_EQ(0, add_big_tier(&self->policy));
	ASSERT_EQ(0, policy_once_vm_set(self->id, VMSWAP_A_VM_GRANULE, 1));
	ASSERT_EQ(0, policy_once_vm_set(self->id, VMSWAP_A_VM_PREFETCH, 0));
	ASSERT_EQ(0, policy_vm_limit(&self->policy, self->id, HOT_LIMIT));
	write_class(self->mem, PAGE_COMPRESSIBLE, HOT_PAGES);
	/* Cold pages come once, as new ones: what is read from a tier is hot. */
	for (i = 0; i < COLD_PAGES; i++) {
		if (i == COLD_BEGIN)
			ASSERT_EQ(0, vm_stat(self->fd, &before));
		self->mem[(HOT_PAGES + i * COLD_STEP % COLD_PAGES) * PAGE] = 1;
		if (i % HOT_EVERY == 0)
			ASSERT_TRUE(is_hot_right(self->mem));
	}
	ASSERT_EQ(0, vm_stat(self->fd, &after));
	printf("# %llu hot pages read again, of %lu\n",
	       (unsigned long long)(after.swapin_pages - before.swapin_pages), HOT_PAGES);
	EXPECT_LT(VM_PAGES / 2, after.swapout_pages - before.swapout_pages);
	EXPECT_GT(HOT_PAGES / 2, after.swapin_pages - before.swapin_pages);
	ASSERT_EQ(0, discard(self->fd, 0, VM_SIZE));
	EXPECT_EQ(0, policy_tier_del(&self->policy, BIG_TIER));
}

/* ---------------------------------------------------------------------- full tiers */

/* In a process of its own, as it will wait: for ever, if nobody ends it. */
static pid_t write_random_pages(uint8_t *mem)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		write_class(mem, PAGE_RANDOM, VM_PAGES);
		_exit(0);
	}
	return pid;
}

/* How often somebody had to wait, once that is more often than @more_than; in a minute. */
static uint64_t wait_for_stalled(int fd, uint64_t more_than)
{
	struct vmswap_vm_stat stat = {};
	int i;

	for (i = 0; i < 6000 && !vm_stat(fd, &stat) && stat.stalled <= more_than; i++)
		usleep(10000);
	return stat.stalled;
}

TEST_F(limit, full_wait)
{
	int status;
	pid_t pid;

	pid = write_random_pages(self->mem);
	ASSERT_LT(0, pid);
	EXPECT_LT(3, wait_for_stalled(self->fd, 3));
	EXPECT_GE(LIMIT + SLACK(1), resident(self->fd));
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	/* A tier with room lets it go on. */
	ASSERT_EQ(0, add_big_tier(&self->policy));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_GE(LIMIT + SLACK(1), resident(self->fd));
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_RANDOM, VM_PAGES));
	ASSERT_EQ(0, discard(self->fd, 0, VM_SIZE));
	EXPECT_EQ(0, policy_tier_del(&self->policy, BIG_TIER));
}

/* Who waits can be killed. */
TEST_F(limit, full_wait_killed)
{
	int status;
	pid_t pid;

	pid = write_random_pages(self->mem);
	ASSERT_LT(0, pid);
	EXPECT_LT(0, wait_for_stalled(self->fd, 0));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
}

/*
 * What QEMU's prealloc does: all of the memory is asked for, and has to leave again as it
 * comes.  New pages first, then those that are in a tier.
 */
TEST_F(limit, populate)
{
	struct vmswap_vm_stat stat;

	ASSERT_EQ(0, add_big_tier(&self->policy));
	EXPECT_EQ(0, madvise(self->mem, VM_SIZE, MADV_POPULATE_WRITE));
	EXPECT_GE(LIMIT + SLACK(1), resident(self->fd));
	EXPECT_LT(LIMIT / 2, resident(self->fd));
	write_class(self->mem, PAGE_COMPRESSIBLE, VM_PAGES);
	ASSERT_EQ(0, evict(self->fd, 0, VM_SIZE));
	EXPECT_EQ(0, madvise(self->mem, VM_SIZE, MADV_POPULATE_WRITE));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_GE(LIMIT + SLACK(1), stat.resident);
	EXPECT_LT(LIMIT / 2, stat.resident);
	EXPECT_LE(VM_PAGES, stat.swapin_pages);
	EXPECT_EQ(0, stat.stalled);
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_COMPRESSIBLE, VM_PAGES));
	ASSERT_EQ(0, discard(self->fd, 0, VM_SIZE));
	EXPECT_EQ(0, policy_tier_del(&self->policy, BIG_TIER));
}

/* Where nothing can leave for what is asked for, it waits, and can be killed. */
TEST_F(limit, populate_killed)
{
	int status;
	pid_t pid;

	/* The tier is full of these. */
	ASSERT_EQ(0, policy_vm_limit(&self->policy, self->id, UINT64_MAX));
	write_class(self->mem, PAGE_RANDOM, 2 * LIMIT / PAGE);
	ASSERT_EQ(0, policy_vm_limit(&self->policy, self->id, LIMIT));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(!!madvise(self->mem + 2 * LIMIT, VM_SIZE - 2 * LIMIT, MADV_POPULATE_WRITE));
	}
	EXPECT_LT(3, wait_for_stalled(self->fd, 3));
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_GT(VM_SIZE, resident(self->fd));
	EXPECT_EQ(0, set_full(&self->policy, VMSWAP_FULL_ACTION_EXCEED));
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_RANDOM, 64));
}

#define PUNCH	(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

/* A process writes so much at a time, and counts what is written. */
#define CHUNK	(64ul << 10)

struct writer {
	atomic_ulong *done;
	pid_t pid;
};

/* Appends random chunks, all the same, until one waits for room. */
static bool start_writer(struct writer *w, const char *path)
{
	static uint8_t chunk[CHUNK];
	int fd = open(path, O_WRONLY | O_APPEND);
	ssize_t n;

	w->done = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fd < 0 || w->done == MAP_FAILED)
		return false;
	w->pid = fork();
	if (w->pid) {
		close(fd);
		return w->pid > 0;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fill_pages(chunk, CHUNK / PAGE);
	do {
		size_t at = *w->done % CHUNK;

		n = write(fd, chunk + at, CHUNK - at);
		atomic_fetch_add(w->done, n > 0 ? n : 0);
	} while (n > 0);
	_exit(1);
}

/* No room, and for a second nothing was written. */
static bool writer_waits(const struct writer *w, int fd)
{
	unsigned long before;
	int i;

	for (i = 0; i < 100; i++) {
		before = atomic_load(w->done);
		sleep(1);
		if (resident(fd) >= LIMIT + MIB && atomic_load(w->done) == before)
			return true;
	}
	return false;
}

static void end_writer(struct writer *w)
{
	kill(w->pid, SIGKILL);
	waitpid(w->pid, NULL, 0);
	munmap(w->done, PAGE);
}

/* In time.  If not it is killed, but may be deaf to that, and is not waited for. */
static bool ends(pid_t pid)
{
	int status, i;

	for (i = 0; i < 1000; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return !status;
		usleep(10000);
	}
	kill(pid, SIGKILL);
	return false;
}

static pid_t start_punch(int fd, uint64_t offset, uint64_t length)
{
	pid_t pid = fork();

	if (!pid)
		_exit(!!fallocate(fd, PUNCH, offset, length));
	return pid;
}

/* Beyond the limit for each page another is looked for: on a debug kernel fewer are read. */
static bool right_chunks(int fd, unsigned long from, unsigned long to)
{
	size_t step = PAGE * (is_debug_kernel() ? 64 : 1);
	uint8_t page[PAGE];

	for (; from < to; from += step)
		if (pread(fd, page, PAGE, VM_SIZE + from) != (ssize_t)PAGE ||
		    !page_is(page, PAGE_RANDOM, test_seed + from % CHUNK / PAGE))
			return false;
	return true;
}

/*
 * A write that waits for room keeps nobody from making some, nor from removing the
 * file.  It has not made the file longer than what it wrote.
 */
TEST_F(limit, full_wait_write)
{
	unsigned long before, after;
	struct stat st;
	struct writer w;
	pid_t pid;

	ASSERT_TRUE(start_writer(&w, path_in(&self->mnt, "vm")));
	EXPECT_TRUE(writer_waits(&w, self->fd));
	EXPECT_LT(3, wait_for_stalled(self->fd, 3));
	before = atomic_load(w.done);
	EXPECT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(VM_SIZE + before, st.st_size);
	pid = fork();
	if (!pid)
		_exit(!!unlink(path_in(&self->mnt, "vm")));
	EXPECT_TRUE(ends(pid));
	EXPECT_TRUE(ends(start_punch(self->fd, VM_SIZE, 8 * MIB)));
	EXPECT_TRUE(writer_waits(&w, self->fd));
	after = atomic_load(w.done);
	EXPECT_LE(before + 4 * MIB, after);
	end_writer(&w);
	EXPECT_EQ(0, set_full(&self->policy, VMSWAP_FULL_ACTION_EXCEED));
	EXPECT_TRUE(right_chunks(self->fd, 8 * MIB, after));
}

/* So does a punch that brings an edge in, in whose page the rest has to stay. */
TEST_F(limit, full_wait_punch)
{
	uint64_t edge = VM_SIZE, stalled;
	uint8_t page[PAGE];
	struct writer w;
	pid_t pid;

	ASSERT_TRUE(start_writer(&w, path_in(&self->mnt, "vm")));
	EXPECT_TRUE(writer_waits(&w, self->fd));
	end_writer(&w);
	while (!is_swapped(self->fd, edge) && edge < VM_SIZE + LIMIT)
		edge += PAGE;
	ASSERT_TRUE(is_swapped(self->fd, edge));
	stalled = wait_for_stalled(self->fd, 0);
	pid = start_punch(self->fd, edge + 1, 10);
	EXPECT_LT(stalled + 3, wait_for_stalled(self->fd, stalled + 3));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	EXPECT_TRUE(is_swapped(self->fd, edge));
	/* One that frees what it needs for its edge waits for nobody. */
	EXPECT_TRUE(ends(start_punch(self->fd, edge + PAGE - 1, 8 * MIB)));
	EXPECT_TRUE(ends(pid));
	page_make(page, PAGE_RANDOM, test_seed + (edge - VM_SIZE) % CHUNK / PAGE);
	memset(page + 1, 0, 10);
	page[PAGE - 1] = 0;
	memcpy(self->mem, page, PAGE);
	EXPECT_EQ((ssize_t)PAGE, pread(self->fd, page, PAGE, edge));
	EXPECT_EQ(0, memcmp(self->mem, page, PAGE));
}

/* Twice what the limit allows, a part of which the full tier holds. */
static int exceed(int fd, struct policy *p, uint64_t id, uint8_t *mem)
{
	int ret = policy_vm_limit(p, id, UINT64_MAX);

	if (ret)
		return ret;
	write_class(mem, PAGE_RANDOM, 2 * LIMIT / PAGE);
	ret = policy_vm_limit(p, id, LIMIT);
	usleep(500000);
	return ret;
}

/* A read of what is in a full tier waits, and counts, as others do. */
TEST_F(limit, full_wait_read)
{
	struct vmswap_vm_stat stat;
	uint8_t page[PAGE];
	uint64_t at = 0;
	pid_t pid;

	ASSERT_EQ(0, exceed(self->fd, &self->policy, self->id, self->mem));
	ASSERT_LT(LIMIT + MIB, resident(self->fd));
	while (!is_swapped(self->fd, at) && at < 2 * LIMIT)
		at += PAGE;
	ASSERT_TRUE(is_swapped(self->fd, at));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	ASSERT_EQ(0, stat.stalled);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(pread(self->fd, page, PAGE, at) != (ssize_t)PAGE);
	}
	EXPECT_LT(3, wait_for_stalled(self->fd, 3));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	/* It goes on as soon as it may. */
	EXPECT_EQ(0, set_full(&self->policy, VMSWAP_FULL_ACTION_EXCEED));
	EXPECT_TRUE(ends(pid));
}

/* A VM beyond its limit of which nothing could go is tried again when a tier comes. */
TEST_F(limit, idle_until_tier)
{
	ASSERT_EQ(0, exceed(self->fd, &self->policy, self->id, self->mem));
	ASSERT_LT(LIMIT + MIB, resident(self->fd));
	ASSERT_EQ(0, add_big_tier(&self->policy));
	EXPECT_TRUE(comes_within(self->fd, LIMIT, 2));
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_RANDOM, 2 * LIMIT / PAGE));
	ASSERT_EQ(0, discard(self->fd, 0, VM_SIZE));
	EXPECT_EQ(0, policy_tier_del(&self->policy, BIG_TIER));
}

/* And when its full tier has room again. */
TEST_F(limit, idle_until_room)
{
	size_t page, freed = 0;
	uint64_t before;

	ASSERT_EQ(0, exceed(self->fd, &self->policy, self->id, self->mem));
	before = resident(self->fd);
	ASSERT_LT(LIMIT + MIB, before);
	for (page = 0; page < 2 * LIMIT / PAGE && freed < 2 * MIB; page++)
		if (is_swapped(self->fd, page * PAGE)) {
			ASSERT_EQ(0, discard(self->fd, page * PAGE, PAGE));
			freed += PAGE;
		}
	ASSERT_EQ(2 * MIB, freed);
	EXPECT_TRUE(comes_within(self->fd, before - MIB, 2));
}

/* And when its tier is made larger. */
TEST_F(limit, idle_until_larger)
{
	ASSERT_EQ(0, exceed(self->fd, &self->policy, self->id, self->mem));
	ASSERT_LT(LIMIT + MIB, resident(self->fd));
	ASSERT_EQ(0, policy_tier_set_size(&self->policy, TEST_TIER, 256 * MIB));
	EXPECT_TRUE(comes_within(self->fd, LIMIT, 2));
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_RANDOM, 2 * LIMIT / PAGE));
	ASSERT_EQ(0, discard(self->fd, 0, VM_SIZE));
	EXPECT_EQ(0, policy_tier_set_size(&self->policy, TEST_TIER, TEST_TIER_SIZE));
}

/*
 * And when its pages may leave again, of which nobody tells: those that are locked in
 * memory when the limit is set, and for a while after that.
 */
TEST_F(limit, idle_until_unlocked)
{
	ASSERT_EQ(0, policy_vm_limit(&self->policy, self->id, UINT64_MAX));
	ASSERT_EQ(0, add_big_tier(&self->policy));
	write_class(self->mem, PAGE_COMPRESSIBLE, 2 * LIMIT / PAGE);
	ASSERT_EQ(0, mlock(self->mem, 2 * LIMIT));
	ASSERT_EQ(0, policy_vm_limit(&self->policy, self->id, LIMIT));
	usleep(2500000);
	ASSERT_EQ(2 * LIMIT, resident(self->fd));
	ASSERT_EQ(0, munlock(self->mem, 2 * LIMIT));
	EXPECT_TRUE(comes_within(self->fd, LIMIT, 8));
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_COMPRESSIBLE, 2 * LIMIT / PAGE));
	ASSERT_EQ(0, discard(self->fd, 0, VM_SIZE));
	EXPECT_EQ(0, policy_tier_del(&self->policy, BIG_TIER));
}

/*
 * Beyond the limit each fault would like to evict, and cannot: it does not wait, and
 * does not go through all pages, for which this test would not have the time.
 */
TEST_F(limit, full_exceed)
{
	double unlimited, limited, start;
	struct vmswap_vm_stat stat;

	ASSERT_EQ(0, policy_vm_limit(&self->policy, self->id, UINT64_MAX));
	start = now_seconds();
	write_class(self->mem, PAGE_RANDOM, VM_PAGES);
	unlimited = now_seconds() - start;
	ASSERT_EQ(0, discard(self->fd, 0, VM_SIZE));
	ASSERT_EQ(0, policy_vm_limit(&self->policy, self->id, LIMIT));
	ASSERT_EQ(0, set_full(&self->policy, VMSWAP_FULL_ACTION_EXCEED));
	start = now_seconds();
	write_class(self->mem, PAGE_RANDOM, VM_PAGES);
	limited = now_seconds() - start;
	printf("# %lu pages in %.2f s, beyond the limit in %.2f s\n", VM_PAGES, unlimited,
	       limited);
	EXPECT_LT(VM_SIZE - 8 * MIB, resident(self->fd));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(0, stat.stalled);
	/*
	 * Those in the full tier come in only while the limit may be exceeded.  Each makes
	 * room there, for which another page is looked for.
	 */
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_RANDOM, VM_PAGES / (is_debug_kernel() ? 32 : 8)));
}

/*
 * As far as the limit goes, and nothing leaves for it; not in the background either, when
 * something else wakes the worker.
 */
TEST_F(limit, prefetch_evicts_nothing)
{
	struct vmswap_vm_stat before, after;

	ASSERT_EQ(0, add_big_tier(&self->policy));
	write_class(self->mem, PAGE_RANDOM, VM_PAGES);
	ASSERT_EQ(0, evict(self->fd, 0, VM_SIZE));
	ASSERT_EQ(0, vm_stat(self->fd, &before));
	ASSERT_GT(LIMIT / 2, before.resident);
	EXPECT_EQ(0, prefetch(self->fd, 0, VM_SIZE));
	ASSERT_EQ(0, policy_vm_limit(&self->policy, self->id, LIMIT));
	usleep(300000);	/* the worker's turn */
	ASSERT_EQ(0, vm_stat(self->fd, &after));
	EXPECT_EQ(before.swapout_pages, after.swapout_pages);
	EXPECT_LT(LIMIT - MIB, after.resident);
	EXPECT_GT(LIMIT, after.resident);
	ASSERT_EQ(0, discard(self->fd, 0, VM_SIZE));
	EXPECT_EQ(0, policy_tier_del(&self->policy, BIG_TIER));
}

/* The process id of the kernel's thread of this name, or 0. */
static pid_t thread_of_kernel(const char *name)
{
	glob_t files;
	pid_t pid = 0;
	size_t i;

	if (glob("/proc/[0-9]*/comm", 0, NULL, &files))
		return 0;
	for (i = 0; i < files.gl_pathc; i++) {
		FILE *f = fopen(files.gl_pathv[i], "r");
		char comm[32] = "";

		if (f && fscanf(f, "%31s", comm) == 1 && !strcmp(comm, name))
			sscanf(files.gl_pathv[i], "/proc/%d", &pid);
		if (f)
			fclose(f);
	}
	globfree(&files);
	return pid;
}

/* As the operator is told; whose page has come goes before it. */
TEST_F(limit, nice_thread)
{
	char name[32];
	pid_t pid;

	snprintf(name, sizeof(name), "vmswap-%llu", (unsigned long long)self->id);
	pid = thread_of_kernel(name);
	ASSERT_LT(0, pid);
	EXPECT_EQ(5, getpriority(PRIO_PROCESS, pid));
}

/* ------------------------------------------------------------------------- no tier */

TEST_F(limit, incompressible)
{
	ASSERT_EQ(0, add_big_tier(&self->policy));
	write_class(self->mem, PAGE_RANDOM, VM_PAGES);
	EXPECT_GE(LIMIT + SLACK(1), resident(self->fd));
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_RANDOM, VM_PAGES));
	EXPECT_GE(LIMIT + SLACK(1), resident(self->fd));
	ASSERT_EQ(0, discard(self->fd, 0, VM_SIZE));
	EXPECT_EQ(0, policy_tier_del(&self->policy, BIG_TIER));
}

TEST_F(limit, no_tier)
{
	ASSERT_EQ(0, policy_tier_del(&self->policy, TEST_TIER));
	/* What needs no tier leaves. */
	write_class(self->mem, PAGE_SAME_FILLED, VM_PAGES);
	EXPECT_GE(LIMIT + SLACK(1), resident(self->fd));
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_SAME_FILLED, VM_PAGES));
	memset(self->mem, 0, VM_SIZE);
	EXPECT_GE(LIMIT + SLACK(1), resident(self->fd));
	EXPECT_TRUE(is_zero(self->mem, VM_SIZE));
	/* The rest stays, and a limit that asks for it is refused. */
	ASSERT_EQ(0, discard(self->fd, 0, VM_SIZE));
	write_class(self->mem, PAGE_RANDOM, LIMIT / PAGE / 2);
	EXPECT_EQ(-ENOSPC, policy_vm_limit(&self->policy, self->id, LIMIT / 4));
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_RANDOM, LIMIT / PAGE / 2));
	EXPECT_EQ(0, test_tier_add());
}

VMSWAP_TEST_MAIN

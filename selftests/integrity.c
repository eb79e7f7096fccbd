// SPDX-License-Identifier: GPL-2.0
/*
 * integrity.c - everything at once, and every byte compared with a shadow copy.
 *
 * Workers do random things to a file and the same to a copy in ordinary memory;
 * an evictor and a disturber work against them all the time.  A page belongs to
 * one worker at a time: exclusive parts belong to one for ever, pages of the
 * shared part are taken by a lock per page.  What every comparison sees must be
 * exactly what was last written.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <linux/falloc.h>

#include "disk.h"

#define WORKERS		3
#define OWN_PAGES	256ul			/* of each worker */
#define SHARED_PAGES	256ul
#define PAGES		(WORKERS * OWN_PAGES + SHARED_PAGES)
#define SIZE		(PAGES * PAGE)
#define SHARED_FIRST	(WORKERS * OWN_PAGES)

struct world {
	int fd;
	uint8_t *mem;
	uint8_t *shadow;
	pthread_mutex_t lock[SHARED_PAGES];
	atomic_bool stop;
	atomic_long ops, evicted;
	atomic_bool failed;
};

struct worker {
	struct world *w;
	unsigned int id;
	uint64_t rnd;
	pthread_t thread;
	char what[160];
};

/*
 * With VMSWAP_INJECT the kernel fails allocations of the threads that ask for it
 * (the test fault-injection sets how often): what is refused is asked for again.
 */
static bool injecting(void)
{
	return getenv("VMSWAP_INJECT");
}

static void fail_my_allocations(void)
{
	int fd;

	if (!injecting())
		return;
	fd = open("/proc/thread-self/make-it-fail", O_WRONLY);
	if (fd < 0 || write(fd, "1", 1) != 1)
		abort();
	close(fd);
}

/* Want of memory, or of a page to copy to or from, is no result. */
static bool refused(long ret)
{
	return ret < 0 && (errno == ENOMEM || (errno == EFAULT && injecting()));
}

#define again(call) \
({ \
	long again_ret; \
	\
	do { \
		again_ret = (call); \
	} while (refused(again_ret)); \
	again_ret; \
})

static unsigned int seconds(void)
{
	const char *text = getenv("VMSWAP_SECONDS");

	return text ? atoi(text) : 60;
}

/* ------------------------------------------------------------- what is compared */

static void report(struct worker *k, const char *how, size_t from, size_t len,
		   const uint8_t *got)
{
	struct world *w = k->w;
	size_t i, bad = 0;

	for (i = 0; i < len && got[i] == w->shadow[from + i]; i++)
		;
	bad = from + i;
	printf("# worker %u, %s, after \"%s\": page %zu byte %zu: %02x, expected %02x; state %04x; got zero: %d\n",
	       k->id, how, k->what, bad / PAGE, bad % PAGE, got[i], w->shadow[bad],
	       page_state(w->fd, bad / PAGE * PAGE),
	       is_zero(got + i, len - i));
	atomic_store(&w->failed, true);
	atomic_store(&w->stop, true);
}

static void check_mapped(struct worker *k, size_t from, size_t len)
{
	if (memcmp(k->w->mem + from, k->w->shadow + from, len))
		report(k, "mapped", from, len, k->w->mem + from);
}

/* All of it: a transfer ends early where memory is refused. */
static bool transfer(int fd, uint8_t *bytes, size_t len, off_t from, bool out)
{
	while (len) {
		ssize_t n = again(out ? pwrite(fd, bytes, len, from) :
					pread(fd, bytes, len, from));

		if (n <= 0 || (n < len && !injecting()))
			return false;
		bytes += n;
		from += n;
		len -= n;
	}
	return true;
}

static void check_read(struct worker *k, size_t from, size_t len)
{
	uint8_t copy[4 * PAGE];

	if (!transfer(k->w->fd, copy, len, from, false))
		memset(copy, 0xa5, len);
	if (memcmp(copy, k->w->shadow + from, len))
		report(k, "pread", from, len, copy);
}

/* A hole that holds data is lost in a copy. */
static void check_seek(struct worker *k, size_t from, size_t len)
{
	off_t data = lseek(k->w->fd, from, SEEK_DATA);

	if (data < 0 || data > from + len)
		data = from + len;
	if (!is_zero(k->w->shadow + from, data - from)) {
		uint8_t zero[4 * PAGE] = {};

		report(k, "SEEK_DATA", from, len, zero);
	}
}

static void check_state(struct worker *k, size_t from)
{
	if (page_state(k->w->fd, from) == VMSWAP_PAGE_ZERO &&
	    !is_zero(k->w->shadow + from, PAGE)) {
		uint8_t zero[PAGE] = {};

		report(k, "PAGE_STATE", from, PAGE, zero);
	}
}

/* ------------------------------------------------------------------ operations */

static void new_content(struct worker *k, size_t from, size_t len)
{
	uint8_t page[PAGE];
	size_t n;

	for (; len; from += n, len -= n) {
		n = PAGE - from % PAGE;
		if (n > len)
			n = len;
		page_make(page, rnd(&k->rnd) % PAGE_CLASSES, rnd(&k->rnd));
		memcpy(k->w->shadow + from, page + from % PAGE, n);
	}
}

static void op_store(struct worker *k, size_t from, size_t len)
{
	new_content(k, from, len);
	memcpy(k->w->mem + from, k->w->shadow + from, len);
}

static void op_pwrite(struct worker *k, size_t from, size_t len)
{
	new_content(k, from, len);
	if (!transfer(k->w->fd, k->w->shadow + from, len, from, true))
		report(k, strerror(errno), from, len, k->w->mem + from);
}

/* One word: the page is compressed anew with all but eight bytes as before. */
static void op_poke(struct worker *k, size_t from, size_t len)
{
	from &= ~7ul;
	*(uint64_t *)(k->w->shadow + from) = rnd(&k->rnd);
	*(volatile uint64_t *)(k->w->mem + from) = *(uint64_t *)(k->w->shadow + from);
}

static void op_punch(struct worker *k, size_t from, size_t len)
{
	int mode = rnd(&k->rnd) % 2 ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE :
				      FALLOC_FL_ZERO_RANGE;

	memset(k->w->shadow + from, 0, len);
	if (again(fallocate(k->w->fd, mode, from, len)))
		report(k, strerror(errno), from, len, k->w->mem + from);
}

static void op_discard(struct worker *k, size_t from, size_t len)
{
	size_t first = (from + PAGE - 1) & ~(PAGE - 1), last = (from + len) & ~(PAGE - 1);

	if (first >= last)
		return;
	memset(k->w->shadow + first, 0, last - first);
	if (rnd(&k->rnd) % 2) {
		again(discard(k->w->fd, first, last - first));
	} else {
		again(madvise(k->w->mem + first, last - first, MADV_REMOVE));
		madvise(k->w->mem + first, last - first, MADV_DONTNEED);
	}
}

static void op_advise(struct worker *k, size_t from, size_t len)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_WILLNEED, MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ,
		MADV_POPULATE_WRITE, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
	};
	size_t first = from & ~(PAGE - 1);

	madvise(k->w->mem + first, from + len - first, advice[rnd(&k->rnd) % 8]);
}

static void op_evict(struct worker *k, size_t from, size_t len)
{
	evict(k->w->fd, from & ~(PAGE - 1), 4 * PAGE);
}

static void op_prefetch(struct worker *k, size_t from, size_t len)
{
	prefetch(k->w->fd, from & ~(PAGE - 1), 4 * PAGE);
}

static void op_mlock(struct worker *k, size_t from, size_t len)
{
	size_t first = from & ~(PAGE - 1);

	if (mlock(k->w->mem + first, PAGE))
		return;
	evict(k->w->fd, first, PAGE);
	check_mapped(k, first, PAGE);
	munlock(k->w->mem + first, PAGE);
}

/* The child sees and changes the same memory. */
static void op_fork(struct worker *k, size_t from, size_t len)
{
	int status = -1;
	pid_t pid;

	/* Forking is slow; once in a while is enough. */
	if (rnd(&k->rnd) % 64)
		return;
	new_content(k, from, len);
	pid = again(fork());
	if (!pid) {
		memcpy(k->w->mem + from, k->w->shadow + from, len);
		_exit(memcmp(k->w->mem + from, k->w->shadow + from, len) != 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		report(k, "fork", from, len, k->w->mem + from);
}

static void op_read(struct worker *k, size_t from, size_t len)
{
}

static const struct {
	const char *name;
	void (*fn)(struct worker *k, size_t from, size_t len);
} ops[] = {
	{ "store", op_store }, { "store", op_store }, { "pwrite", op_pwrite },
	{ "poke", op_poke }, { "poke", op_poke }, { "poke", op_poke },
	{ "punch", op_punch }, { "discard", op_discard }, { "advise", op_advise },
	{ "evict", op_evict }, { "prefetch", op_prefetch }, { "mlock", op_mlock },
	{ "fork", op_fork }, { "read", op_read }, { "read", op_read }, { "read", op_read },
};

#define NR_OPS (sizeof(ops) / sizeof(ops[0]))

static void check(struct worker *k, size_t from, size_t len)
{
	size_t first = from & ~(PAGE - 1);

	check_state(k, first);
	switch (rnd(&k->rnd) % 3) {
	case 0:
		check_mapped(k, from, len);
		break;
	case 1:
		check_read(k, from, len);
		break;
	case 2:
		check_seek(k, from, len);
		break;
	}
}

static void one_op(struct worker *k, size_t from, size_t len)
{
	unsigned int i = rnd(&k->rnd) % NR_OPS;

	check(k, from, len);
	if (atomic_load(&k->w->stop))
		return;
	snprintf(k->what, sizeof(k->what), "%s %zu+%zu", ops[i].name, from, len);
	ops[i].fn(k, from, len);
	check(k, from, len);
	atomic_fetch_add(&k->w->ops, 1);
}

/* Up to three pages of the worker's own, at any offset. */
static void own_op(struct worker *k)
{
	size_t base = k->id * OWN_PAGES * PAGE;
	size_t len = 1 + rnd(&k->rnd) % (3 * PAGE);
	size_t from = rnd(&k->rnd) % (OWN_PAGES * PAGE - len - 4 * PAGE);

	if (rnd(&k->rnd) % 2) {
		from &= ~(PAGE - 1);
		len = PAGE;
	}
	one_op(k, base + from, len);
}

static void shared_op(struct worker *k)
{
	size_t i = rnd(&k->rnd) % SHARED_PAGES;

	pthread_mutex_lock(&k->w->lock[i]);
	one_op(k, (SHARED_FIRST + i) * PAGE, PAGE);
	pthread_mutex_unlock(&k->w->lock[i]);
}

static void *work(void *arg)
{
	struct worker *k = arg;

	fail_my_allocations();
	while (!atomic_load(&k->w->stop))
		if (rnd(&k->rnd) % 4)
			own_op(k);
		else
			shared_op(k);
	return NULL;
}

/* ----------------------------------------------------------------- disturbance */

static void *evict_all_the_time(void *arg)
{
	struct world *w = arg;
	uint64_t state = test_seed ^ 0xe71c;

	fail_my_allocations();
	while (!atomic_load(&w->stop)) {
		size_t first = rnd(&state) % PAGES, n = 1 + rnd(&state) % 64;
		struct vmswap_ranges res;

		if (!ranges_ioctl(w->fd, VMSWAP_IOC_EVICT, first * PAGE, n * PAGE, &res))
			atomic_fetch_add(&w->evicted, res.done_pages);
	}
	return NULL;
}

/* Limits, dropped caches and compaction, from outside the VM. */
static void *disturb(void *arg)
{
	static const uint64_t limits[] = { SIZE / 8, SIZE / 2, ~0ull, 64 * PAGE };
	uint64_t state = test_seed ^ 0xd157;
	struct world *w = arg;
	struct vmswap_vm_stat stat;
	struct policy p;

	if (policy_open(&p) || vm_stat(w->fd, &stat))
		return NULL;
	fail_my_allocations();
	while (!atomic_load(&w->stop)) {
		switch (rnd(&state) % 6) {
		case 0:
			write_file("/proc/sys/vm/drop_caches", "1");
			break;
		case 1:
			write_file("/proc/sys/vm/compact_memory", "1");
			break;
		default:
			policy_vm_limit(&p, stat.id, limits[rnd(&state) % 4]);
			break;
		}
		usleep(1000 * (rnd(&state) % 200));
	}
	policy_vm_limit(&p, stat.id, ~0ull);
	policy_close(&p);
	return NULL;
}

/* ------------------------------------------------------------------------ tests */

FIXTURE(integrity)
{
	struct test_mount mnt;
	struct world w;
};

/* Above the RAM tier alone, and above a disk. */
FIXTURE_VARIANT(integrity)
{
	bool disk;
};

FIXTURE_VARIANT_ADD(integrity, ram)
{
	.disk = false,
};

FIXTURE_VARIANT_ADD(integrity, disk)
{
	.disk = true,
};

#define DISK		"shadowed"
#define DISK_TIER	"disk0"

/*
 * With a disk behind it the RAM tier has room for a part of what compresses.  The disk
 * is just large enough for a page's copy and the next one of each page: slots are used
 * again all the time.
 */
#define SMALL_RAM	(64ul << 10)
#define DISK_SIZE	(2 * SIZE)

/* So slow that at any time some pages are on their way. */
#define SLOW_NS		"2000000"

static int disk_begin(void)
{
	struct policy p;
	int ret;

	ret = disk_make_slow(DISK, DISK_SIZE / MIB, SLOW_NS) ?: policy_open(&p);
	if (ret)
		return ret;
	ret = policy_tier_add_block(&p, DISK_TIER, "/dev/" DISK, 0) ?:
	      policy_tier_set_size(&p, TEST_TIER, SMALL_RAM);
	policy_close(&p);
	return ret;
}

/* When no VM is left that has pages there. */
static int disk_end(void)
{
	struct policy p;
	int ret = policy_open(&p);

	if (ret)
		return ret;
	ret = policy_tier_set_size(&p, TEST_TIER, TEST_TIER_SIZE) ?:
	      policy_tier_del(&p, DISK_TIER);
	policy_close(&p);
	return ret ?: disk_remove(DISK);
}

/* Both tiers hold some of what was evicted. */
static bool both_are_used(void)
{
	uint64_t ram, disk;
	struct policy p;

	if (policy_open(&p))
		return false;
	ram = policy_tier_pages(&p, TEST_TIER);
	disk = policy_tier_pages(&p, DISK_TIER);
	policy_close(&p);
	printf("# %llu pages in the RAM tier, %llu on the disk\n", (unsigned long long)ram,
	       (unsigned long long)disk);
	return ram && disk;
}

/* The variants share the time; where there is one it has all of it. */
static unsigned int share_of(unsigned int secs)
{
	return injecting() ? secs : secs / 2;
}

static const struct world *the_world;

/* Tell which page could not be had, then die of it. */
static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	long at = (uint8_t *)info->si_addr - the_world->mem;
	char line[100];
	int len;

	len = snprintf(line, sizeof(line), "# SIGBUS, code %d, at %p: %s page %ld\n",
		       info->si_code, info->si_addr,
		       at >= 0 && at < SIZE ? "the file's" : "not the file's", at / (long)PAGE);
	if (write(STDOUT_FILENO, line, len) == len)
		signal(sig, SIG_DFL);
	else
		abort();
}

static void tell_sigbus(const struct world *w)
{
	struct sigaction action = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };

	the_world = w;
	sigaction(SIGBUS, &action, NULL);
}

/*
 * A page of the program or of libc that drop_caches has thrown away is read again, and
 * a file system that is refused memory for it makes that a SIGBUS: keep them all.
 */
static int keep_program(void)
{
	return injecting() ? mlockall(MCL_CURRENT) : 0;
}

FIXTURE_SETUP(integrity)
{
	unsigned int i;

	if (variant->disk && injecting())
		SKIP(return, "%s", "the disk's memory would be refused, too");
	if (variant->disk) {
		ASSERT_EQ(0, disk_begin());
	}
	ASSERT_EQ(0, keep_program());
	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
	self->w.fd = file_make(&self->mnt, "vm", SIZE);
	ASSERT_LE(0, self->w.fd);
	self->w.mem = map_shared(self->w.fd, SIZE);
	ASSERT_NE(MAP_FAILED, self->w.mem);
	/* Shared: forked children use it as well. */
	self->w.shadow = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->w.shadow);
	for (i = 0; i < SHARED_PAGES; i++)
		pthread_mutex_init(&self->w.lock[i], NULL);
	tell_sigbus(&self->w);
}

FIXTURE_TEARDOWN(integrity)
{
	munmap(self->w.mem, SIZE);
	munmap(self->w.shadow, SIZE);
	close(self->w.fd);
	EXPECT_EQ(0, test_umount(&self->mnt));
	if (variant->disk)
		EXPECT_EQ(0, disk_end());
}

static void run_workers(struct world *w, unsigned int nr, unsigned int secs)
{
	struct worker workers[WORKERS] = {};
	unsigned int i;

	for (i = 0; i < nr; i++) {
		workers[i].w = w;
		workers[i].id = i;
		workers[i].rnd = test_seed + i;
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	for (i = 0; i < secs * 10 && !atomic_load(&w->stop); i++)
		usleep(100000);
	atomic_store(&w->stop, true);
	for (i = 0; i < nr; i++)
		pthread_join(workers[i].thread, NULL);
}

static bool all_as_shadow(struct world *w)
{
	struct worker k = { .w = w, .what = "all" };
	size_t i;

	for (i = 0; i < PAGES && !w->failed; i++) {
		check_state(&k, i * PAGE);
		check_read(&k, i * PAGE, PAGE);
		check_mapped(&k, i * PAGE, PAGE);
	}
	return !w->failed;
}

TEST_F_TIMEOUT(integrity, threads, 3600)
{
	struct vmswap_vm_stat stat;
	pthread_t evictor, disturber;

	ASSERT_EQ(0, pthread_create(&evictor, NULL, evict_all_the_time, &self->w));
	ASSERT_EQ(0, pthread_create(&disturber, NULL, disturb, &self->w));
	run_workers(&self->w, WORKERS, share_of(seconds() * 2 / 3));
	pthread_join(evictor, NULL);
	pthread_join(disturber, NULL);
	printf("# %ld operations, %ld pages evicted\n", self->w.ops, self->w.evicted);
	EXPECT_LT(0, self->w.ops);
	EXPECT_LT(0, self->w.evicted);
	EXPECT_TRUE(all_as_shadow(&self->w));
	ASSERT_EQ(0, evict(self->w.fd, 0, SIZE));
	EXPECT_TRUE(!variant->disk || both_are_used());
	EXPECT_TRUE(all_as_shadow(&self->w));
	ASSERT_EQ(0, vm_stat(self->w.fd, &stat));
	EXPECT_EQ(stat.size, stat_sum(&stat));
	EXPECT_EQ(0, stat.poisoned);
	EXPECT_EQ(0, stat.io_errors);
}

/* Without mappings the file may shrink: one thread, system calls, an evictor. */
static void one_unmapped_op(struct worker *k)
{
	struct world *w = k->w;
	size_t len = 1 + rnd(&k->rnd) % (3 * PAGE);
	size_t from = rnd(&k->rnd) % (64 * PAGE);
	off_t size = lseek(w->fd, 0, SEEK_END);

	switch (rnd(&k->rnd) % 6) {
	case 0:
		if (ftruncate(w->fd, from))
			report(k, strerror(errno), from, 1, w->shadow + from);
		memset(w->shadow + from, 0, SIZE - from);
		break;
	case 1:
		if (ftruncate(w->fd, size > from ? size : from))
			report(k, strerror(errno), from, 1, w->shadow + from);
		break;
	case 2:
		if (fallocate(w->fd, FALLOC_FL_ZERO_RANGE, from, len))
			report(k, strerror(errno), from, len, w->shadow + from);
		memset(w->shadow + from, 0, len);
		break;
	case 3:
		fallocate(w->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, len);
		memset(w->shadow + from, 0, len);
		break;
	default:
		op_pwrite(k, from, len);
		break;
	}
}

static void check_whole(struct worker *k)
{
	static uint8_t copy[SIZE];
	off_t size = lseek(k->w->fd, 0, SEEK_END);

	memset(copy, 0, SIZE);
	if (pread(k->w->fd, copy, SIZE, 0) != size || memcmp(copy, k->w->shadow, SIZE))
		report(k, "whole file", 0, SIZE, copy);
}

TEST_F_TIMEOUT(integrity, truncate, 3600)
{
	time_t end = time(NULL) + share_of(seconds() / 3);
	struct worker k = { .w = &self->w, .rnd = test_seed };
	pthread_t evictor;
	long n;

	munmap(self->w.mem, SIZE);
	ASSERT_EQ(0, pthread_create(&evictor, NULL, evict_all_the_time, &self->w));
	for (n = 0; time(NULL) < end && !self->w.stop; n++) {
		one_unmapped_op(&k);
		check_whole(&k);
	}
	self->w.stop = true;
	pthread_join(evictor, NULL);
	printf("# %ld operations, %ld pages evicted\n", n, self->w.evicted);
	EXPECT_LT(0, n);
	EXPECT_FALSE(self->w.failed);
	self->w.mem = map_shared(self->w.fd, SIZE);
}

VMSWAP_TEST_MAIN

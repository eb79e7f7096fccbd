// SPDX-License-Identifier: GPL-2.0
/* evict-many.c - many VMs, a large one, and VMs that come and go under eviction. */
#include <signal.h>
#include <time.h>
#include <sys/wait.h>
#include <linux/falloc.h>

#include "race.h"

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
#define MANY_PAGES	(MANY_SIZE / PAGE)
#define HALF_WORDS	(PAGE / 16)

/* A VM's pages come in so many turns; all of a turn are begun before any is finished. */
#define MANY_TURNS	8

/* One in so many takes room in a tier, the others are one word over and over. */
#define MANY_MIX	8

/*
 * One of the VMs.  Its thread writes every step-th page, or reads them (by pread(), which
 * costs less than faults), and evicts VMs of other threads: pages of all come and go.
 */
struct many {
	int number;
	int *fds;			/* of all */
	uint64_t *mem;
	unsigned int step;
	bool write;
	long evicted, wrong;
	int err;
	struct vmswap_vm_stat stat;
	pthread_t thread;
};

/* Pages that are touched: so many, and of these so many need a tier. */
static unsigned int many_touched(unsigned int step)
{
	return (MANY_PAGES + step - 1) / step;
}

static unsigned int many_mixed(unsigned int step)
{
	return (many_touched(step) + MANY_MIX - 1) / MANY_MIX;
}

/* What a half of the n-th page is to hold; no two pages have a word in common. */
static uint64_t many_word(struct many *m, unsigned int n, unsigned int half)
{
	uint64_t stamp = m->number * MANY_PAGES + n * m->step + 1;

	return half && n % MANY_MIX == 0 ? ~stamp : stamp;
}

static void many_write(struct many *m, unsigned int first, unsigned int end, unsigned int half)
{
	unsigned int n, i;

	for (n = first; n < end; n++) {
		uint64_t *at = m->mem + (size_t)n * m->step * (PAGE / 8) + half * HALF_WORDS;

		for (i = 0; i < HALF_WORDS; i++)
			at[i] = many_word(m, n, half);
	}
}

/* A page that nobody has touched lies before it, unless all are. */
static bool many_read(struct many *m, unsigned int n)
{
	uint64_t page[PAGE / 8], differs = 0;
	off_t at = (off_t)n * m->step * PAGE;
	unsigned int i;

	if (n && m->step > 1 &&
	    (pread(m->fds[m->number], page, PAGE, at - PAGE) != PAGE || !is_zero(page, PAGE)))
		return false;
	if (pread(m->fds[m->number], page, PAGE, at) != PAGE)
		return false;
	for (i = 0; i < HALF_WORDS; i++) {
		differs |= page[i] ^ many_word(m, n, 0);
		differs |= page[HALF_WORDS + i] ^ many_word(m, n, 1);
	}
	return !differs;
}

static void many_check(struct many *m, unsigned int first, unsigned int end)
{
	unsigned int n;

	for (n = first; n < end; n++)
		if (!many_read(m, n) && !m->wrong++)
			printf("# file %d: page %u\n", m->number, n * m->step);
}

/* A page that leaves between its halves comes, and leaves, once more. */
static void many_turn(struct many *m, unsigned int turn)
{
	unsigned int first = many_touched(m->step) * turn / MANY_TURNS;
	unsigned int end = many_touched(m->step) * (turn + 1) / MANY_TURNS;

	if (m->write) {
		many_write(m, first, end, 0);
		many_write(m, first, end, 1);
	} else {
		many_check(m, first, end);
	}
}

/* The VMs before its own: whose threads begin later may have nothing yet. */
static void *many_thread(void *arg)
{
	unsigned int turn, other;
	struct vmswap_ranges res;
	struct many *m = arg;
	int err;

	for (turn = 0; turn < MANY_TURNS; turn++) {
		many_turn(m, turn);
		other = (m->number + MANY_FILES - 1 - turn) % MANY_FILES;
		err = ranges_ioctl(m->fds[other], VMSWAP_IOC_EVICT, 0, MANY_SIZE, &res);
		if (err)
			m->err = err;
		else
			m->evicted += res.done_pages;
	}
	return NULL;
}

/* Returns how many pages left meanwhile; -1: something was wrong. */
static long many_run(struct many *m, bool write)
{
	long evicted = 0;
	bool bad = false;
	int i;

	for (i = 0; i < MANY_FILES; i++) {
		m[i].write = write;
		m[i].evicted = 0;
		if (pthread_create(&m[i].thread, NULL, many_thread, &m[i]))
			abort();
	}
	for (i = 0; i < MANY_FILES; i++) {
		pthread_join(m[i].thread, NULL);
		evicted += m[i].evicted;
		bad = bad || m[i].err || m[i].wrong;
	}
	return bad ? -1 : evicted;
}

/*
 * What is left of a VM in memory leaves, once those who hold a page for a moment have
 * let go.  Then each page is where it must be.
 */
static bool many_settle(struct many *m)
{
	unsigned int touched = many_touched(m->step), mixed = many_mixed(m->step), i = 0;
	struct vmswap_vm_stat *stat = &m->stat;
	int fd = m->fds[m->number];

	do {
		if (evict(fd, 0, MANY_SIZE) || vm_stat(fd, stat))
			return false;
	} while (stat->resident && i++ < 1000);
	return !stat->resident && stat->swapped == mixed * PAGE &&
	       stat->same == (touched - mixed) * PAGE && stat_sum(stat) == MANY_SIZE;
}

/* How many are not as they must be. */
static int many_unsettled(struct many *m)
{
	struct vmswap_vm_stat *stat;
	int bad = 0, i;

	for (i = 0; i < MANY_FILES; i++) {
		stat = &m[i].stat;
		if (!many_settle(&m[i]) && !bad++)
			printf("# file %d: resident %llu, swapped %llu, same %llu, zero %llu\n",
			       i, (unsigned long long)stat->resident,
			       (unsigned long long)stat->swapped,
			       (unsigned long long)stat->same, (unsigned long long)stat->zero);
	}
	return bad;
}

/*
 * All pages.  Where free pages are poisoned, some: there those matter that nobody
 * touches, which are zero, whoever had their memory before.
 */
static unsigned int many_step(void)
{
	char words[4096] = "";
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, words, sizeof(words) - 1) < 0)
		words[0] = '\0';
	close(fd);
	return is_debug_kernel() || strstr(words, "page_poison=1") ? 15 : 1;
}

static bool many_make(struct test_mount *mnt, struct many *m)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "f%d", m->number);
	fd = file_make(mnt, name, MANY_SIZE);
	m->fds[m->number] = fd;
	if (fd < 0)
		return false;
	m->mem = map_shared(fd, MANY_SIZE);
	return m->mem != MAP_FAILED;
}

TEST_F_TIMEOUT(race, many_files, 600)
{
	unsigned int step = many_step();
	long all = MANY_FILES * (long)many_touched(step), left, back;
	time_t start = time(NULL);
	struct many m[MANY_FILES];
	int fds[MANY_FILES], i;

	for (i = 0; i < MANY_FILES; i++) {
		m[i] = (struct many){ .number = i, .fds = fds, .step = step };
		ASSERT_TRUE(many_make(&self->mnt, &m[i]));
	}
	left = many_run(m, true);
	EXPECT_EQ(0, many_unsettled(m));
	back = many_run(m, false);
	EXPECT_EQ(0, many_unsettled(m));
	printf("# %ld pages: %ld left while all came, %ld while all were read; %ld s\n", all,
	       left, back, (long)(time(NULL) - start));
	EXPECT_LT(all / 2, left);
	EXPECT_LT(all / 2, back);
	for (i = 0; i < MANY_FILES; i++) {
		EXPECT_LE(many_mixed(step), m[i].stat.swapin_pages);
		munmap(m[i].mem, MANY_SIZE);
		close(fds[i]);
	}
}

#define TIB (1ull << 40)

#define MAX_VMS		4096

/* Nobody but unlinks it: it is closed. */
static int vm_make(struct test_mount *mnt, int i)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "many%d", i);
	fd = file_make(mnt, name, PAGE);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

/* A VM has a thread of the host's: there is an end, and it is not the host's. */
TEST_F(race, too_many_vms)
{
	char name[16];
	int i, n = 0, ret;

	while (!(ret = vm_make(&self->mnt, n)))
		n++;
	EXPECT_EQ(-ENOSPC, ret);
	/* The fixture has one, and what has just gone may count. */
	EXPECT_GT(MAX_VMS, n);
	EXPECT_LT(MAX_VMS - 200, n);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		ASSERT_EQ(0, unlink(path_in(&self->mnt, name)));
	}
	for (i = 0; i < 500 && (ret = vm_make(&self->mnt, 0)) == -ENOSPC; i++)
		usleep(10000);
	EXPECT_EQ(0, ret);
}

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

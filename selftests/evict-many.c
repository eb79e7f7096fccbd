// SPDX-License-Identifier: GPL-2.0
/* evict-many.c - many VMs, a large one, and VMs that come and go under eviction. */
#include <signal.h>
#include <sys/resource.h>
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

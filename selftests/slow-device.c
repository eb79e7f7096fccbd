// SPDX-License-Identifier: GPL-2.0
/* slow-device.c - who waits for a slow read, and who does not.  Needs dm-delay. */
#define TEST_NO_TIER
#include <linux/falloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "test-lib.h"
#include "policy.h"

#define FILE_PAGES	64
#define FILE_SIZE	(FILE_PAGES * PAGE)
#define DELAY_MS	4000
#define TIER		"slow"
#define DEVICE		"/dev/mapper/vmswap-slow"

FIXTURE(slow)
{
	struct test_mount mnt;
	int fd;
	uint8_t *mem;
	pthread_t reader;
};

static bool run(const char *command)
{
	return !system(command);
}

static int tier_add(void)
{
	uint32_t kind = VMSWAP_TIER_KIND_BLOCK;
	struct policy p;
	int ret = policy_open(&p);

	if (ret)
		return ret;
	policy_cmd(&p, VMSWAP_CMD_TIER_ADD);
	policy_put_str(&p, VMSWAP_A_TIER_NAME, TIER);
	policy_put(&p, VMSWAP_A_TIER_KIND, &kind, sizeof(kind));
	policy_put_str(&p, VMSWAP_A_TIER_PATH, DEVICE);
	ret = policy_talk(&p, NULL, NULL);
	policy_close(&p);
	return ret;
}

static bool device_make(void)
{
	char command[128];

	/* Reads are delayed, writes are not. */
	snprintf(command, sizeof(command),
		 "dmsetup create vmswap-slow --table '0 32768 delay /dev/ram0 0 %d /dev/ram0 0 0'",
		 DELAY_MS);
	return run("modprobe brd rd_nr=1 rd_size=16384 && modprobe dm-delay") && run(command) &&
	       run("dmsetup mknodes");
}

FIXTURE_SETUP(slow)
{
	unsigned int i;

	if (!device_make())
		SKIP(return, "%s", "no dm-delay");
	ASSERT_EQ(0, tier_add());
	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
	self->fd = file_make(&self->mnt, "vm", FILE_SIZE);
	ASSERT_LE(0, self->fd);
	self->mem = map_shared(self->fd, FILE_SIZE);
	ASSERT_NE(MAP_FAILED, self->mem);
	for (i = 0; i < FILE_PAGES; i++)
		page_make(self->mem + i * PAGE, PAGE_RANDOM, i);
	ASSERT_TRUE(evict_page(self->fd, 0));
}

FIXTURE_TEARDOWN(slow)
{
	munmap(self->mem, FILE_SIZE);
	close(self->fd);
	EXPECT_EQ(0, test_umount(&self->mnt));
	EXPECT_EQ(0, policy_once_tier_del(TIER));
	EXPECT_TRUE(run("dmsetup remove --retry vmswap-slow && modprobe -r brd"));
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *read_page(void *mem)
{
	return (void *)(uintptr_t)*(volatile uint8_t *)mem;
}

/* The first page is being read when this returns. */
static bool start_reader(pthread_t *reader, void *mem)
{
	if (pthread_create(reader, NULL, read_page, mem))
		return false;
	usleep(DELAY_MS * 1000 / 8);
	return true;
}

/* Others touch new pages, discard elsewhere, and evict meanwhile. */
TEST_F(slow, others_go_on)
{
	long start;

	ASSERT_TRUE(start_reader(&self->reader, self->mem));
	start = now_ms();
	ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       8 * PAGE, 8 * PAGE));
	self->mem[8 * PAGE] = 1;
	ASSERT_EQ(0, discard(self->fd, 16 * PAGE, 8 * PAGE));
	EXPECT_GT(DELAY_MS / 2, now_ms() - start);
	ASSERT_EQ(0, pthread_join(self->reader, NULL));
	EXPECT_TRUE(page_is(self->mem, PAGE_RANDOM, 0));
}

/* So do they while somebody discards the very page: it is waited for without a lock. */
TEST_F(slow, discard_can_be_killed)
{
	long start;
	int status;
	pid_t pid;

	ASSERT_TRUE(start_reader(&self->reader, self->mem));
	start = now_ms();
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				PAGE) ? 1 : 0);
	usleep(DELAY_MS * 1000 / 16);
	ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       8 * PAGE, 8 * PAGE));
	self->mem[8 * PAGE] = 1;
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_GT(DELAY_MS * 3 / 4, now_ms() - start);
	ASSERT_EQ(0, pthread_join(self->reader, NULL));
	EXPECT_TRUE(page_is(self->mem, PAGE_RANDOM, 0));
}

static volatile long alarm_ms;

static void on_alarm(int sig)
{
	alarm_ms = now_ms();
}

/* A signal is taken while the page is being read, not after it. */
TEST_F(slow, signals_are_taken)
{
	struct itimerval timer = { .it_value.tv_usec = 300000 };
	struct sigaction act = { .sa_handler = on_alarm };
	long start = now_ms();

	ASSERT_EQ(0, sigaction(SIGALRM, &act, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
	EXPECT_TRUE(page_is(self->mem, PAGE_RANDOM, 0));
	EXPECT_LE(DELAY_MS - 100, now_ms() - start);
	ASSERT_NE(0, alarm_ms);
	EXPECT_GT(DELAY_MS / 2, alarm_ms - start);
}

static bool read_stalls(unsigned long long *us)
{
	FILE *f = fopen("/proc/pressure/memory", "r");
	bool ok = f && fscanf(f, "some avg10=%*f avg60=%*f avg300=%*f total=%llu", us) == 1;

	if (f)
		fclose(f);
	return ok;
}

/* A task that waits for its memory is stalled. */
TEST_F(slow, pressure_shows)
{
	unsigned long long before, after;

	if (!read_stalls(&before))
		SKIP(return, "%s", "kernel without psi=1");
	EXPECT_TRUE(page_is(self->mem, PAGE_RANDOM, 0));
	ASSERT_TRUE(read_stalls(&after));
	EXPECT_LE(DELAY_MS * 1000 / 2, after - before);
}

TEST_HARNESS_MAIN

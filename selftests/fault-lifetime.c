// SPDX-License-Identifier: GPL-2.0
/*
 * fault-lifetime.c - a fault that waits without the fault lock outlives its mapping:
 * its file, its mount and the module must not go before it has returned.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>

#define TEST_TIER_SIZE	(8 * MIB)
#include "test-lib.h"

#define FILE_SIZE	(64 * MIB)
#define THREADS		16

static uint8_t *mem;
static atomic_uint next_page, ended;
static __thread sigjmp_buf segv;

static void on_segv(int sig)
{
	siglongjmp(segv, 1);
}

/* Until no tier has room; then the mapping goes, and the touch ends in a signal. */
static void *fill(void *arg)
{
	unsigned int i;

	if (!sigsetjmp(segv, 1))
		while ((i = atomic_fetch_add(&next_page, 1)) < FILE_SIZE / PAGE)
			page_make(mem + i * PAGE, PAGE_RANDOM, i);
	atomic_fetch_add(&ended, 1);
	return NULL;
}

static bool all_stalled(int fd)
{
	unsigned int last = -1u;
	struct vmswap_vm_stat stat;

	while (atomic_load(&next_page) != last) {
		last = atomic_load(&next_page);
		usleep(500000);
	}
	return last && !vm_stat(fd, &stat) && stat.stalled && !atomic_load(&ended);
}

static int set_limit(int fd)
{
	struct vmswap_vm_stat stat;

	return vm_stat(fd, &stat) ?: policy_once(policy_vm_limit, stat.id, TEST_TIER_SIZE);
}

/* On one CPU, where no other thread of the process gets on while this one does not sleep. */
static int get_ahead(void)
{
	struct sched_param param = { .sched_priority = 1 };

	return sched_setscheduler(0, SCHED_FIFO, &param) ? -errno : 0;
}

static int pin_to_a_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	return sched_setaffinity(0, sizeof(cpus), &cpus) ? -errno : 0;
}

/* The mapping goes while faults wait for room: the mount is busy until they have returned. */
TEST(unmapped_while_stalled)
{
	pthread_t threads[THREADS];
	struct test_mount mnt;
	int fd, i;

	signal(SIGSEGV, on_segv);
	ASSERT_EQ(0, pin_to_a_cpu());
	ASSERT_EQ(0, test_mount(&mnt, NULL));
	fd = file_make(&mnt, "vm", FILE_SIZE);
	ASSERT_LE(0, fd);
	mem = map_shared(fd, FILE_SIZE);
	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, set_limit(fd));
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, fill, NULL));
	ASSERT_TRUE(all_stalled(fd));
	close(fd);
	ASSERT_EQ(0, get_ahead());
	ASSERT_EQ(0, munmap(mem, FILE_SIZE));
	/* None of the threads has run since. */
	EXPECT_EQ(-EBUSY, test_umount(&mnt));
	for (i = 0; i < THREADS; i++)
		EXPECT_EQ(0, pthread_join(threads[i], NULL));
	EXPECT_EQ(THREADS, atomic_load(&ended));
	EXPECT_EQ(0, test_umount(&mnt));
}

VMSWAP_TEST_MAIN

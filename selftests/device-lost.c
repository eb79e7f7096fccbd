// SPDX-License-Identifier: GPL-2.0
/*
 * device-lost.c - pages are on their way to a device when it goes, or hangs: what memory has
 * of them stays, and what need not wait for the device does not.
 */
#define TEST_NO_TIER
#include <pthread.h>
#include <stdatomic.h>

#include "disk.h"
#include "dm.h"
#include "policy.h"
#include "test-lib.h"

#define TIER		"lost"
#define DISK		"vslost"
#define HELD		"vsheld"
/* Long enough to remove the device meanwhile. */
#define WRITE_NS	"4000000000"
/* As many as one evictor has under way at once: three runs. */
#define PAGES		96
#define RUN		32
#define FILE_SIZE	(PAGES * PAGE)

FIXTURE(lost)
{
	struct test_mount mnt;
	int fd;
	uint8_t *mem;
};

FIXTURE_SETUP(lost)
{
	self->fd = mapped_open(&self->mnt, NULL, FILE_SIZE, &self->mem);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(lost)
{
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, FILE_SIZE));
}

struct evictor {
	pthread_t thread;
	int fd;
	unsigned int pages;
	atomic_bool ended;
	int ret;
};

static void *evict_some(void *arg)
{
	struct evictor *e = arg;

	e->ret = evict(e->fd, 0, e->pages * PAGE);
	atomic_store(&e->ended, true);
	return NULL;
}

static int evictor_start(struct evictor *e, int fd, unsigned int pages)
{
	*e = (struct evictor) { .fd = fd, .pages = pages };
	return pthread_create(&e->thread, NULL, evict_some, e);
}

static int evictor_end(struct evictor *e)
{
	return pthread_join(e->thread, NULL) ?: e->ret;
}

static bool pages_are(const uint8_t *mem, unsigned int first, unsigned int step, uint64_t seed)
{
	unsigned int i;

	for (i = first; i < RUN; i += step)
		if (!page_is(mem + i * PAGE, PAGE_RANDOM, seed + i))
			return false;
	return true;
}

static uint64_t resident_pages(int fd)
{
	struct vmswap_vm_stat stat;

	return vm_stat(fd, &stat) ? UINT64_MAX : stat.resident / PAGE;
}

/* All writes end well, after the device has gone: nothing of it will ever be read. */
TEST_F(lost, written_and_lost)
{
	struct evictor evictor;
	struct vmswap_vm_stat stat;
	struct policy policy;
	unsigned int i;
	int ret;

	ret = disk_make_shallow(DISK, 16, WRITE_NS, "256");
	if (ret == -ENODEV)
		SKIP(return, "%s", "no block device");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, policy_open(&policy));
	ASSERT_EQ(0, policy_tier_add_block(&policy, TIER, "/dev/" DISK, 0));
	for (i = 0; i < PAGES; i++)
		page_make(self->mem + i * PAGE, PAGE_RANDOM, i);
	ASSERT_EQ(0, evictor_start(&evictor, self->fd, PAGES));
	/* Some may be busy for a moment, in another CPU's batch. */
	while (policy_tier_pages(&policy, TIER) < PAGES / 2)
		sched_yield();
	EXPECT_EQ(PAGES, resident_pages(self->fd));
	EXPECT_EQ(0, disk_remove(DISK));
	EXPECT_EQ(0, evictor_end(&evictor));
	EXPECT_EQ(VMSWAP_TIER_STATE_FAILED,
		  policy_tier_figure(&policy, TIER, VMSWAP_A_TIER_STATE));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(PAGES * PAGE, stat.resident);
	EXPECT_EQ(0, stat.swapped);
	EXPECT_EQ(0, policy_tier_pages(&policy, TIER));
	EXPECT_EQ(0, policy_tier_del(&policy, TIER));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	ASSERT_EQ(0, stat.poisoned);
	for (i = 0; i < PAGES; i++)
		EXPECT_TRUE(page_is(self->mem + i * PAGE, PAGE_RANDOM, i));
	policy_close(&policy);
}

/*
 * What has a copy leaves at once, not when the device has taken what was changed: nobody
 * knows what the copy is worth then.
 */
TEST_F(lost, copies_do_not_wait)
{
	struct evictor evictor;
	unsigned int i;

	if (!brd_make() || !dm_make(HELD, "0 %d linear " BRD " 0", BRD_SECTORS))
		SKIP(return, "%s", "no device mapper");
	ASSERT_EQ(0, policy_once(policy_tier_add_block, TIER, DM_DIR HELD, 0));
	for (i = 0; i < RUN; i++)
		page_make(self->mem + i * PAGE, PAGE_RANDOM, i);
	ASSERT_TRUE(evict_each(self->fd, RUN));
	EXPECT_TRUE(pages_are(self->mem, 0, 1, 0));
	for (i = 1; i < RUN; i += 2)
		page_make(self->mem + i * PAGE, PAGE_RANDOM, RUN + i);
	ASSERT_EQ(RUN, resident_pages(self->fd));
	ASSERT_TRUE(dm_suspend(HELD));
	ASSERT_EQ(0, evictor_start(&evictor, self->fd, RUN));
	for (i = 0; i < 2000 && resident_pages(self->fd) != RUN / 2; i++)
		usleep(10000);
	EXPECT_EQ(RUN / 2, resident_pages(self->fd));
	EXPECT_FALSE(atomic_load(&evictor.ended));
	ASSERT_TRUE(dm_resume(HELD));
	EXPECT_EQ(0, evictor_end(&evictor));
	EXPECT_TRUE(pages_are(self->mem, 0, 2, 0));
	EXPECT_TRUE(pages_are(self->mem, 1, 2, RUN));
	ASSERT_EQ(0, discard(self->fd, 0, FILE_SIZE));
	EXPECT_EQ(0, policy_once_tier_del(TIER));
	EXPECT_TRUE(dm_remove(HELD));
	EXPECT_TRUE(brd_remove());
}

VMSWAP_TEST_MAIN_NO_TIER

// SPDX-License-Identifier: GPL-2.0
/*
 * tier-del.c - a tier goes while its VM has a limit: its pages come back as far as that
 * allows, or go to other tiers as far as those have room.
 */
#include "limit.h"

#include "disk.h"
#include "opponent.h"

/* What is in a tier comes back as far as the limit goes, and not a page less. */
TEST_F(limit, tier_del_to_the_limit)
{
	ASSERT_EQ(0, policy_vm_limit(&self->policy, self->id, VM_SIZE));
	ASSERT_EQ(0, policy_tier_del(&self->policy, TEST_TIER));
	ASSERT_EQ(0, add_big_tier(&self->policy));
	write_class(self->mem, PAGE_RANDOM, VM_PAGES);
	ASSERT_EQ(0, evict(self->fd, 0, VM_SIZE));
	EXPECT_EQ(0, policy_tier_del(&self->policy, BIG_TIER));
	EXPECT_EQ(VM_SIZE, resident(self->fd));
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_RANDOM, VM_PAGES));
	EXPECT_EQ(0, test_tier_add());
}

/* What is beyond the limit is in the big tier, which goes; the other one has this size. */
static int store_in_big_tier(struct policy *p, uint8_t *mem, enum page_class class,
			     uint64_t other_size)
{
	int ret = add_big_tier(p) ?: policy_tier_set_rank(p, BIG_TIER, 1) ?:
		  policy_tier_set_size(p, TEST_TIER, other_size);

	write_class(mem, class, VM_PAGES);
	return ret;
}

/* Of pages that compress the room is what they take, not what they are. */
TEST_F(limit, tier_del_compressible)
{
	ASSERT_EQ(0, store_in_big_tier(&self->policy, self->mem, PAGE_COMPRESSIBLE, LIMIT));
	ASSERT_LT(2 * LIMIT / PAGE, policy_tier_pages(&self->policy, BIG_TIER));
	EXPECT_EQ(0, policy_tier_del(&self->policy, BIG_TIER));
	EXPECT_LT(2 * LIMIT / PAGE, policy_tier_pages(&self->policy, TEST_TIER));
	EXPECT_GE(LIMIT + SLACK(1), resident(self->fd));
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_COMPRESSIBLE, VM_PAGES));
	ASSERT_EQ(0, discard(self->fd, 0, VM_SIZE));
	EXPECT_EQ(0, policy_tier_set_size(&self->policy, TEST_TIER, TEST_TIER_SIZE));
}

/*
 * There would be room if those in memory were not random as well: that shows when most
 * have gone, and is said.  They stay where they are, and the tier goes on.
 */
TEST_F(limit, tier_del_half_way)
{
	uint64_t left;

	ASSERT_EQ(0, store_in_big_tier(&self->policy, self->mem, PAGE_RANDOM,
				       VM_SIZE - LIMIT - LIMIT / 2));
	EXPECT_EQ(-ENOSPC, policy_tier_del(&self->policy, BIG_TIER));
	EXPECT_LT(LIMIT / PAGE, policy_tier_pages(&self->policy, TEST_TIER));
	left = policy_tier_pages(&self->policy, BIG_TIER);
	EXPECT_LT(0, left);
	EXPECT_GT(LIMIT / PAGE, left);
	EXPECT_EQ(VMSWAP_TIER_STATE_ONLINE,
		  policy_tier_figure(&self->policy, BIG_TIER, VMSWAP_A_TIER_STATE));
	/* Each that is read makes another one leave. */
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_RANDOM, VM_PAGES));
	EXPECT_GE(LIMIT + SLACK(1), resident(self->fd));
	ASSERT_EQ(0, policy_tier_set_size(&self->policy, TEST_TIER, VM_SIZE));
	EXPECT_EQ(0, policy_tier_del(&self->policy, BIG_TIER));
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_RANDOM, VM_PAGES));
	ASSERT_EQ(0, discard(self->fd, 0, VM_SIZE));
	EXPECT_EQ(0, policy_tier_set_size(&self->policy, TEST_TIER, TEST_TIER_SIZE));
}

/* ------------------------------------------------------------ a device that is gone */

#define LOST		"vslost"
#define LOST_SIZE	(2 * VM_SIZE)
/* From the start: those that memory has, and keeps; those that are read; and punched. */
#define KEPT_PAGES	(LIMIT / 2 / PAGE)
#define READ_PAGES	(VM_PAGES / 2)

static atomic_long wrong;

static unsigned int random_page(unsigned int start, unsigned int end)
{
	return start + (unsigned int)random() % (end - start);
}

/* Its bytes, or EIO where memory had none. */
static void read_lost(struct opponent *o)
{
	static __thread uint8_t page[PAGE];
	unsigned int i = random_page(0, READ_PAGES);
	bool ok;

	if (pread(o->fd, page, PAGE, (off_t)i * PAGE) == PAGE)
		ok = page_is(page, PAGE_RANDOM, test_seed + i);
	else
		ok = errno == EIO && i >= KEPT_PAGES;
	atomic_fetch_add(&wrong, !ok);
}

/* From then on it is zero. */
static void punch_lost(struct opponent *o)
{
	static __thread uint8_t page[PAGE];
	uint64_t at = (uint64_t)random_page(READ_PAGES, VM_PAGES) * PAGE;
	bool ok;

	ok = !discard(o->fd, at, PAGE) && pread(o->fd, page, PAGE, at) == PAGE &&
	     is_zero(page, PAGE);
	atomic_fetch_add(&wrong, !ok);
}

static void prefetch_lost(struct opponent *o)
{
	prefetch(o->fd, (uint64_t)random_page(0, VM_PAGES - 64) * PAGE, 64 * PAGE);
}

/*
 * Pages are read, punched and prefetched while what is lost is told from what memory has:
 * that lives on.
 */
TEST_F(limit, tier_del_lost)
{
	struct opponent reader, puncher, prefetcher;
	struct vmswap_vm_stat stat;
	char byte;
	int ret;

	ret = disk_make(LOST, LOST_SIZE / MIB);
	if (ret == -ENODEV)
		SKIP(return, "%s", "no block device");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, policy_tier_add_block(&self->policy, LOST, "/dev/" LOST, 0));
	ASSERT_EQ(0, policy_vm_tiers(&self->policy, self->id, LOST));
	write_class(self->mem, PAGE_RANDOM, VM_PAGES);
	ASSERT_EQ(0, evict(self->fd, 0, VM_SIZE));
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_RANDOM, KEPT_PAGES));
	ASSERT_LE(KEPT_PAGES * PAGE, resident(self->fd));
	ASSERT_EQ(0, disk_remove(LOST));
	/* Before 6.9 only who reads from it learns that it is gone. */
	EXPECT_EQ(-1, pread(self->fd, &byte, 1, VM_SIZE - PAGE));
	opponent_start(&reader, read_lost, self->fd, NULL);
	opponent_start(&puncher, punch_lost, self->fd, NULL);
	opponent_start(&prefetcher, prefetch_lost, self->fd, NULL);
	EXPECT_EQ(0, policy_tier_del(&self->policy, LOST));
	printf("# meanwhile %ld pages were read, %ld punched, %ld prefetches begun\n",
	       opponent_end(&reader), opponent_end(&puncher), opponent_end(&prefetcher));
	EXPECT_EQ(0, atomic_load(&wrong));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(0, stat.swapped);
	EXPECT_EQ(VM_SIZE, stat_sum(&stat));
	/* It is all that there is of them. */
	ASSERT_EQ(0, policy_vm_tiers(&self->policy, self->id, TEST_TIER));
	ASSERT_EQ(0, policy_tier_set_size(&self->policy, TEST_TIER, VM_SIZE));
	EXPECT_EQ(0, evict(self->fd, 0, KEPT_PAGES * PAGE));
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_RANDOM, KEPT_PAGES));
	ASSERT_EQ(0, discard(self->fd, 0, VM_SIZE));
	EXPECT_EQ(0, policy_tier_set_size(&self->policy, TEST_TIER, TEST_TIER_SIZE));
}

VMSWAP_TEST_MAIN

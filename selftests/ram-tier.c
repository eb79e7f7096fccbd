// SPDX-License-Identifier: GPL-2.0
/*
 * ram-tier.c - what a ram tier takes for pages that compress little, with each of its
 * compressors; and that it gives up what has come back.
 */

#include "test-lib.h"

#define VM_PAGES	512
#define VM_SIZE		(VM_PAGES * PAGE)

/* In front of the one that all tests have: what it takes the other does not get. */
#define TIER		"tested"

FIXTURE(ram_tier)
{
	struct test_mount mnt;
	uint8_t *mem;
	int fd;
};

FIXTURE_VARIANT(ram_tier)
{
	uint32_t algo;
};

FIXTURE_VARIANT_ADD(ram_tier, lz4)
{
	.algo = VMSWAP_ALGO_LZ4,
};

FIXTURE_VARIANT_ADD(ram_tier, zstd)
{
	.algo = VMSWAP_ALGO_ZSTD,
};

FIXTURE_SETUP(ram_tier)
{
	ASSERT_EQ(0, policy_once(policy_tier_add_first, TIER, variant->algo));
	self->fd = mapped_open(&self->mnt, NULL, VM_SIZE, &self->mem);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(ram_tier)
{
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, VM_SIZE));
	EXPECT_EQ(0, policy_once_tier_del(TIER));
}

/* What the tier has, in bytes but for the pages. */
struct has {
	uint64_t pages;
	uint64_t stored;
	uint64_t used;
};

static void has_cb(const struct nlattr *attr, size_t len, void *arg)
{
	struct has *has = arg;

	policy_for_each(attr, len) {
		if (policy_type(attr) == VMSWAP_A_TIER_PAGES)
			has->pages = policy_number(attr);
		if (policy_type(attr) == VMSWAP_A_TIER_STORED_BYTES)
			has->stored = policy_number(attr);
		if (policy_type(attr) == VMSWAP_A_TIER_USED)
			has->used = policy_number(attr);
	}
}

static int tier_has(struct has *has)
{
	struct policy p;
	int ret = policy_open(&p);

	if (ret)
		return ret;
	policy_cmd(&p, VMSWAP_CMD_TIER_GET);
	policy_put_str(&p, VMSWAP_A_TIER_NAME, TIER);
	ret = policy_talk(&p, has_cb, has);
	policy_close(&p);
	return ret;
}

/* Random bytes, in pairs that are equal at a distance that is seen by a close look alone. */
#define PAIRS		SIZE_MAX
#define PAIR_BYTES	195

/* Bytes of 32 values in no order: to code each in less than a byte is all that helps. */
#define FEW_VALUES	(SIZE_MAX - 1)

/* It compresses to little more than its @random first bytes, or, of PAIRS, to two thirds. */
static void make_page(uint8_t *page, size_t random, uint64_t number)
{
	size_t i;

	page_make(page, PAGE_RANDOM, test_seed + number);
	if (random == FEW_VALUES)
		for (i = 0; i < PAGE; i++)
			page[i] %= 32;
	else if (random == PAIRS)
		for (i = 0; i + 2 * PAIR_BYTES <= PAGE; i += 2 * PAIR_BYTES)
			memcpy(page + i + PAIR_BYTES, page + i, PAIR_BYTES);
	else
		memset(page + random, 0, PAGE - random);
}

static bool page_came_back(const uint8_t *mem, size_t random, size_t i)
{
	uint8_t want[PAGE];

	make_page(want, random, i);
	return !memcmp(want, mem + i * PAGE, PAGE);
}

/*
 * Pages with so many random bytes, one in @turn like the @first and the others like the
 * @second, leave in this order; *has is what the tier has then.
 */
static bool leave(int fd, uint8_t *mem, size_t turn, size_t first, size_t second,
		  struct has *has)
{
	size_t i;

	for (i = 0; i < VM_PAGES; i++)
		make_page(mem + i * PAGE, i % turn ? second : first, i);
	for (i = 0; i < VM_PAGES; i++)
		if (!evict_page(fd, i * PAGE))
			return false;
	if (tier_has(has))
		return false;
	printf("# %.0f bytes a page, of which the tier takes %.0f\n",
	       (double)has->stored / VM_PAGES, (double)has->used / VM_PAGES);
	return has->pages == VM_PAGES;
}

/* And come back as they were; *has is what was there in between. */
static bool go_and_return(int fd, uint8_t *mem, size_t turn, size_t first, size_t second,
			  struct has *has)
{
	size_t i;

	if (!leave(fd, mem, turn, first, second, has))
		return false;
	for (i = 0; i < VM_PAGES; i++)
		if (!page_came_back(mem, i % turn ? second : first, i))
			return false;
	return true;
}

/* In groups of pages of which the kernel says how long they may be: from 6.3 on 8. */
static bool packs_in_eight_pages(void)
{
	return kernel_is_at_least(6, 3);
}

/* Five of them fit in four pages, on every kernel. */
TEST_F(ram_tier, four_fifths)
{
	struct has has;

	ASSERT_TRUE(go_and_return(self->fd, self->mem, 1, 3100, 3100, &has));
	EXPECT_GT(3200 * VM_PAGES, has.stored);
	EXPECT_GT(3400 * VM_PAGES, has.used);
}

/* Nine of them fit in eight pages; where only four make a group each takes a page. */
TEST_F(ram_tier, eight_ninths)
{
	struct has has;

	ASSERT_TRUE(go_and_return(self->fd, self->mem, 1, 3500, 3500, &has));
	if (packs_in_eight_pages()) {
		EXPECT_GT(3600 * VM_PAGES, has.stored);
		EXPECT_GT(3800 * VM_PAGES, has.used);
	} else {
		EXPECT_EQ(VM_SIZE, has.stored);
		EXPECT_EQ(VM_SIZE, has.used);
	}
}

/* Kept as it is, a page takes a page, and no time to decompress. */
TEST_F(ram_tier, as_it_is)
{
	struct has has;

	ASSERT_TRUE(go_and_return(self->fd, self->mem, 1, 3900, 3900, &has));
	EXPECT_EQ(VM_SIZE, has.stored);
	EXPECT_EQ(VM_SIZE, has.used);
}

/* What a page is like is a guess for the next, and no more. */
TEST_F(ram_tier, one_among_random_ones)
{
	struct has has;

	ASSERT_TRUE(go_and_return(self->fd, self->mem, 2, PAGE, 3100, &has));
	EXPECT_GT((PAGE + 3200) * VM_PAGES / 2, has.stored);
}

/* A wrong guess does not last. */
TEST_F(ram_tier, many_after_a_random_one)
{
	struct has has;

	ASSERT_TRUE(go_and_return(self->fd, self->mem, VM_PAGES, PAGE, PAIRS, &has));
	EXPECT_GT(VM_SIZE * 3 / 4, has.stored);
}

/* Where a value says nothing of the next: which compressor it is shows. */
TEST_F(ram_tier, few_values)
{
	struct has has;

	ASSERT_TRUE(go_and_return(self->fd, self->mem, 1, FEW_VALUES, FEW_VALUES, &has));
	if (variant->algo == VMSWAP_ALGO_ZSTD) {
		EXPECT_GT(VM_SIZE * 3 / 4, has.stored);
	} else {
		EXPECT_EQ(VM_SIZE, has.stored);
	}
}

/* Memory has the page now: the tier has the room for others, page by page. */
TEST_F(ram_tier, gives_up_what_came_back)
{
	struct has before, now = {};
	size_t i;

	/* Compressed ones, and others kept as they are. */
	ASSERT_TRUE(leave(self->fd, self->mem, 2, PAGE, 1000, &before));
	/* One compressed, one as it is; far apart, so that none is read ahead. */
	ASSERT_TRUE(page_came_back(self->mem, 1000, 101));
	ASSERT_EQ(0, tier_has(&now));
	EXPECT_EQ(VM_PAGES - 1, now.pages);
	EXPECT_GT(before.stored, now.stored);
	EXPECT_LT(before.stored - PAGE, now.stored);
	ASSERT_TRUE(page_came_back(self->mem, PAGE, 300));
	before = now;
	ASSERT_EQ(0, tier_has(&now));
	EXPECT_EQ(VM_PAGES - 2, now.pages);
	EXPECT_EQ(before.stored - PAGE, now.stored);
	for (i = 0; i < VM_PAGES; i++)
		ASSERT_TRUE(page_came_back(self->mem, i % 2 ? 1000 : PAGE, i));
	ASSERT_EQ(0, tier_has(&now));
	EXPECT_EQ(0, now.pages);
	EXPECT_EQ(0, now.stored);
}

VMSWAP_TEST_MAIN

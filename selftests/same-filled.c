// SPDX-License-Identifier: GPL-2.0
/* same-filled.c - pages of equal words, which a word holds, and pages almost so. */
#include "race.h"

static void fill_words(uint8_t *page, uint64_t value)
{
	uint64_t *w = (uint64_t *)page, i;

	for (i = 0; i < PAGE / 8; i++)
		w[i] = value;
}

/* Values at the edges of what a word can hold. */
static const uint64_t equal_words[] = {
	1, -1ull, -5ull, 0xffffffff, 0x100000000, 0xdeadbeefdeadbeef, 0x8000000080000000,
	0x1234567812345678, 0x0123456789abcdef, 1ull << 52, (1ull << 53) - 1, 1ull << 53,
	-(1ull << 53), -(1ull << 53) - 1, 1ull << 63, 0x8000000000000001, 0xeeeeeeeeeeeeeeee,
};

TEST_F(race, same_filled)
{
	const unsigned int n = sizeof(equal_words) / sizeof(equal_words[0]);
	uint8_t want[PAGE];
	unsigned int i;

	for (i = 0; i < n; i++)
		fill_words(self->mem + i * PAGE, equal_words[i]);
	for (i = 0; i < n; i++)
		EXPECT_TRUE(evict_page(self->fd, i * PAGE));
	for (i = 0; i < n; i++) {
		fill_words(want, equal_words[i]);
		EXPECT_EQ(0, memcmp(self->mem + i * PAGE, want, PAGE)) {
			TH_LOG("%llx", (unsigned long long)equal_words[i]);
		}
	}
}

/* One bit in one word, and the page is another. */
TEST_F(race, almost_same_filled)
{
	static const unsigned int at[] = { 0, 1, 2, 255, 256, 509, 510, 511 };
	const unsigned int n = sizeof(at) / sizeof(at[0]);
	unsigned int i;
	uint64_t *w;

	for (i = 0; i < 2 * n; i++) {
		fill_words(self->mem + i * PAGE, i < n ? 0 : 7);
		w = (uint64_t *)(self->mem + i * PAGE);
		w[at[i % n]] ^= 1ull << 63;
	}
	for (i = 0; i < 2 * n; i++)
		EXPECT_TRUE(evict_page(self->fd, i * PAGE));
	for (i = 0; i < 2 * n; i++) {
		w = (uint64_t *)(self->mem + i * PAGE);
		w[at[i % n]] ^= 1ull << 63;
		EXPECT_TRUE(i < n ? is_zero(self->mem + i * PAGE, PAGE) :
			    w[0] == 7 && !memcmp(w, w + 1, PAGE - 8)) {
			TH_LOG("word %u", at[i % n]);
		}
	}
}

VMSWAP_TEST_MAIN

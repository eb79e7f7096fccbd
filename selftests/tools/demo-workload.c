// SPDX-License-Identifier: GPL-2.0
/*
 * Fill memory with pages of several kinds, then verify every word of it, pass
 * after pass, rewriting a quarter of the pages in each.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_BYTES 4096
#define PAGE_WORDS (PAGE_BYTES / sizeof(uint64_t))
#define PHRASE_WORDS 4
#define PHRASES 16
#define BLOCK 64		/* pages visited in a row by a scattered pass */
#define REWRITE_ONE_IN 4
#define SHOWN_ERRORS 5

/* As text: LZ4 makes about 1000 bytes of a page of these. */
static const char phrases[PHRASES][PHRASE_WORDS * sizeof(uint64_t) + 1] = {
	"memory that a guest has touched ", "is kept by the host until it is ",
	"needed elsewhere, then it leaves", "; a page of zeros costs nothing ",
	"and a page of text costs little.", "GET /index.html HTTP/1.1 200 OK ",
	"\"name\": \"server\", \"port\": 8080, ", "int main(int argc, char **argv) ",
	"for (i = 0; i < count; i++) sum ", "<td class=\"number\">1024</td><td>",
	"2023-06-10 12:00:00 INFO started", " the quick brown fox jumps over ",
	"SELECT id, name FROM users WHERE", " lorem ipsum dolor sit amet, con",
	"usr/share/doc/copyright 644 root", "struct list_head { *next, *prev;",
};

enum kind { KIND_ZERO, KIND_SAME, KIND_TEXT, KIND_RANDOM };

/* Stored, these are about a third of their size. */
static const enum kind kinds[16] = {
	KIND_ZERO, KIND_TEXT, KIND_TEXT, KIND_RANDOM,
	KIND_TEXT, KIND_SAME, KIND_TEXT, KIND_TEXT,
	KIND_ZERO, KIND_TEXT, KIND_RANDOM, KIND_TEXT,
	KIND_TEXT, KIND_SAME, KIND_TEXT, KIND_RANDOM,
};

static uint64_t mix(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x7fb5d329728ea185ULL;
	x ^= x >> 27;
	return x * 0x9e3779b97f4a7c15ULL;
}

static uint64_t next_random(uint64_t x)
{
	x ^= x << 13;
	x ^= x >> 7;
	return x ^ x << 17;
}

static void make_text(uint64_t *words, uint64_t seed)
{
	size_t i;

	for (i = 0; i < PAGE_WORDS; i += PHRASE_WORDS) {
		memcpy(&words[i], phrases[seed >> 60],
		       PHRASE_WORDS * sizeof(uint64_t));
		seed = next_random(seed);
	}
	words[0] = seed;	/* no two pages of text are alike */
}

static void make_random(uint64_t *words, uint64_t seed)
{
	size_t i;

	for (i = 0; i < PAGE_WORDS; i++) {
		words[i] = seed;
		seed = next_random(seed);
	}
}

static void make_same(uint64_t *words, uint64_t word)
{
	size_t i;

	for (i = 0; i < PAGE_WORDS; i++)
		words[i] = word;
}

/* What a page holds after it was rewritten so many times. */
static void make_page(uint64_t *words, size_t page, size_t version)
{
	uint64_t seed = mix((uint64_t)version << 40 | (page + 1)) | 1;

	switch (kinds[seed >> 8 & 15]) {
	case KIND_ZERO:
		make_same(words, 0);
		break;
	case KIND_SAME:
		make_same(words, seed);
		break;
	case KIND_TEXT:
		make_text(words, seed);
		break;
	case KIND_RANDOM:
		make_random(words, seed);
		break;
	}
}

static int rewritten_in(size_t page, size_t pass)
{
	return (page / 16 + pass) % REWRITE_ONE_IN == 0;
}

static size_t version_before(size_t page, size_t pass)
{
	size_t version = 0;

	while (pass-- > 0)
		version += rewritten_in(page, pass);
	return version;
}

static void show_error(const uint64_t *found, const uint64_t *expected,
		       size_t page)
{
	size_t i = 0;

	while (found[i] == expected[i])
		i++;
	printf("workload: page %zu, word %zu: found %#llx, expected %#llx\n",
	       page, i, (unsigned long long)found[i],
	       (unsigned long long)expected[i]);
}

/* Returns 1 for a page that is not as it was left. */
static size_t visit(uint64_t *found, size_t page, size_t pass, int show)
{
	static uint64_t expected[PAGE_WORDS];
	size_t version = version_before(page, pass);
	size_t bad;

	make_page(expected, page, version);
	bad = memcmp(found, expected, PAGE_BYTES) != 0;
	if (bad && show)
		show_error(found, expected, page);
	if (bad || rewritten_in(page, pass))
		make_page(found, page, version + rewritten_in(page, pass));
	return bad;
}

/* Passes with an odd number take the blocks in a scattered order. */
static size_t block_at(size_t i, size_t blocks, size_t pass)
{
	size_t step = 1;

	if (pass % 2 == 0)
		return i;
	/* A prime: it meets every block if it does not divide their number. */
	step = blocks % 7919 ? 7919 : 7907;
	return i * step % blocks;
}

static size_t run_pass(uint64_t *memory, size_t blocks, size_t pass)
{
	size_t errors = 0, i, j;

	for (i = 0; i < blocks; i++) {
		size_t page = block_at(i, blocks, pass) * BLOCK;

		for (j = 0; j < BLOCK; j++, page++)
			errors += visit(memory + page * PAGE_WORDS, page, pass,
					errors < SHOWN_ERRORS);
	}
	return errors;
}

static size_t run(uint64_t *memory, size_t mib, size_t passes)
{
	size_t blocks = mib * (1 << 20) / PAGE_BYTES / BLOCK;
	size_t errors = 0, i;

	printf("workload: fills %zu MiB\n", mib);
	for (i = 0; i < blocks * BLOCK; i++)
		make_page(memory + i * PAGE_WORDS, i, 0);
	for (i = 0; i < passes; i++) {
		errors += run_pass(memory, blocks, i);
		printf("workload: pass %zu of %zu: %zu MiB verified, %zu errors\n",
		       i + 1, passes, (i + 1) * mib, errors);
	}
	return errors;
}

int main(int argc, char **argv)
{
	size_t mib = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	size_t passes = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	void *memory;

	if (!mib || !passes) {
		fputs("usage: demo-workload MIB PASSES\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	memory = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("demo-workload: mmap");
		return 2;
	}
	return run(memory, mib, passes) ? 1 : 0;
}

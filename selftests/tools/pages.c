// SPDX-License-Identifier: GPL-2.0
/*
 * pages.c - pages with known content, for tests of what lies below them.
 *
 *	pages fill FILE FIRST COUNT SEED	write them through a shared mapping
 *	pages check FILE FIRST COUNT SEED	look at them through a mapping
 *	pages check-evict FILE FIRST COUNT SEED	and evict them while it is there
 *	pages read FILE FIRST COUNT SEED	look at them by read(2)
 *	pages read-evict FILE INDEX SEED	read a page and evict those before it
 *	pages slots DEVICE COUNT		which page lies where, a number a line
 *	pages corrupt DEVICE COUNT INDEX	overwrite the copies of a page
 *	pages time FILE COUNT SEED random|scan	read each once; print ns a page
 *
 * check, check-evict, read and read-evict print "good N bad N lost N other N" and succeed
 * when all are good: lost is SIGBUS with BUS_MCEERR_AR or EIO, other any other failure.
 * DEVICE may be a file; it is read with O_DIRECT, COUNT pages from its start.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../../uapi/linux/vmswap.h"

#define PAGE	4096ul
#define WORDS	(PAGE / sizeof(uint64_t))
#define MAGIC	0x766d737761707067ull

enum verdict { GOOD, BAD, LOST, OTHER, VERDICTS };

static sigjmp_buf back;
static volatile int code;

static void die(const char *what)
{
	fprintf(stderr, "pages: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* Does not compress, says its number, differs with the seed. */
static void make_page(uint64_t *page, uint64_t index, uint64_t seed)
{
	uint64_t state = seed * 0x9e3779b97f4a7c15ull + index;
	unsigned int i;

	page[0] = MAGIC;
	page[1] = index;
	for (i = 2; i < WORDS; i++) {
		state += 0x9e3779b97f4a7c15ull;
		page[i] = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9ull;
		page[i] ^= page[i] >> 27;
	}
}

static enum verdict judge(const uint64_t *page, uint64_t index, uint64_t seed)
{
	uint64_t want[WORDS];

	make_page(want, index, seed);
	return memcmp(page, want, PAGE) ? BAD : GOOD;
}

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	code = info->si_code;
	siglongjmp(back, 1);
}

static uint64_t *map_pages(int fd, uint64_t first, uint64_t count)
{
	void *map = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 first * PAGE);

	if (map == MAP_FAILED)
		die("mmap");
	return map;
}

static int fill(int fd, uint64_t first, uint64_t count, uint64_t seed)
{
	uint64_t *map = map_pages(fd, first, count), i;

	for (i = 0; i < count; i++)
		make_page(map + i * WORDS, first + i, seed);
	return 0;
}

static enum verdict look(const uint64_t *page, uint64_t index, uint64_t seed)
{
	if (sigsetjmp(back, 1))
		return code == BUS_MCEERR_AR ? LOST : OTHER;
	return judge(page, index, seed);
}

static enum verdict read_one(int fd, uint64_t index, uint64_t seed)
{
	uint64_t page[WORDS];
	ssize_t n = pread(fd, page, PAGE, index * PAGE);

	if (n < 0)
		return errno == EIO ? LOST : OTHER;
	return n == PAGE ? judge(page, index, seed) : OTHER;
}

static int look_at_all(int fd, uint64_t first, uint64_t count, uint64_t seed, int by_map)
{
	struct sigaction action = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };
	uint64_t *map = by_map ? map_pages(fd, first, count) : NULL, i;
	unsigned long n[VERDICTS] = { 0 };

	sigaction(SIGBUS, &action, NULL);
	for (i = 0; i < count; i++)
		n[by_map ? look(map + i * WORDS, first + i, seed) :
			   read_one(fd, first + i, seed)]++;
	printf("good %lu bad %lu lost %lu other %lu\n", n[GOOD], n[BAD], n[LOST], n[OTHER]);
	return n[GOOD] != count;
}

static void evict(int fd, uint64_t first, uint64_t count)
{
	struct vmswap_range range = { .offset = first * PAGE, .length = count * PAGE };
	struct vmswap_ranges ranges = { .ranges = (uintptr_t)&range, .nr_ranges = 1 };

	if (ioctl(fd, VMSWAP_IOC_EVICT, &ranges))
		die("evict");
}

/* The mapping may be written through, as far as the kernel knows. */
static int check_evict(int fd, uint64_t first, uint64_t count, uint64_t seed)
{
	int ret = look_at_all(fd, first, count, seed, 1);

	evict(fd, first, count);
	return ret;
}

/* At once: what is known of the page has hardly got about. */
static int read_evict(int fd, uint64_t first, uint64_t seed)
{
	enum verdict v = read_one(fd, first, seed);

	evict(fd, 0, first);
	printf("good %d bad %d lost %d other %d\n", v == GOOD, v == BAD, v == LOST, v == OTHER);
	return v != GOOD;
}

static uint64_t *aligned_page(void)
{
	void *page;

	if (posix_memalign(&page, PAGE, PAGE))
		die("memory");
	return page;
}

static int slots(int fd, uint64_t count)
{
	uint64_t *page = aligned_page(), i;

	for (i = 0; i < count; i++) {
		if (pread(fd, page, PAGE, i * PAGE) != PAGE)
			die("pread");
		if (page[0] == MAGIC)
			printf("%llu\n", (unsigned long long)page[1]);
		else
			printf("-\n");
	}
	return 0;
}

/* Also outdated copies, which nobody can tell from the one in use. */
static int corrupt(int fd, uint64_t count, uint64_t index)
{
	uint64_t *page = aligned_page(), found = 0, i;

	for (i = 0; i < count; i++) {
		if (pread(fd, page, PAGE, i * PAGE) != PAGE)
			die("pread");
		if (page[0] != MAGIC || page[1] != index)
			continue;
		page[WORDS - 1] ^= 1;
		if (pwrite(fd, page, PAGE, i * PAGE) != PAGE)
			die("pwrite");
		found++;
	}
	if (!found)
		fprintf(stderr, "pages: page %llu is not there\n", (unsigned long long)index);
	return !found;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* Each page once, in an order that is no order when asked for. */
static int time_reads(int fd, uint64_t count, uint64_t seed, int in_random_order)
{
	uint64_t *map = map_pages(fd, 0, count), *order = calloc(count, sizeof(*order));
	uint64_t i, start, sum = 0;

	for (i = 0; i < count; i++)
		order[i] = i;
	for (i = count - 1; in_random_order && i > 0; i--) {
		uint64_t j = (seed = seed * 6364136223846793005ull + 1442695040888963407ull) >> 33;
		uint64_t other = order[j % (i + 1)];

		order[j % (i + 1)] = order[i];
		order[i] = other;
	}
	start = now_ns();
	for (i = 0; i < count; i++)
		sum += ((volatile uint64_t *)map)[order[i] * WORDS + 1] == order[i];
	printf("%llu\n", (unsigned long long)((now_ns() - start) / count));
	return sum != count;
}

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 0);
}

int main(int argc, char **argv)
{
	const char *word = argc > 3 ? argv[1] : "";
	int on_device = !strcmp(word, "slots") || !strcmp(word, "corrupt"), fd;

	if (argc < 4) {
		fprintf(stderr, "usage: pages fill|check|check-evict|read|read-evict|slots|corrupt|time FILE NUMBER...\n");
		return 2;
	}
	fd = open(argv[2], on_device ? O_RDWR | O_DIRECT : O_RDWR);
	if (fd < 0)
		die(argv[2]);
	if (!strcmp(word, "slots"))
		return slots(fd, number(argv[3]));
	if (argc > 4 && !strcmp(word, "corrupt"))
		return corrupt(fd, number(argv[3]), number(argv[4]));
	if (argc > 5 && !strcmp(word, "time"))
		return time_reads(fd, number(argv[3]), number(argv[4]),
				  !strcmp(argv[5], "random"));
	if (argc > 5 && !strcmp(word, "fill"))
		return fill(fd, number(argv[3]), number(argv[4]), number(argv[5]));
	if (argc > 5 && (!strcmp(word, "check") || !strcmp(word, "read")))
		return look_at_all(fd, number(argv[3]), number(argv[4]), number(argv[5]),
				   !strcmp(word, "check"));
	if (argc > 5 && !strcmp(word, "check-evict"))
		return check_evict(fd, number(argv[3]), number(argv[4]), number(argv[5]));
	if (argc > 4 && !strcmp(word, "read-evict"))
		return read_evict(fd, number(argv[3]), number(argv[4]));
	fprintf(stderr, "pages: %s: too few words\n", word);
	return 2;
}

// SPDX-License-Identifier: GPL-2.0
/* bench.c - see bench.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

const char *const class_names[CLASSES] = { "sparse", "text", "random" };

/* ------------------------------------------------------------------- failing */

/* err: an errno to tell, or 0. */
static void __attribute__((noreturn)) die(int err, const char *format, va_list args)
{
	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, format, args);
	if (err)
		fprintf(stderr, ": %s", strerror(err));
	fputc('\n', stderr);
	exit(1);
}

void bench_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	die(0, format, args);
}

void bench_die_errno(const char *format, ...)
{
	int err = errno;
	va_list args;

	va_start(args, format);
	die(err, format, args);
}

/* --------------------------------------------------------------------- pages */

uint64_t bench_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* What a log, a program and a page of a web server have in common: they repeat. */
#define PHRASE	16
static const char phrases[64][PHRASE + 1] = {
	"memory that a gu", "is kept by the h", "needed elsewhere", "a page of zeros ",
	"GET /index.html ", "HTTP/1.1 200 OK ", "Content-Length: ", "Cache-Control: n",
	"\"name\": \"server\"", ", \"port\": 8080, ", "\"enabled\": true,", "int main(int arg",
	"for (i = 0; i < ", "sum += values[i]", "return -EINVAL; ", "if (ret < 0) got",
	"<td class=\"numb\">", "</td><td>1024</t", "<a href=\"/users/", "2023-06-10 12:00",
	":01.123 INFO sta", "connection close", "d by peer after ", "user root from 1",
	"the quick brown ", "fox jumps over t", "he lazy dog and ", "SELECT id, name ",
	"FROM users WHERE", " deleted IS NULL", " lorem ipsum dol", "or sit amet, con",
	"usr/share/doc/li", "copyright 644 ro", "struct list_head", " *next, *prev; }",
	"static inline vo", "unsigned long fl", "spin_lock_irqsav", "container_of(ptr",
	"Accept-Encoding:", " gzip, deflate, ", "Mozilla/5.0 (X11", "; Linux x86_64) ",
	"10.0.0.1 - - [10", "/Jun/2023:12:00:", "POST /api/v1/ite", "ms HTTP/1.1 201 ",
	"ERROR: cannot op", "en file: No such", " file or directo", "WARNING: timeout",
	" waiting for the", " answer of the s", "erver, trying ag", "ain in 5 seconds",
	"void *private_da", "const char *name", "size_t length, i", "nt flags, loff_t",
	"{\"id\": 4711, \"ti", "tle\": \"untitled\"", ", \"tags\": [], \"c", "reated\": \"2023-0",
};

/* One of four subjects; a word in seven is of its page alone, as names and numbers are. */
static void make_text(uint8_t *page, uint64_t number)
{
	const char (*mine)[PHRASE + 1] = &phrases[number % 4 * 16];
	uint64_t state = (number + 1) << 16, r;
	size_t i;

	for (i = 0; i < PAGE; i += PHRASE) {
		r = bench_random(&state);
		memcpy(page + i, mine[r % 16], PHRASE);
		if ((r >> 6) % 7 == 0)
			memcpy(page + i + 4, &r, 5);
	}
}

static void make_random(uint64_t *words, uint64_t state)
{
	size_t i;

	for (i = 0; i < PAGE_WORDS; i++)
		words[i] = bench_random(&state);
}

void page_make(void *page, enum page_class class, uint64_t number)
{
	uint64_t state = (number + 1) << 16, r;

	switch (class) {
	case CLASS_SPARSE:
		memset(page, 0, PAGE);
		r = bench_random(&state) | 1;
		((uint64_t *)page)[bench_random(&state) % PAGE_WORDS] = r;
		break;
	case CLASS_TEXT:
		make_text(page, number);
		break;
	default:
		make_random(page, state);
		break;
	}
}

bool page_is(const void *page, enum page_class class, uint64_t number)
{
	uint64_t want[PAGE_WORDS];

	page_make(want, class, number);
	return !memcmp(page, want, PAGE);
}

uint32_t *order_make(size_t n, bool shuffled)
{
	uint32_t *order = calloc(n, sizeof(*order));
	uint64_t state = 1;
	size_t i;

	/* It must not be swapped with what is measured. */
	if (!order || mlock(order, n * sizeof(*order)))
		bench_die_errno("%zu numbers", n);
	for (i = 0; i < n; i++)
		order[i] = i;
	for (i = n; shuffled && i > 1; i--) {
		size_t j = bench_random(&state) % i;
		uint32_t tmp = order[i - 1];

		order[i - 1] = order[j];
		order[j] = tmp;
	}
	return order;
}

/* ---------------------------------------------------------------------- time */

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* ------------------------------------------------------------------ settings */

unsigned long env_number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);
	char *end;
	unsigned long n;

	if (!text)
		return otherwise;
	n = strtoul(text, &end, 0);
	if (*end || !n)
		bench_die("%s=%s: a number above 0 is accepted", name, text);
	return n;
}

bool file_exists(const char *path)
{
	return !access(path, F_OK);
}

void file_write(const char *path, const char *format, ...)
{
	FILE *f = fopen(path, "w");
	va_list args;
	int n;

	if (!f)
		bench_die_errno("%s", path);
	va_start(args, format);
	n = vfprintf(f, format, args);
	va_end(args);
	if (fclose(f) || n < 0)
		bench_die_errno("%s: cannot be written", path);
}

uint64_t file_counter(const char *path, const char *word)
{
	FILE *f = fopen(path, "r");
	unsigned long long value;
	char name[128];

	if (!f)
		bench_die_errno("%s", path);
	while (fscanf(f, "%127s %llu\n", name, &value) == 2) {
		if (!strcmp(name, word)) {
			fclose(f);
			return value;
		}
	}
	bench_die("%s: has no %s", path, word);
}

#define PAGE_CLUSTER	"/proc/sys/vm/page-cluster"
#define MGLRU		"/sys/kernel/mm/lru_gen/enabled"

bool native_setting_use(struct native_setting *setting, unsigned int n)
{
	setting->page_cluster = n & 1 ? 3 : 0;
	setting->mglru = n & 2;
	if (setting->mglru && !file_exists(MGLRU))
		return false;
	file_write(PAGE_CLUSTER, "%u", setting->page_cluster);
	if (file_exists(MGLRU))
		file_write(MGLRU, "%c", setting->mglru ? 'y' : 'n');
	snprintf(setting->name, sizeof(setting->name), "page-cluster %u, MGLRU %s",
		 setting->page_cluster, setting->mglru ? "on" : "off");
	return true;
}

/* ------------------------------------------------------------------- figures */

void figure_add(struct figure *f, double value)
{
	if (f->n == VALUES_MAX)
		bench_die("%s: more than %d values", f->row, VALUES_MAX);
	f->values[f->n++] = value;
}

void figure_print(const struct figure *f)
{
	unsigned int i;

	printf("{\"row\": \"%s\", \"subject\": \"%s\", \"setting\": \"%s\", \"class\": \"%s\", ",
	       f->row, f->subject, f->setting, f->class);
	printf("\"access\": \"%s\", \"unit\": \"%s\", \"values\": [", f->access, f->unit);
	for (i = 0; i < f->n; i++) {
		if (!(f->values[i] > 0))
			bench_die("%s of %s: %f is no figure", f->row, f->subject, f->values[i]);
		printf("%s%.6g", i ? ", " : "", f->values[i]);
	}
	puts("]}");
	fflush(stdout);
}

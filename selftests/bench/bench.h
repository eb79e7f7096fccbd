/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bench.h - what the programs that measure have in common: pages of three
 * classes, time, settings of the kernel, and figures as lines of JSON.
 *
 * A bench that cannot measure what it is for ends its process with a message:
 * there is no figure then, and the driver sees the status.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE		4096ul
#define PAGE_WORDS	(PAGE / sizeof(uint64_t))
#define MIB		(1ul << 20)

/* ------------------------------------------------------------------- failing */

__attribute__((noreturn, format(printf, 1, 2)))
void bench_die(const char *format, ...);

/* With the text of errno. */
__attribute__((noreturn, format(printf, 1, 2)))
void bench_die_errno(const char *format, ...);

/* --------------------------------------------------------------------- pages */

/* What a page holds follows from its class and its number; no two are alike. */
enum page_class {
	CLASS_SPARSE,	/* 8 random bytes somewhere, the rest zero */
	CLASS_TEXT,	/* LZ4 makes about a third of it */
	CLASS_RANDOM,	/* does not compress */
	CLASSES,
};

extern const char *const class_names[CLASSES];

void page_make(void *page, enum page_class class, uint64_t number);
bool page_is(const void *page, enum page_class class, uint64_t number);

/* splitmix64 */
uint64_t bench_random(uint64_t *state);

/* All numbers below n, in a random order that is always the same; or in order. */
uint32_t *order_make(size_t n, bool shuffled);

/* ---------------------------------------------------------------------- time */

uint64_t now_ns(void);

/* ------------------------------------------------------------------ settings */

/* From the environment, for quick runs; the default when it is not there. */
unsigned long env_number(const char *name, unsigned long otherwise);

bool file_exists(const char *path);
__attribute__((format(printf, 2, 3)))
void file_write(const char *path, const char *format, ...);
/* The number behind a word at the start of a line: /proc/vmstat, memory.events. */
uint64_t file_counter(const char *path, const char *word);

/* What native swap is tried with: the best counts. */
struct native_setting {
	unsigned int page_cluster;
	bool mglru;
	char name[48];
};

#define NATIVE_SETTINGS	4
/* The n-th of them is put in force; false when the kernel does not have it. */
bool native_setting_use(struct native_setting *setting, unsigned int n);

/* ------------------------------------------------------------------- figures */

#define VALUES_MAX	64

/* One figure: its name, and the values that were measured of it. */
struct figure {
	const char *row;
	const char *subject;	/* who was measured */
	const char *setting;	/* with which settings of its own */
	const char *class;	/* of the pages, or "" */
	const char *access;	/* read, write, or "" */
	const char *unit;
	unsigned int n;
	double values[VALUES_MAX];
};

void figure_add(struct figure *f, double value);
/* A line of JSON on standard output; no figure that is not above zero. */
void figure_print(const struct figure *f);

#endif /* BENCH_H */

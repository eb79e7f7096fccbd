// SPDX-License-Identifier: GPL-2.0
/*
 * single - what one operation costs: the first touch of a page, bringing a page
 * in, making pages leave, giving memory back.
 *
 *	single zero|swap|discard|compressor [MEMORY...]
 *
 * One thread, thousands of pages, BENCH_ROUNDS rounds of each, BENCH_CLASS only.  Only the
 * operation is timed; between rounds every byte is compared, and the counters of
 * who did the work must agree with the number of pages.
 */
#include <fcntl.h>
#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/vmswap.h>

#include "lz4_time/lz4_time.h"
#include "memory.h"

#define GRANULE		16
#define CHUNK		16	/* pages, of a small discard */

static size_t pages;
static unsigned int rounds;
static uint32_t *in_order, *shuffled;

static double per_page(uint64_t begin, uint64_t end, uint64_t n)
{
	return (double)(end - begin) / n;
}

/* ------------------------------------------------------------ the first touch */

static void zero_fill_round(struct figure *f, struct memory *m, const uint32_t *order)
{
	size_t resident;
	uint64_t begin;

	memory_open(m, m->ops, pages);
	f->setting = m->setting;
	memset(m->first, 1, pages * sizeof(*m->first));
	begin = now_ns();
	memory_write(m, order, pages);
	figure_add(f, per_page(begin, now_ns(), pages));
	resident = memory_resident(m);
	if (resident != pages)
		bench_die("%s: %zu of %zu pages are resident", m->ops->name, resident, pages);
	memory_close(m);
}

static void zero_fill(const struct memory_ops *ops, const char *row, unsigned int granule,
		      const uint32_t *order)
{
	struct figure f = { .row = row, .subject = ops->name, .class = "",
			    .access = "write", .unit = "ns/page" };
	struct memory m = { .ops = ops, .granule = granule };
	unsigned int i;

	for (i = 0; i < rounds; i++)
		zero_fill_round(&f, &m, order);
	figure_print(&f);
}

static void bench_zero(const struct memory_ops *ops)
{
	zero_fill(ops, "zero-fill-random", 1, shuffled);
	zero_fill(ops, "zero-fill-sequential", GRANULE, in_order);
}

/* -------------------------------------------------------------- out and back in */

struct swap {
	struct memory m;
	enum page_class class;
	const uint32_t *order;
	bool write;
	struct figure in, out;
};

/* Pages are dirty before, so that nobody finds a copy that is still good. */
static void swap_out(struct swap *s)
{
	struct memory *m = &s->m;
	uint64_t begin, end, before, n;

	memory_write(m, in_order, pages);
	before = m->ops->outs(m);
	begin = now_ns();
	m->ops->evict(m);
	end = now_ns();
	n = m->ops->outs(m) - before;
	if (n < pages / 2)
		bench_die("%s: only %lu of %zu pages left at once", m->ops->name, n, pages);
	figure_add(&s->out, per_page(begin, end, n));
	memory_evict_all(m);
}

static void swap_in(struct swap *s)
{
	struct memory *m = &s->m;
	uint64_t begin, end, before = m->ops->ins(m), n;

	begin = now_ns();
	if (s->write)
		memory_write(m, s->order, pages);
	else
		memory_read(m, s->order, pages);
	end = now_ns();
	n = m->ops->ins(m) - before;
	memory_verify(m, s->class);
	if (n != pages)
		bench_die("%s: %lu pages were brought in, %zu were touched",
			  m->ops->name, n, pages);
	figure_add(&s->in, per_page(begin, end, pages));
}

/* Of the eviction passes that all kinds of touches need, one is enough. */
static void swap_rounds(const struct memory_ops *ops, const char *setting, const char *row,
			unsigned int granule, struct swap *s)
{
	unsigned int i;

	s->m = (struct memory){ .granule = granule };
	memory_open(&s->m, ops, pages);
	if (!setting)
		setting = s->m.setting;
	s->in = (struct figure){ .row = row, .subject = ops->name, .setting = setting,
				 .class = class_names[s->class],
				 .access = s->write ? "write" : "read", .unit = "ns/page" };
	s->out = s->in;
	s->out.row = "swap-out";
	s->out.access = "";
	memory_fill(&s->m, s->class);
	for (i = 0; i < rounds; i++) {
		swap_out(s);
		swap_in(s);
	}
	figure_print(&s->in);
	if (s->order == shuffled && s->write)
		figure_print(&s->out);
	memory_close(&s->m);
}

static void swap_with(const struct memory_ops *ops, const char *setting)
{
	/* No mark asks for that of the others. */
	bool sequential = !strcmp(ops->name, "shmem") || !strcmp(ops->name, "vmswap");
	struct swap s;
	int write;

	for (s.class = 0; s.class < CLASSES; s.class++) {
		if (getenv("BENCH_CLASS") && strcmp(getenv("BENCH_CLASS"), class_names[s.class]))
			continue;
		for (write = 0; write <= 1; write++) {
			s.write = write;
			s.order = shuffled;
			swap_rounds(ops, setting, "swap-in-ram-random", 1, &s);
			if (!sequential)
				continue;
			s.order = in_order;
			swap_rounds(ops, setting, "swap-in-ram-sequential", GRANULE, &s);
		}
	}
}

static void bench_swap(const struct memory_ops *ops)
{
	struct native_setting setting;
	unsigned int i;

	if (!ops->native) {
		swap_with(ops, NULL);
		return;
	}
	for (i = 0; i < NATIVE_SETTINGS; i++)
		if (native_setting_use(&setting, i))
			swap_with(ops, setting.name);
}

/* ------------------------------------------------------------------- discarding */

static void discard_ranges(struct memory *m, size_t chunk, const uint32_t *order)
{
	size_t n = pages / chunk, i;

	for (i = 0; i < n; i += VMSWAP_MAX_RANGES)
		vmswap_discard_ranges(m, order + i, n - i < VMSWAP_MAX_RANGES ?
				      n - i : VMSWAP_MAX_RANGES, chunk);
}

static void discard(const struct memory_ops *ops, const char *row, size_t chunk, bool by_ranges)
{
	struct memory m = { .granule = 1 };
	struct figure f = { .row = row, .subject = ops->name, .class = "", .access = "",
			    .setting = by_ranges ? "DISCARD, all ranges by one call" : "MADV_REMOVE",
			    .unit = "ns/page" };
	uint32_t *order = order_make(pages / chunk, true);
	uint64_t begin, end;
	size_t i, j;

	memory_open(&m, ops, pages);
	for (i = 0; i < rounds; i++) {
		memory_fill(&m, CLASS_SPARSE);
		begin = now_ns();
		if (by_ranges)
			discard_ranges(&m, chunk, order);
		for (j = 0; !by_ranges && j < pages / chunk; j++)
			ops->discard(&m, order[j] * chunk, chunk);
		end = now_ns();
		figure_add(&f, per_page(begin, end, pages));
		if (memory_resident(&m))
			bench_die("%s: pages stay after discard", ops->name);
	}
	figure_print(&f);
	memory_close(&m);
	free(order);
}

static void bench_discard(const struct memory_ops *ops)
{
	discard(ops, "discard-bulk", pages, false);
	discard(ops, "discard-pages", 1, false);
	discard(ops, "discard-chunks", CHUNK, false);
	if (!strcmp(ops->name, "vmswap"))
		discard(ops, "discard-chunks", CHUNK, true);
}

/* ------------------------------------------------------------ the compressors */

/* The time that the kernel's LZ4 takes for these pages, from the module for it. */
static void kernel_lz4(const void *data, size_t n, struct lz4_time *times)
{
	int fd = open("/dev/" LZ4_TIME_NAME, O_RDWR);
	size_t bytes = n * PAGE, done = 0;

	if (fd < 0)
		bench_die_errno("/dev/" LZ4_TIME_NAME);
	while (done < bytes) {
		ssize_t now = write(fd, (const char *)data + done, bytes - done);

		if (now <= 0)
			bench_die_errno("/dev/" LZ4_TIME_NAME);
		done += now;
	}
	if (read(fd, times, sizeof(*times)) != sizeof(*times) || times->pages != n)
		bench_die("/dev/" LZ4_TIME_NAME ": it measured something else");
	close(fd);
}

/* The same for the library that the controller uses. */
static void user_lz4(const char *data, size_t n, struct lz4_time *times)
{
	static char packed[64][LZ4_TIME_BOUND], page[PAGE];
	int length[64];
	uint64_t begin;
	size_t i, j;

	memset(times, 0, sizeof(*times));
	for (i = 0; i + 64 <= n; i += 64) {
		begin = now_ns();
		for (j = 0; j < 64; j++)
			length[j] = LZ4_compress_default(data + (i + j) * PAGE, packed[j],
							 PAGE, LZ4_TIME_BOUND);
		times->compress_ns += now_ns() - begin;
		begin = now_ns();
		for (j = 0; j < 64; j++)
			if (length[j])
				LZ4_decompress_safe(packed[j], page, length[j], PAGE);
		times->decompress_ns += now_ns() - begin;
	}
	times->pages = i;
}

static void compressor_figure(const char *subject, enum page_class class, const char *what,
			      uint64_t ns, uint64_t n)
{
	struct figure f = { .row = "compressor", .subject = subject, .setting = "LZ4",
			    .class = class_names[class], .access = what, .unit = "ns/page" };

	/* 0: pages of this class are stored as they are. */
	if (!ns)
		return;
	figure_add(&f, (double)ns / n);
	figure_print(&f);
}

static void bench_compressor(void)
{
	char *data = aligned_alloc(PAGE, pages * PAGE);
	struct lz4_time t;
	int class;
	size_t i;

	for (class = 0; class < CLASSES; class++) {
		for (i = 0; i < pages; i++)
			page_make(data + i * PAGE, class, i);
		kernel_lz4(data, pages, &t);
		fprintf(stderr, "# %s: %lu of %lu pages compress, to %lu bytes on average\n",
			class_names[class], t.compressible, t.pages,
			t.compressible ? t.bytes / t.compressible : 0);
		compressor_figure("native", class, "compress", t.compress_ns, t.pages);
		compressor_figure("native", class, "decompress", t.decompress_ns, t.pages);
		compressor_figure("vmswap", class, "compress",
				  t.compressible ? t.compress_ns : t.coarse_ns, t.pages);
		compressor_figure("vmswap", class, "decompress", t.decompress_ns, t.pages);
		user_lz4(data, pages, &t);
		compressor_figure("controller", class, "compress", t.compress_ns, t.pages);
		if (class != CLASS_RANDOM)
			compressor_figure("controller", class, "decompress", t.decompress_ns,
					  t.pages);
	}
	free(data);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(const struct memory_ops *ops);
	} rows[] = {
		{ "zero", bench_zero }, { "swap", bench_swap }, { "discard", bench_discard },
	};
	int i, j;

	pages = env_number("BENCH_PAGES", 2048);
	rounds = env_number("BENCH_ROUNDS", 5);
	in_order = order_make(pages, false);
	shuffled = order_make(pages, true);
	if (argc == 2 && !strcmp(argv[1], "compressor")) {
		bench_compressor();
		return 0;
	}
	for (i = 0; argc > 2 && i < 3; i++) {
		if (strcmp(argv[1], rows[i].name))
			continue;
		for (j = 2; j < argc; j++)
			rows[i].run(memory_kind(argv[j]));
		return 0;
	}
	bench_die("usage: single zero|swap|discard MEMORY... | compressor");
}

// SPDX-License-Identifier: GPL-2.0
/*
 * paging - memory on a device: one page, a scan, and more memory than may stay.
 *
 *	paging one DEVICE-NAME
 *	paging scan vmswap|anonymous
 *	paging uniform vmswap|anonymous DEVICE-NAME
 *
 * DEVICE-NAME only becomes part of the row's name.  Native swap is given all its
 * settings, and for "uniform" a memory cgroup.  Pages are of the class random, so
 * that no compression can help anybody.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/vmswap.h>

#include "memory.h"

static unsigned int rounds;
static bool trial;

static void print_unless_trial(const struct figure *f)
{
	if (!trial)
		figure_print(f);
}

static void begin_figure(struct figure *f, const char *row, const struct memory *m,
			 const char *setting, const char *access, const char *unit)
{
	*f = (struct figure){ .row = row, .subject = m->ops->name, .setting = setting,
			      .class = "random", .access = access, .unit = unit };
}

/* --------------------------------------------------------------------- one page */

static void bench_one(const char *device)
{
	size_t pages = env_number("BENCH_PAGES", 2048);
	uint32_t *order = order_make(pages, true);
	struct memory m = { .granule = 1 };
	struct figure f;
	uint64_t ns, ins;
	char row[64];
	unsigned int i;

	memory_open(&m, memory_kind("vmswap"), pages);
	snprintf(row, sizeof(row), "swap-in-block-%s", device);
	begin_figure(&f, row, &m, m.setting, "read", "ns/page");
	memory_fill(&m, CLASS_RANDOM);
	for (i = 0; i < rounds; i++) {
		memory_evict_all(&m);
		ins = m.ops->ins(&m);
		ns = now_ns();
		memory_read(&m, order, pages);
		ns = now_ns() - ns;
		ins = m.ops->ins(&m) - ins;
		if (ins != pages)
			bench_die("%lu pages were read, %zu were touched", ins, pages);
		figure_add(&f, (double)ns / pages);
		memory_verify(&m, CLASS_RANDOM);
	}
	figure_print(&f);
	memory_close(&m);
	free(order);
}

/* --------------------------------------------------------- native swap's cgroup */

#define CGROUP	"/sys/fs/cgroup/bench"

static void cgroup_enter(const struct memory_ops *ops)
{
	if (!ops->native)
		return;
	if (mkdir(CGROUP, 0755))
		bench_die_errno(CGROUP);
	file_write(CGROUP "/cgroup.procs", "%d", getpid());
}

static void cgroup_leave(const struct memory_ops *ops)
{
	if (!ops->native)
		return;
	file_write("/sys/fs/cgroup/cgroup.procs", "%d", getpid());
	if (rmdir(CGROUP))
		bench_die_errno(CGROUP);
}

/*
 * What MADV_PAGEOUT has written to a device stays in the swap cache until somebody
 * needs memory: only that brings the device into play.
 */
static void cgroup_reclaim(void)
{
	int fd = open(CGROUP "/memory.reclaim", O_WRONLY);

	if (fd < 0)
		bench_die_errno(CGROUP "/memory.reclaim");
	/* EAGAIN: there was not as much. */
	if (write(fd, "1G", 2) < 0 && errno != EAGAIN)
		bench_die_errno(CGROUP "/memory.reclaim");
	close(fd);
}

static void evict_all(struct memory *m)
{
	int i;

	for (i = 0; m->ops->native && i < 200 && memory_resident(m); i++) {
		m->ops->evict(m);
		cgroup_reclaim();
		usleep(10000);
	}
	memory_evict_all(m);
}

/* ------------------------------------------------------------------------- scan */

static double scan(const struct memory_ops *ops, const char *setting)
{
	size_t pages = env_number("BENCH_SCAN_MIB", 256) * MIB / PAGE;
	uint32_t *order = order_make(pages, false);
	struct memory m = {};
	struct figure f;
	uint64_t ns, ins;
	unsigned int i;

	cgroup_enter(ops);
	memory_open(&m, ops, pages);
	begin_figure(&f, "scan-block", &m, setting ?: m.setting, "read", "MiB/s");
	memory_fill(&m, CLASS_RANDOM);
	for (i = 0; i < rounds; i++) {
		evict_all(&m);
		ins = ops->ins(&m);
		ns = now_ns();
		memory_read(&m, order, pages);
		ns = now_ns() - ns;
		ins = ops->ins(&m) - ins;
		/* The few pages of the process itself may have left with the others. */
		if (ins < pages || ins > pages + (ops->native ? 64 : 0))
			bench_die("%s: %lu pages were read, %zu were touched",
				  ops->name, ins, pages);
		figure_add(&f, pages * PAGE / (double)MIB * 1e9 / ns);
	}
	print_unless_trial(&f);
	memory_close(&m);
	free(order);
	cgroup_leave(ops);
	return -f.values[0];
}

/* ---------------------------------------------- more memory than is allowed to stay */

struct uniform {
	struct memory m;
	size_t pages, accesses;
	bool write;
	uint64_t random, writes;
	struct figure cost, misses;
};

static uint64_t misses(struct uniform *u)
{
	struct vmswap_vm_stat stat;
	struct rusage usage;

	if (u->m.ops->native) {
		getrusage(RUSAGE_SELF, &usage);
		return usage.ru_majflt;
	}
	vmswap_stat(&u->m, &stat);
	return stat.faults_major;
}

static void check_word(struct uniform *u, size_t page)
{
	if (*(volatile uint64_t *)(u->m.at + page * PAGE) != u->m.first[page])
		bench_die("%s: page %zu has other bytes than it was given",
			  u->m.ops->name, page);
}

static void access_one(struct uniform *u)
{
	size_t page = bench_random(&u->random) % u->pages;

	if (u->write) {
		u->m.first[page] = ++u->writes;
		*(volatile uint64_t *)(u->m.at + page * PAGE) = u->writes;
	} else {
		check_word(u, page);
	}
}

static uint64_t access_many(struct uniform *u, size_t n)
{
	uint64_t begin = now_ns();

	while (n--)
		access_one(u);
	return now_ns() - begin;
}

static void uniform_rounds(struct uniform *u)
{
	uint64_t ns, before;
	unsigned int i;
	size_t page;

	memory_fill(&u->m, CLASS_RANDOM);
	access_many(u, u->pages);
	for (i = 0; i < rounds; i++) {
		before = misses(u);
		ns = access_many(u, u->accesses);
		before = misses(u) - before;
		figure_add(&u->cost, (double)ns / u->accesses);
		figure_add(&u->misses, (double)before / u->accesses);
	}
	for (page = 0; page < u->pages; page++)
		check_word(u, page);
	print_unless_trial(&u->cost);
	print_unless_trial(&u->misses);
}

/*
 * Native swap's cgroup: the limit and what the process needs beside, that is what it
 * was charged so far and the page tables to come.
 */
static void cgroup_limit(const struct memory_ops *ops, uint64_t limit, size_t pages)
{
	FILE *f;
	uint64_t now;

	if (!ops->native)
		return;
	f = fopen(CGROUP "/memory.current", "r");
	if (!f || fscanf(f, "%lu", &now) != 1)
		bench_die(CGROUP "/memory.current cannot be read");
	fclose(f);
	file_write(CGROUP "/memory.max", "%lu", limit + now + pages * sizeof(void *));
}

/* Half of the memory may stay. */
static double uniform(const struct memory_ops *ops, const char *device, const char *setting,
		      bool write)
{
	size_t limit = env_number("BENCH_LIMIT_MIB", 32) * MIB;
	struct uniform u = { .pages = 2 * limit / PAGE, .write = write };
	char row[64], misses_row[80];

	u.accesses = u.pages / 2;
	cgroup_enter(ops);
	memory_open(&u.m, ops, u.pages);
	cgroup_limit(ops, limit, u.pages);
	if (!ops->native)
		vmswap_limit(&u.m, limit);
	snprintf(row, sizeof(row), "uniform-%s", device);
	snprintf(misses_row, sizeof(misses_row), "%s-misses", row);
	begin_figure(&u.cost, row, &u.m, setting ?: u.m.setting, write ? "write" : "read",
		     "ns/access");
	begin_figure(&u.misses, misses_row, &u.m, u.cost.setting, u.cost.access, "misses/access");
	uniform_rounds(&u);
	memory_close(&u.m);
	cgroup_leave(ops);
	return u.cost.values[0];
}

/* ------------------------------------------------------------------------- main */

/* What is measured; returns the first value, less is better. */
typedef double (*bench)(const struct memory_ops *ops, const char *setting, const char *device);

static double bench_scan(const struct memory_ops *ops, const char *setting, const char *device)
{
	return scan(ops, setting);
}

static double bench_uniform_read(const struct memory_ops *ops, const char *setting,
				 const char *device)
{
	return uniform(ops, device, setting, false);
}

static double bench_uniform_write(const struct memory_ops *ops, const char *setting,
				  const char *device)
{
	return uniform(ops, device, setting, true);
}

/* One round of each setting; then all of them with the best. */
static unsigned int best_setting(const struct memory_ops *ops, const char *device, bench bench)
{
	struct native_setting setting;
	unsigned int all = rounds, best = 0, i;
	double value, best_value = 0;

	trial = true;
	rounds = 1;
	for (i = 0; i < NATIVE_SETTINGS; i++) {
		if (!native_setting_use(&setting, i))
			continue;
		value = bench(ops, setting.name, device);
		fprintf(stderr, "# %s: %g\n", setting.name, value);
		if (!i || value < best_value) {
			best_value = value;
			best = i;
		}
	}
	trial = false;
	rounds = all;
	return best;
}

static void with_settings(const struct memory_ops *ops, const char *device, bench bench)
{
	struct native_setting setting;

	if (!ops->native) {
		bench(ops, NULL, device);
		return;
	}
	native_setting_use(&setting, best_setting(ops, device, bench));
	bench(ops, setting.name, device);
}

int main(int argc, char **argv)
{
	rounds = env_number("BENCH_ROUNDS", 5);
	if (argc == 3 && !strcmp(argv[1], "one")) {
		bench_one(argv[2]);
	} else if (argc == 3 && !strcmp(argv[1], "scan")) {
		with_settings(memory_kind(argv[2]), "", bench_scan);
	} else if (argc == 4 && !strcmp(argv[1], "uniform")) {
		with_settings(memory_kind(argv[2]), argv[3], bench_uniform_read);
		with_settings(memory_kind(argv[2]), argv[3], bench_uniform_write);
	} else {
		bench_die("usage: paging one DEVICE | scan MEMORY | uniform MEMORY DEVICE");
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * lock-stat.c - faults on different granules share no lock of vmswap, wherever the
 * pages come from.
 *
 * Two threads fault while the kernel counts what each class of locks is taken
 * for (CONFIG_LOCK_STAT, the debug kernel).  The names of vmswap's own classes
 * are read from its sources, so that a new lock is judged as well.
 */
#include <ctype.h>
#include <glob.h>
#include <pthread.h>

#include "disk.h"

#define THREADS		2
#define PART_PAGES	512ul		/* of each thread */
#define PAGES		(THREADS * PART_PAGES)
#define SIZE		(PAGES * PAGE)
/* Once in many faults (a leaf of the page words, a CPU that is new) is no matter. */
#define FEW		(PAGES / 16)

/* ----------------------------------------------------------- names of classes */

#define MAX_CLASSES	64

struct classes {
	int n;
	char name[MAX_CLASSES][64];
};

/* What makes a lock; its first argument names the class. */
static const char * const makers[] = {
	"mutex_init(", "spin_lock_init(", "rwlock_init(", "init_rwsem(", "seqlock_init(",
	"init_waitqueue_head(", "seqcount_init(", "DEFINE_MUTEX(", "DEFINE_SPINLOCK(",
	"DEFINE_RWLOCK(", "DECLARE_RWSEM(", "DEFINE_SEQLOCK(", "DECLARE_WAIT_QUEUE_HEAD(",
	"DEFINE_STATIC_SRCU(", "DEFINE_SRCU(",
};

static void classes_of_line(struct classes *c, const char *line)
{
	size_t i;

	for (i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		const char *at = strstr(line, makers[i]);
		size_t len;

		if (!at || c->n == MAX_CLASSES)
			continue;
		at += strlen(makers[i]);
		len = strcspn(at, "),");
		if (len < sizeof(c->name[0]))
			snprintf(c->name[c->n++], sizeof(c->name[0]), "%.*s", (int)len, at);
	}
}

/* Runs in the root of the tree. */
static int classes_read(struct classes *c)
{
	char line[512];
	glob_t files;
	size_t i;

	c->n = 0;
	if (glob("kernel/*.c", 0, NULL, &files))
		return -ENOENT;
	for (i = 0; i < files.gl_pathc; i++) {
		FILE *f = fopen(files.gl_pathv[i], "r");

		while (f && fgets(line, sizeof(line), f))
			classes_of_line(c, line);
		if (f)
			fclose(f);
	}
	globfree(&files);
	return c->n;
}

/* ------------------------------------------------------------- what is counted */

static int counting(bool on)
{
	return write_file("/proc/sys/kernel/lock_stat", on ? "1" : "0");
}

struct count {
	unsigned long taken, contended;
};

/*
 * A line is "CLASS: con-bounces contentions 4 times acq-bounces acquisitions ...";
 * a reader-writer lock has two, CLASS-R and CLASS-W; "#2" tells namesakes apart.
 */
static struct count count_of(const char *class)
{
	FILE *f = fopen("/proc/lock_stat", "r");
	size_t len = strlen(class);
	struct count sum = {};
	char line[1024];

	while (f && fgets(line, sizeof(line), f)) {
		const char *at = line + strspn(line, " ");
		unsigned long contended, taken;

		if (strncmp(at, class, len) || !strchr(":-#/", at[len]))
			continue;
		at = strstr(at, ": ");
		if (at && sscanf(at, ": %*u %lu %*f %*f %*f %*f %*u %lu",
				 &contended, &taken) == 2) {
			sum.contended += contended;
			sum.taken += taken;
		}
	}
	if (f)
		fclose(f);
	return sum;
}

/* ---------------------------------------------------------------------- faults */

struct world {
	struct test_mount mnt;
	struct classes own;
	uint8_t *mem;
	int fd;
};

static int world_open(struct world *w)
{
	w->fd = mapped_open(&w->mnt, NULL, SIZE, &w->mem);
	if (w->fd < 0)
		return w->fd;
	return classes_read(&w->own) > 0 ? 0 : -ENOENT;
}

static int world_close(struct world *w)
{
	counting(false);
	return mapped_close(&w->mnt, w->fd, w->mem, SIZE);
}

FIXTURE(lock_stat)
{
	struct world w;
};

FIXTURE_SETUP(lock_stat)
{
	if (access("/proc/lock_stat", R_OK))
		SKIP(return, "this kernel does not count locks");
	ASSERT_EQ(0, world_open(&self->w));
}

FIXTURE_TEARDOWN(lock_stat)
{
	EXPECT_EQ(0, world_close(&self->w));
}

struct part {
	pthread_t thread;
	uint8_t *mem;
	unsigned int step;
};

static void *touch_part(void *arg)
{
	struct part *part = arg;
	size_t i;

	for (i = 0; i < PART_PAGES; i++)
		(*(volatile uint8_t *)(part->mem + i * part->step % PART_PAGES * PAGE))++;
	return NULL;
}

#define IN_ORDER	1
#define SCATTERED	101	/* nothing is read ahead: each page is a fault and a read */

/* Each thread its own half, at the same time; the kernel counts meanwhile. */
static int storm(uint8_t *mem, unsigned int step)
{
	struct part part[THREADS];
	int i;

	if (write_file("/proc/lock_stat", "0") || counting(true))
		return -EIO;
	for (i = 0; i < THREADS; i++) {
		part[i].mem = mem + i * PART_PAGES * PAGE;
		part[i].step = step;
		pthread_create(&part[i].thread, NULL, touch_part, &part[i]);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(part[i].thread, NULL);
	return counting(false);
}

static void fill_all(uint8_t *mem, enum page_class class)
{
	size_t i;

	for (i = 0; i < PAGES; i++)
		page_make(mem + i * PAGE, class, i);
}

/* How many of vmswap's own classes were taken or contended more than now and then. */
static int shared_locks(const struct classes *own)
{
	int i, bad = 0;

	for (i = 0; i < own->n; i++) {
		struct count c = count_of(own->name[i]);

		if (!c.taken && !c.contended)
			continue;
		printf("# %s: taken %lu times, contended %lu times\n", own->name[i],
		       c.taken, c.contended);
		bad += c.taken > FEW || c.contended;
	}
	return bad;
}

/* The page cache's lock is taken for each granule at least: the count works. */
static unsigned long faults_counted(void)
{
	return count_of("mapping.invalidate_lock").taken;
}

TEST_F(lock_stat, zero_fill)
{
	ASSERT_EQ(0, storm(self->w.mem, IN_ORDER));
	EXPECT_LE(PAGES / 32, faults_counted());
	EXPECT_EQ(0, shared_locks(&self->w.own));
}

TEST_F(lock_stat, same_filled)
{
	size_t i;

	for (i = 0; i < PAGES; i++)
		memset(self->w.mem + i * PAGE, 0x5a, PAGE);
	ASSERT_EQ(0, evict(self->w.fd, 0, SIZE));
	ASSERT_EQ(0, storm(self->w.mem, IN_ORDER));
	EXPECT_LE(PAGES / 32, faults_counted());
	EXPECT_EQ(0, shared_locks(&self->w.own));
}

static void expect_none_at_swap_in(struct __test_metadata *_metadata, struct world *w,
				   enum page_class class)
{
	fill_all(w->mem, class);
	ASSERT_EQ(0, evict(w->fd, 0, SIZE));
	ASSERT_EQ(0, storm(w->mem, IN_ORDER));
	EXPECT_LE(PAGES / 32, faults_counted());
	EXPECT_EQ(0, shared_locks(&w->own));
}

TEST_F(lock_stat, swap_in_compressed)
{
	expect_none_at_swap_in(_metadata, &self->w, PAGE_COMPRESSIBLE);
}

TEST_F(lock_stat, swap_in_incompressible)
{
	expect_none_at_swap_in(_metadata, &self->w, PAGE_RANDOM);
}

/* Eviction takes the lock of the compressor's buffers: the names are right. */
TEST_F(lock_stat, names_are_found)
{
	fill_all(self->w.mem, PAGE_COMPRESSIBLE);
	ASSERT_EQ(0, write_file("/proc/lock_stat", "0"));
	ASSERT_EQ(0, counting(true));
	ASSERT_EQ(0, evict(self->w.fd, 0, SIZE));
	ASSERT_EQ(0, counting(false));
	EXPECT_LT(0, shared_locks(&self->w.own));
}

/* ------------------------------------------------------------------- block tiers */

#define DISK		"lock-stat"
#define DISK_MIB	64
#define DISK_PATH	"/dev/" DISK
#define DISK_DIR	"/tmp/lock-stat"
#define DISK_FILE	DISK_DIR "/tier"
#define DISK_TIER	"disk0"
/* Not more than 7/8 full a block tier keeps the copies of what comes in; else it does not. */
#define ROOMY		(4 * SIZE)
#define TIGHT		SIZE

/* It comes before the ram tier that there is. */
static int disk_tier_add(const char *path, uint64_t size)
{
	return policy_once(policy_tier_add_block, DISK_TIER, path, size) ?:
	       policy_once(policy_tier_set_rank, DISK_TIER, 1);
}

static bool file_on_disk_make(void)
{
	return !system("mkfs.ext4 -qF " DISK_PATH " && mkdir -p " DISK_DIR " && mount " DISK_PATH
		       " " DISK_DIR " && fallocate -l 32M " DISK_FILE);
}

FIXTURE(block)
{
	struct world w;
};

FIXTURE_VARIANT(block)
{
	bool file;
	uint64_t size;
};

FIXTURE_VARIANT_ADD(block, device) { .size = ROOMY };
FIXTURE_VARIANT_ADD(block, full_device) { .size = TIGHT };
FIXTURE_VARIANT_ADD(block, file) { .file = true, .size = ROOMY };

FIXTURE_SETUP(block)
{
	if (access("/proc/lock_stat", R_OK))
		SKIP(return, "this kernel does not count locks");
	/* First: from here on this process has its own mounts. */
	ASSERT_EQ(0, world_open(&self->w));
	ASSERT_EQ(0, disk_make(DISK, DISK_MIB));
	if (variant->file)
		ASSERT_TRUE(file_on_disk_make());
	ASSERT_EQ(0, disk_tier_add(variant->file ? DISK_FILE : DISK_PATH, variant->size));
}

FIXTURE_TEARDOWN(block)
{
	EXPECT_EQ(0, world_close(&self->w));
	EXPECT_EQ(0, policy_once_tier_del(DISK_TIER));
	if (variant->file)
		EXPECT_EQ(0, system("umount " DISK_DIR));
	EXPECT_EQ(0, disk_remove(DISK));
}

TEST_F(block, swap_in)
{
	struct vmswap_vm_stat before, after;

	fill_all(self->w.mem, PAGE_RANDOM);
	ASSERT_EQ(0, evict(self->w.fd, 0, SIZE));
	ASSERT_EQ(0, vm_stat(self->w.fd, &before));
	ASSERT_EQ(0, storm(self->w.mem, SCATTERED));
	ASSERT_EQ(0, vm_stat(self->w.fd, &after));
	EXPECT_LE(PAGES - FEW, after.swapin_pages - before.swapin_pages);
	EXPECT_LE(PAGES / 2, faults_counted());
	EXPECT_EQ(0, shared_locks(&self->w.own));
}

VMSWAP_TEST_MAIN

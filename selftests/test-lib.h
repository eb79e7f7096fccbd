/* SPDX-License-Identifier: GPL-2.0 */
/*
 * test-lib.h - what the programs of tests have in common: a seed, a mount that
 * goes with the test, ioctls in one line, pages with recognizable content.
 */
#ifndef SELFTESTS_TEST_LIB_H
#define SELFTESTS_TEST_LIB_H

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/vmswap.h>

#include "kselftest_harness.h"

/* An emulated machine under load is slow; only a hang takes this long. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	240

#define PAGE		((size_t)VMSWAP_PAGE_SIZE)
#define MIB		(1ul << 20)
#define GIB		(1ull << 30)

/* ------------------------------------------------------------ random numbers */

static uint64_t test_seed;

/* splitmix64: small, and good enough to be incompressible. */
static inline uint64_t rnd(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/*
 * The seed comes from --seed N or VMSWAP_SEED, else from the clock; it is printed,
 * so that a failure can be had again.
 */
static inline void test_seed_init(int argc, char **argv)
{
	const char *text = getenv("VMSWAP_SEED");
	struct timeval now;

	if (argc == 3 && !strcmp(argv[1], "--seed"))
		text = argv[2];
	gettimeofday(&now, NULL);
	test_seed = text ? strtoull(text, NULL, 0) : now.tv_sec * 1000000ull + now.tv_usec;
	printf("# seed %llu; the same again: --seed %llu or VMSWAP_SEED=%llu\n",
	       (unsigned long long)test_seed, (unsigned long long)test_seed,
	       (unsigned long long)test_seed);
}

/* ------------------------------------------------------------- page contents */

enum page_class {
	PAGE_ZERO,
	PAGE_SAME_FILLED,
	PAGE_COMPRESSIBLE,
	PAGE_RANDOM,
	PAGE_CLASSES,
};

/* The content of a page follows from its class and a number. */
static inline void page_make(void *page, enum page_class class, uint64_t number)
{
	uint64_t *w = page, state = number, i;

	memset(page, 0, PAGE);
	for (i = 0; i < PAGE / 8; i++) {
		if (class == PAGE_SAME_FILLED)
			w[i] = number | 1;
		else if (class == PAGE_COMPRESSIBLE)
			w[i] = i % 16 ? number : number + i;
		else if (class == PAGE_RANDOM)
			w[i] = rnd(&state);
	}
}

static inline bool page_is(const void *page, enum page_class class, uint64_t number)
{
	uint8_t want[PAGE];

	page_make(want, class, number);
	return !memcmp(page, want, PAGE);
}

/* Pages that differ from each other, unless the class has it otherwise, and from run to run. */
static inline void write_class(uint8_t *mem, enum page_class class, size_t pages)
{
	size_t i;

	for (i = 0; i < pages; i++)
		page_make(mem + i * PAGE, class, test_seed + i);
}

static inline size_t wrong_class(const uint8_t *mem, enum page_class class, size_t pages)
{
	size_t i, wrong = 0;

	for (i = 0; i < pages; i++)
		wrong += !page_is(mem + i * PAGE, class, test_seed + i);
	return wrong;
}

static inline void fill_pages(uint8_t *mem, unsigned int n)
{
	write_class(mem, PAGE_RANDOM, n);
}

static inline bool pages_filled(const uint8_t *mem, unsigned int n)
{
	return !wrong_class(mem, PAGE_RANDOM, n);
}

static inline bool is_zero(const void *bytes, size_t n)
{
	const uint8_t *b = bytes;

	return !n || (!b[0] && !memcmp(b, b + 1, n - 1));
}

/* --------------------------------------------------------------------- mounts */

struct test_mount {
	char dir[64];
};

/*
 * In a mount namespace of the calling process: the mount goes with it, however
 * the test ends.
 */
static inline int test_mount(struct test_mount *m, const char *options)
{
	strcpy(m->dir, "/tmp/vmswap-test.XXXXXX");
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	if (!mkdtemp(m->dir))
		return -errno;
	return mount("none", m->dir, "vmswapfs", 0, options) ? -errno : 0;
}

static inline int test_umount(struct test_mount *m)
{
	int ret = umount(m->dir) ? -errno : 0;

	rmdir(m->dir);
	return ret;
}

static inline int mount_again(struct test_mount *m, const char *options)
{
	test_umount(m);
	return test_mount(m, options);
}

/* The path of a file of the mount; valid until the eighth call from here. */
static inline const char *path_in(const struct test_mount *m, const char *format, ...)
{
	static char paths[8][PATH_MAX];
	static unsigned int next;
	char *path = paths[next++ % 8];
	int n = snprintf(path, PATH_MAX, "%s/", m->dir);
	va_list args;

	va_start(args, format);
	vsnprintf(path + n, PATH_MAX - n, format, args);
	va_end(args);
	return path;
}

/* A new file of the size; the descriptor or -errno. */
static inline int file_make(const struct test_mount *m, const char *name, off_t size)
{
	int fd = open(path_in(m, "%s", name), O_RDWR | O_CREAT | O_EXCL, 0644);

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, size)) {
		int err = errno;

		close(fd);
		return -err;
	}
	return fd;
}

static inline void *map_shared(int fd, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

/* A mount with one file, "vm", mapped at *@mem; its descriptor or -errno. */
static inline int mapped_open(struct test_mount *m, const char *options, size_t size,
			      uint8_t **mem)
{
	int fd, ret = test_mount(m, options);

	if (ret)
		return ret;
	fd = file_make(m, "vm", size);
	if (fd < 0)
		return fd;
	*mem = map_shared(fd, size);
	return *mem == MAP_FAILED ? -errno : fd;
}

static inline int mapped_close(struct test_mount *m, int fd, uint8_t *mem, size_t size)
{
	munmap(mem, size);
	close(fd);
	return test_umount(m);
}

/* -------------------------------------------------- settings, commands, time */

/* A setting of the kernel: 0 or -errno. */
static inline int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

/* A command of the shell: has it succeeded? */
static inline bool __attribute__((format(printf, 1, 2))) run(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return !system(command);
}

static inline double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* --------------------------------------------------------------------- ioctls */

static inline int ranges_ioctl(int fd, unsigned long cmd, uint64_t offset, uint64_t length,
			       struct vmswap_ranges *result)
{
	struct vmswap_range range = { offset, length };
	struct vmswap_ranges args = {
		.ranges = (uintptr_t)&range,
		.nr_ranges = 1,
	};
	int ret = ioctl(fd, cmd, &args) ? -errno : 0;

	if (result)
		*result = args;
	return ret;
}

static inline int evict(int fd, uint64_t offset, uint64_t length)
{
	return ranges_ioctl(fd, VMSWAP_IOC_EVICT, offset, length, NULL);
}

static inline int prefetch(int fd, uint64_t offset, uint64_t length)
{
	return ranges_ioctl(fd, VMSWAP_IOC_PREFETCH, offset, length, NULL);
}

static inline int discard(int fd, uint64_t offset, uint64_t length)
{
	return ranges_ioctl(fd, VMSWAP_IOC_DISCARD, offset, length, NULL);
}

static inline int page_states(int fd, uint64_t offset, uint64_t n, uint16_t *states)
{
	struct vmswap_page_state args = {
		.offset = offset,
		.length = n * PAGE,
		.states = (uintptr_t)states,
	};

	return ioctl(fd, VMSWAP_IOC_PAGE_STATE, &args) ? -errno : 0;
}

/* The state of one page, or 0xffff when it cannot be had. */
static inline uint16_t page_state(int fd, uint64_t offset)
{
	uint16_t state;

	return page_states(fd, offset, 1, &state) ? 0xffff : state;
}

static inline bool is_resident(int fd, uint64_t offset)
{
	return page_state(fd, offset) & VMSWAP_PAGE_RESIDENT;
}

/* The only copy is in a tier. */
static inline bool is_swapped(int fd, uint64_t offset)
{
	return (page_state(fd, offset) & (VMSWAP_PAGE_RESIDENT | VMSWAP_PAGE_SLOT)) ==
	       VMSWAP_PAGE_SLOT;
}

/*
 * Something short-lived may hold a reference to a page (a batch of another CPU,
 * compaction): ask again until it is gone.  How often does not depend on time.
 */
static inline bool evict_page(int fd, uint64_t offset)
{
	int i;

	for (i = 0; i < 1000; i++) {
		evict(fd, offset, PAGE);
		if (!is_resident(fd, offset))
			return true;
		sched_yield();
	}
	return false;
}

/* So of the first pages of a file. */
static inline bool evict_each(int fd, unsigned int pages)
{
	unsigned int i;

	for (i = 0; i < pages; i++)
		if (!evict_page(fd, i * PAGE))
			return false;
	return true;
}

/* The page frame behind an address, or 0. */
static inline uint64_t frame_of(const uint8_t *page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (fd < 0 || pread(fd, &entry, 8, (uintptr_t)page / PAGE * 8) != 8)
		entry = 0;
	close(fd);
	return entry & ((1ull << 55) - 1);
}

static inline int vm_stat(int fd, struct vmswap_vm_stat *stat)
{
	return ioctl(fd, VMSWAP_IOC_VM_STAT, stat) ? -errno : 0;
}

/* Gauges that must add up to the size while nothing happens to the VM. */
static inline uint64_t stat_sum(const struct vmswap_vm_stat *s)
{
	return s->resident + s->swapped + s->same + s->zero + s->poisoned;
}

static inline int vm_create(const char *name, uint64_t size)
{
	struct vmswap_create_vm args = { .size = size };
	int dev = open("/dev/vmswap", O_RDWR | O_CLOEXEC), fd;

	if (dev < 0)
		return -errno;
	strncpy(args.name, name, sizeof(args.name));
	fd = ioctl(dev, VMSWAP_IOC_CREATE_VM, &args);
	if (fd < 0)
		fd = -errno;
	close(dev);
	return fd;
}

/*
 * System calls to which @page is given, which cannot be had, fail with EFAULT; one of them
 * is to write it to the file, at @offset.
 */
static inline void expect_efault(struct __test_metadata *_metadata, int fd, uint64_t offset,
				 uint8_t *page)
{
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC), pipefd[2];

	ASSERT_LE(0, zero);
	ASSERT_EQ(0, pipe(pipefd));
	EXPECT_EQ(-1, write(pipefd[1], page, PAGE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, pwrite(fd, page, PAGE, offset));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, read(zero, page, PAGE));
	EXPECT_EQ(EFAULT, errno);
	close(pipefd[0]);
	close(pipefd[1]);
	close(zero);
}

/* ------------------------------------------------------------------ the frame */

/* VMSWAP_CASE=PATTERN: only cases that fit it, as in "race.@(kill|reuse)". */
static inline void test_choose(void)
{
	const char *pattern = getenv("VMSWAP_CASE");
	struct __fixture_metadata *f;
	char name[128];

	for (f = __fixture_list; f && pattern; f = f->next) {
		struct __test_metadata **t = &f->tests;

		while (*t) {
			snprintf(name, sizeof(name), "%s.%s", f->name, (*t)->name);
			if (fnmatch(pattern, name, FNM_EXTMATCH))
				*t = (*t)->next;
			else
				t = &(*t)->next;
		}
	}
}

/* The harness wants to know in which order tests register. */
#define TEST_ORDER_LAST \
	static void __attribute__((constructor)) constructor_order_last(void) \
	{ \
		if (!__constructor_order) \
			__constructor_order = _CONSTRUCTOR_ORDER_BACKWARD; \
	}

static inline bool kernel_is_at_least(int major, int minor)
{
	struct utsname u;
	int a, b;

	return !uname(&u) && sscanf(u.release, "%d.%d", &a, &b) == 2 &&
	       (a > major || (a == major && b >= minor));
}

/* One that checks every access: a tenth as fast. */
static inline bool is_debug_kernel(void)
{
	return !access("/sys/kernel/debug/kmemleak", F_OK);
}

/* In place of TEST_HARNESS_MAIN, for a test that has no tier or makes its own. */
#define VMSWAP_TEST_MAIN_NO_TIER \
	TEST_ORDER_LAST \
	int main(int argc, char **argv) \
	{ \
		test_choose(); \
		return test_harness_run(argc, argv); \
	}

#ifndef TEST_NO_TIER
#include "policy.h"

#define TEST_TIER	"ram0"
#ifndef TEST_TIER_SIZE
#define TEST_TIER_SIZE	(512 * MIB)
#endif

static inline int test_tier_add(void)
{
	return policy_once_tier_add(TEST_TIER, VMSWAP_TIER_KIND_RAM, TEST_TIER_SIZE);
}

/* What leaves the VM goes there, and nowhere else. */
static inline int vm_use_tier(int fd, const char *name)
{
	struct vmswap_vm_stat stat;

	return vm_stat(fd, &stat) ?: policy_once(policy_vm_tiers, stat.id, name);
}

/* A page that is touched comes alone. */
static inline int vm_read_single(int fd)
{
	struct vmswap_vm_stat stat;

	return vm_stat(fd, &stat) ?: policy_once_vm_set(stat.id, VMSWAP_A_VM_PREFETCH, 0);
}

/* 0 when nothing is left of the VMs that there were. */
static inline int test_tier_del(void)
{
	struct policy_host host;
	struct policy p;
	int ret = policy_open(&p), i;

	if (ret)
		return ret;
	/* Inodes are freed a grace period after their last close. */
	for (i = 0; i < 500; i++) {
		ret = policy_host_get(&p, &host);
		if (ret || (!host.vms && !host.leaks))
			break;
		usleep(10000);
	}
	if (!ret && (host.vms || host.leaks)) {
		printf("# left behind: %u VMs, leaks %llu\n", host.vms,
		       (unsigned long long)host.leaks);
		ret = -EBUSY;
	}
	i = policy_tier_del(&p, TEST_TIER);
	policy_close(&p);
	return ret ?: i;
}

/* The harness ends its process itself. */
static int test_run_in_child(int argc, char **argv)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		exit(test_harness_run(argc, argv));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return KSFT_FAIL;
	return WEXITSTATUS(status);
}

/* In place of TEST_HARNESS_MAIN: a RAM tier exists while the tests run. */
#define VMSWAP_TEST_MAIN \
	TEST_ORDER_LAST \
	int main(int argc, char **argv) \
	{ \
		int ret; \
		\
		if (geteuid()) { \
			printf("1..0 # SKIP only root can add a tier\n"); \
			return KSFT_SKIP; \
		} \
		test_seed_init(argc, argv); \
		test_choose(); \
		ret = test_tier_add(); \
		if (ret) { \
			printf("Bail out! tier add: %s\n", strerror(-ret)); \
			return KSFT_FAIL; \
		} \
		ret = test_run_in_child(argc, argv); \
		if (test_tier_del()) { \
			printf("# the tier cannot be removed, or something leaked\n"); \
			ret = KSFT_FAIL; \
		} \
		return ret; \
	}
#endif /* TEST_NO_TIER */

#endif /* SELFTESTS_TEST_LIB_H */

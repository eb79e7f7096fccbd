// SPDX-License-Identifier: GPL-2.0
/*
 * cgroup.c - VMs in memory cgroups: a cgroup at its limit makes vmswap evict and
 * kills nobody, and pays for all that serves its VMs, whoever asks for it.
 */
#include <signal.h>
#include <sys/swap.h>

#include "cgroup.h"
#include "disk.h"

#define VM_SIZE		(48 * MIB)
#define VM_PAGES	(VM_SIZE / PAGE)
#define SMALL		(16 * MIB)

/* What is charged beside the pages: batches of 64 pages a CPU, page tables, stacks. */
#define ROUGHLY		(3 * MIB)

/* ------------------------------------------------------ a process in the cgroup */

struct member {
	pid_t pid;
	int to, from;
};

/* Called for each order; what it returns is the answer. */
typedef int (*member_fn)(int fd, uint8_t **mem, char order);

static void member_main(const struct cgroup *cg, int fd, member_fn fn, int in, int out)
{
	uint8_t *mem = NULL;
	char order;

	if (cgroup_enter(cg))
		_exit(1);
	while (read(in, &order, 1) == 1) {
		char answer = fn(fd, &mem, order) ? '-' : '+';

		if (write(out, &answer, 1) != 1)
			break;
	}
	_exit(0);
}

static int member_start(struct member *m, const struct cgroup *cg, int fd, member_fn fn)
{
	int in[2], out[2];

	if (pipe(in) || pipe(out))
		return -errno;
	m->pid = fork();
	if (m->pid < 0)
		return -errno;
	if (!m->pid) {
		close(in[1]);
		close(out[0]);
		member_main(cg, fd, fn, in[0], out[1]);
	}
	close(in[0]);
	close(out[1]);
	m->to = in[1];
	m->from = out[0];
	return 0;
}

static int member_begin(struct member *m, char order)
{
	return write(m->to, &order, 1) == 1 ? 0 : -EPIPE;
}

/* 0 when it did what it was told; a killed one does not. */
static int member_end(struct member *m)
{
	char answer = 0;

	return read(m->from, &answer, 1) == 1 && answer == '+' ? 0 : -EIO;
}

static int member_do(struct member *m, char order)
{
	return member_begin(m, order) ?: member_end(m);
}

static void member_kill(struct member *m)
{
	int status;

	if (m->pid <= 0)
		return;
	kill(m->pid, SIGKILL);
	waitpid(m->pid, &status, 0);
	close(m->to);
	close(m->from);
	m->pid = 0;
}

/* What a page of the VM holds; random pages go to a block tier if there is one. */
static enum page_class class_of(size_t page, bool random)
{
	switch (page % 4) {
	case 0:
		return random ? PAGE_RANDOM : PAGE_COMPRESSIBLE;
	case 1:
		return page % 16 == 1 ? PAGE_SAME_FILLED : PAGE_COMPRESSIBLE;
	default:
		return PAGE_COMPRESSIBLE;
	}
}

static int write_pages(uint8_t *mem, bool random)
{
	size_t i;

	for (i = 0; i < VM_PAGES; i++)
		page_make(mem + i * PAGE, class_of(i, random), test_seed + i);
	return 0;
}

static int verify_pages(const uint8_t *mem, bool random)
{
	size_t i;

	for (i = 0; i < VM_PAGES; i++)
		if (!page_is(mem + i * PAGE, class_of(i, random), test_seed + i)) {
			printf("# page %zu is wrong\n", i);
			return -EBADMSG;
		}
	return 0;
}

/* w, W: write, r, R: verify; the capital with random pages among them. */
static int vmm(int fd, uint8_t **mem, char order)
{
	if (!*mem)
		*mem = map_shared(fd, VM_SIZE);
	if (*mem == MAP_FAILED)
		return -errno;
	switch (order) {
	case 'w':
	case 'W':
		return write_pages(*mem, order == 'W');
	case 'r':
	case 'R':
		return verify_pages(*mem, order == 'R');
	}
	return -EINVAL;
}

#define HOG_SIZE	(40 * MIB)

/* a: take much memory and write to it, s: see whether it is still right. */
static int hog(int fd, uint8_t **mem, char order)
{
	size_t at;

	if (!*mem)
		*mem = mmap(NULL, HOG_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (at = 0; at < HOG_SIZE; at += PAGE) {
		if (order == 'a')
			(*mem)[at] = at / PAGE;
		else if ((*mem)[at] != (uint8_t)(at / PAGE))
			return -EBADMSG;
	}
	return 0;
}

/* ------------------------------------------------------------------- the fixture */

FIXTURE(cgroup)
{
	struct test_mount mnt;
	struct cgroup parent, cg;
	struct member vmm;
	bool disk;
	int fd;
};

FIXTURE_SETUP(cgroup)
{
	char name[32];

	signal(SIGPIPE, SIG_IGN);	/* a member that was killed gives no answer */
	snprintf(name, sizeof(name), "vmswap-test-%d", getpid());
	ASSERT_EQ(0, cgroup_make(&self->parent, NULL, name));
	ASSERT_EQ(0, cgroup_make(&self->cg, &self->parent, "vm"));
	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
	self->disk = !block_tier_add();
	self->fd = file_make(&self->mnt, "vm", VM_SIZE);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, member_start(&self->vmm, &self->cg, self->fd, vmm));
}

FIXTURE_TEARDOWN(cgroup)
{
	member_kill(&self->vmm);
	if (self->fd >= 0)
		close(self->fd);
	EXPECT_EQ(0, test_umount(&self->mnt));
	if (self->disk) {
		EXPECT_EQ(0, policy_once_tier_del(BLOCK_TIER));
	}
	EXPECT_EQ(0, cgroup_remove(&self->cg));
	EXPECT_EQ(0, cgroup_remove(&self->parent));
}

#define expect_nobody_killed() do { \
	EXPECT_EQ(0, cgroup_get(&self->parent, "memory.events", "oom_kill")); \
	EXPECT_EQ(0, cgroup_get(&self->parent, "memory.events", "oom")); \
} while (0)

static void print_figures(const char *what, const struct cgroup *cg, int fd)
{
	struct vmswap_vm_stat s = {};

	vm_stat(fd, &s);
	printf("# %s: current %llu KiB, resident %llu, swapped %llu, max %llu times, high %llu\n",
	       what, (unsigned long long)cgroup_current(cg) >> 10,
	       (unsigned long long)s.resident >> 10, (unsigned long long)s.swapped >> 10,
	       (unsigned long long)cgroup_get(cg, "memory.events", "max"),
	       (unsigned long long)cgroup_get(cg, "memory.events", "high"));
}

/* ---------------------------------------------------------------------- limits */

/* Written and verified in full below @cg's limit, and nobody dies. */
#define work_within(limit) do { \
	struct vmswap_vm_stat stat; \
	\
	ASSERT_EQ(0, member_do(&self->vmm, 'w')); \
	ASSERT_EQ(0, vm_stat(self->fd, &stat)); \
	EXPECT_GE((limit), stat.resident); \
	EXPECT_LT(VM_SIZE / 2, stat.swapped); \
	EXPECT_EQ(0, member_do(&self->vmm, 'r')); \
	if (self->disk) { \
		EXPECT_EQ(0, member_do(&self->vmm, 'W')); \
		EXPECT_EQ(0, member_do(&self->vmm, 'R')); \
	} \
	expect_nobody_killed(); \
	print_figures("end", &self->cg, self->fd); \
} while (0)

TEST_F(cgroup, max)
{
	ASSERT_EQ(0, cgroup_set_bytes(&self->cg, "memory.max", SMALL));
	work_within(SMALL);
}

TEST_F(cgroup, max_of_parent)
{
	ASSERT_EQ(0, cgroup_set_bytes(&self->parent, "memory.max", SMALL));
	ASSERT_EQ(0, cgroup_set_bytes(&self->cg, "memory.max", 10 * VM_SIZE));
	work_within(SMALL);
}

TEST_F(cgroup, high)
{
	ASSERT_EQ(0, cgroup_set_bytes(&self->cg, "memory.high", SMALL));
	work_within(SMALL);
	EXPECT_GE(SMALL + ROUGHLY, cgroup_current(&self->cg));
}

/* A limit set below what is used makes pages leave, as many as needed. */
TEST_F(cgroup, max_lowered)
{
	struct vmswap_vm_stat stat;

	ASSERT_EQ(0, member_do(&self->vmm, 'w'));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(VM_SIZE, stat.resident);
	ASSERT_EQ(0, cgroup_set_bytes(&self->cg, "memory.max", SMALL));
	EXPECT_GE(SMALL, cgroup_current(&self->cg));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_LT(SMALL / 4, stat.resident);
	EXPECT_EQ(0, member_do(&self->vmm, 'r'));
	expect_nobody_killed();
}

TEST_F(cgroup, limit_effective)
{
	struct vmswap_vm_stat stat;
	uint64_t before;

	ASSERT_EQ(0, member_do(&self->vmm, 'w'));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(UINT64_MAX, stat.limit_effective);
	ASSERT_EQ(0, cgroup_set_bytes(&self->cg, "memory.max", 2 * VM_SIZE));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(UINT64_MAX, stat.limit);
	/* What others in the cgroup use is not the VM's. */
	EXPECT_GE(2 * VM_SIZE, stat.limit_effective);
	EXPECT_LE(2 * VM_SIZE - ROUGHLY, stat.limit_effective);
	before = stat.limit_effective;
	ASSERT_EQ(0, cgroup_set_bytes(&self->parent, "memory.high", 3 * VM_SIZE / 2));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_LE(VM_SIZE / 2 - ROUGHLY, before - stat.limit_effective);
	EXPECT_GE(VM_SIZE / 2 + ROUGHLY, before - stat.limit_effective);
	ASSERT_EQ(0, cgroup_set(&self->parent, "memory.high", "max"));
	ASSERT_EQ(0, cgroup_set(&self->cg, "memory.max", "max"));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(UINT64_MAX, stat.limit_effective);
}

/* --------------------------------------------------------------------- charges */

/* The VM's cgroup pays for what somebody of another cgroup makes resident. */
TEST_F(cgroup, prefetch_by_others)
{
	struct vmswap_vm_stat stat;
	uint64_t before, after;

	ASSERT_EQ(0, member_do(&self->vmm, 'w'));
	ASSERT_EQ(0, evict(self->fd, 0, VM_SIZE));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	ASSERT_GT(MIB, stat.resident);
	before = cgroup_get(&self->cg, "memory.stat", "file");
	ASSERT_EQ(0, prefetch(self->fd, 0, VM_SIZE));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	ASSERT_LT(VM_SIZE - MIB, stat.resident);
	after = cgroup_get(&self->cg, "memory.stat", "file");
	EXPECT_LE(VM_SIZE - ROUGHLY, after - before);
	print_figures("prefetched", &self->cg, self->fd);
}

/* Written by somebody else once the VM has a cgroup. */
TEST_F(cgroup, write_by_others)
{
	uint8_t page[PAGE];
	size_t i;

	ASSERT_EQ(0, member_do(&self->vmm, 'w'));
	ASSERT_EQ(0, discard(self->fd, 0, VM_SIZE));
	ASSERT_GT(ROUGHLY, cgroup_current(&self->cg));
	for (i = 0; i < VM_PAGES; i++) {
		page_make(page, PAGE_COMPRESSIBLE, i);
		ASSERT_EQ(PAGE, pwrite(self->fd, page, PAGE, i * PAGE));
	}
	EXPECT_LE(VM_SIZE - ROUGHLY, cgroup_current(&self->cg));
}

/* Mapping decides whom a VM is charged to. */
static int binder(int fd, uint8_t **mem, char order)
{
	*mem = map_shared(fd, PAGE);
	return *mem == MAP_FAILED ? -errno : 0;
}

#define READ_FILES	64

/* The words of pages that the kernel reads by itself, for somebody of another cgroup. */
TEST_F(cgroup, read_by_the_kernel)
{
	uint64_t before, after;
	struct member first;
	char name[32];
	int fd, i;

	ASSERT_EQ(0, mkdir(path_in(&self->mnt, "many"), 0700));
	fd = file_make(&self->mnt, "many/first", PAGE);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, member_start(&first, &self->cg, fd, binder));
	ASSERT_EQ(0, member_do(&first, 'm'));
	close(fd);
	before = cgroup_get(&self->cg, "memory.stat", "kernel");
	for (i = 0; i < READ_FILES; i++) {
		snprintf(name, sizeof(name), "many/%d", i);
		fd = file_make(&self->mnt, name, PAGE);
		ASSERT_LE(0, fd);
		/* It looks for a header in the first page. */
		ASSERT_EQ(-1, swapon(path_in(&self->mnt, "%s", name), 0));
		ASSERT_EQ(EINVAL, errno);
		ASSERT_TRUE(is_resident(fd, 0));
		close(fd);
	}
	/* The figures of a cgroup lag behind by two seconds. */
	for (i = 0; i < 50; i++) {
		after = cgroup_get(&self->cg, "memory.stat", "kernel");
		if (after >= before + READ_FILES * PAGE)
			break;
		usleep(200000);
	}
	EXPECT_LE(before + READ_FILES * PAGE, after);
	member_kill(&first);
}

static void take_used(const struct nlattr *attr, size_t len, void *arg)
{
	policy_for_each(attr, len)
		if (policy_type(attr) == VMSWAP_A_TIER_USED)
			*(uint64_t *)arg = policy_number(attr);
}

static uint64_t ram_tier_bytes(void)
{
	struct policy p;
	uint64_t used = 0;

	if (policy_open(&p))
		return 0;
	policy_cmd(&p, VMSWAP_CMD_TIER_GET);
	policy_put_str(&p, VMSWAP_A_TIER_NAME, TEST_TIER);
	policy_talk(&p, take_used, &used);
	policy_close(&p);
	return used;
}

/*
 * Copies in a RAM tier are charged as the memory they take.  When the kernel moves
 * the pages that hold them, their charge stays behind with pages that are freed:
 * how much of it is printed, and may be anything.
 */
TEST_F(cgroup, compressed_copies)
{
	uint64_t used, before, after;
	size_t i;

	ASSERT_EQ(0, member_do(&self->vmm, 'w'));
	ASSERT_EQ(0, discard(self->fd, 0, VM_SIZE));
	before = cgroup_current(&self->cg);
	ASSERT_EQ(0, member_do(&self->vmm, 'w'));
	ASSERT_EQ(0, evict(self->fd, 0, VM_SIZE));
	for (i = 0; i < VM_PAGES; i++)
		evict_page(self->fd, i * PAGE);
	used = ram_tier_bytes();
	after = cgroup_current(&self->cg);
	printf("# in the tier %llu KiB, charged %llu KiB\n", (unsigned long long)used >> 10,
	       (unsigned long long)(after - before) >> 10);
	ASSERT_LT(MIB, used);
	EXPECT_LE(used, after - before + MIB);
	EXPECT_GE(used + ROUGHLY, after - before);
	write_file("/proc/sys/vm/compact_memory", "1");
	printf("# after compaction in the tier %llu KiB, charged %llu KiB\n",
	       (unsigned long long)ram_tier_bytes() >> 10,
	       (unsigned long long)(cgroup_current(&self->cg) - before) >> 10);
	EXPECT_EQ(0, member_do(&self->vmm, 'r'));
}

/* ------------------------------------------------------------------- pressure */

/* Another process below the limit needs memory: the VM makes room for it. */
TEST_F(cgroup, neighbour_gets_memory)
{
	struct vmswap_vm_stat stat;
	struct cgroup sibling;
	struct member other;

	ASSERT_EQ(0, cgroup_make(&sibling, &self->parent, "other"));
	ASSERT_EQ(0, cgroup_set_bytes(&self->parent, "memory.max", VM_SIZE + 16 * MIB));
	ASSERT_EQ(0, member_do(&self->vmm, 'w'));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	ASSERT_EQ(VM_SIZE, stat.resident);
	ASSERT_EQ(0, member_start(&other, &sibling, self->fd, hog));
	EXPECT_EQ(0, member_do(&other, 'a'));
	print_figures("neighbour", &self->parent, self->fd);
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	/* It gave what was missing, and not much more. */
	EXPECT_LT(16 * MIB, stat.swapped);
	EXPECT_LT(8 * MIB, stat.resident);
	EXPECT_EQ(0, member_do(&self->vmm, 'r'));
	EXPECT_EQ(0, member_do(&other, 's'));
	expect_nobody_killed();
	member_kill(&other);
	EXPECT_EQ(0, cgroup_remove(&sibling));
}

/* Sectors written to the disk since it is there; UINT64_MAX: not known. */
static uint64_t disk_written(void)
{
	char buf[512];
	unsigned long long n;

	if (file_read("/sys/block/nullb0/stat", buf, sizeof(buf)) < 0 ||
	    sscanf(buf, "%*u %*u %*u %*u %*u %*u %llu", &n) != 1)
		return UINT64_MAX;
	return n;
}

/* A lower memory.high is the whole demand: nobody of the cgroup runs, so nobody faults. */
static int reclaim_now(const struct cgroup *cg)
{
	return cgroup_set_bytes(cg, "memory.high", SMALL) ?:
	       cgroup_set(cg, "memory.high", "max");
}

/* Who frees memory may not wait for a tier that may need some; for the others it may. */
TEST_F(cgroup, reclaim_writes_to_safe_tiers)
{
	struct vmswap_vm_stat stat;
	uint64_t written;

	if (!self->disk)
		SKIP(return, "%s", "no block device");
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	ASSERT_EQ(0, policy_once(policy_vm_tiers, stat.id, BLOCK_TIER));
	ASSERT_EQ(0, policy_once(policy_tier_set_safe, BLOCK_TIER, 0));
	ASSERT_EQ(0, member_do(&self->vmm, 'w'));
	written = disk_written();
	ASSERT_NE(UINT64_MAX, written);
	EXPECT_EQ(0, reclaim_now(&self->cg));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(0, stat.swapped);
	EXPECT_EQ(0, stat.swapout_pages);
	EXPECT_EQ(written, disk_written());
	ASSERT_EQ(0, policy_once(policy_tier_set_safe, BLOCK_TIER, 1));
	EXPECT_EQ(0, reclaim_now(&self->cg));
	print_figures("reclaimed", &self->cg, self->fd);
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_LT(MIB, stat.swapped);
	EXPECT_LE(written + stat.swapout_pages * (PAGE / 512), disk_written());
	EXPECT_EQ(0, member_do(&self->vmm, 'r'));
	expect_nobody_killed();
}

#define LOST		"vslost"

/*
 * What goes with its device takes no memory: its tier is removed though the cgroup is full,
 * of what cannot leave, and nobody is killed for that.
 */
TEST_F(cgroup, lost_in_full_cgroup)
{
	struct vmswap_vm_stat stat;
	struct member other;
	char byte;
	int ret;

	ret = disk_make(LOST, 2 * VM_SIZE / MIB);
	if (ret == -ENODEV)
		SKIP(return, "%s", "no block device");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, policy_once(policy_tier_add_block, LOST, "/dev/" LOST, 0));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	ASSERT_EQ(0, policy_once(policy_vm_tiers, stat.id, LOST));
	ASSERT_EQ(0, member_do(&self->vmm, 'w'));
	ASSERT_EQ(0, evict(self->fd, 0, VM_SIZE));
	ASSERT_EQ(0, member_start(&other, &self->cg, self->fd, hog));
	ASSERT_EQ(0, member_do(&other, 'a'));
	ASSERT_EQ(0, disk_remove(LOST));
	/* Before 6.9 only who reads from it learns that it is gone. */
	EXPECT_EQ(-1, pread(self->fd, &byte, 1, 0));
	EXPECT_EQ(EIO, errno);
	/* Nor is there any charge left that the CPUs keep in stock. */
	ASSERT_EQ(0, cgroup_set(&self->cg, "memory.high", "0"));
	ASSERT_EQ(0, cgroup_set(&self->cg, "memory.high", "max"));
	ASSERT_EQ(0, cgroup_set_bytes(&self->cg, "memory.max", cgroup_current(&self->cg)));
	EXPECT_EQ(0, policy_once_tier_del(LOST));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	print_figures("lost", &self->cg, self->fd);
	EXPECT_EQ(0, stat.swapped);
	EXPECT_LT(VM_SIZE / 2, stat.poisoned);
	/* The one read. */
	EXPECT_EQ(1, stat.io_errors);
	EXPECT_EQ(0, member_do(&other, 's'));
	expect_nobody_killed();
	member_kill(&other);
}

/* Nobody lacks memory: a VM keeps its pages, whatever caches are dropped. */
TEST_F(cgroup, drop_caches)
{
	struct vmswap_vm_stat stat;
	int i;

	ASSERT_EQ(0, member_do(&self->vmm, 'w'));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, write_file("/proc/sys/vm/drop_caches", "3"));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(VM_SIZE, stat.resident);
	EXPECT_EQ(0, stat.swapout_pages);
}

/* --------------------------------------------------------------------- the end */

/* Killed at work, at its limit: nothing stays charged, the cgroup can go. */
TEST_F(cgroup, nothing_stays)
{
	int i;

	ASSERT_EQ(0, cgroup_set_bytes(&self->cg, "memory.max", SMALL));
	ASSERT_EQ(0, member_do(&self->vmm, 'w'));
	ASSERT_EQ(0, member_begin(&self->vmm, 'w'));
	usleep(100000);
	member_kill(&self->vmm);
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, unlink(path_in(&self->mnt, "vm")));
	for (i = 0; i < 500 && cgroup_current(&self->cg) > MIB; i++)
		usleep(10000);
	printf("# left: %llu KiB\n", (unsigned long long)cgroup_current(&self->cg) >> 10);
	EXPECT_GE(MIB, cgroup_current(&self->cg));
	EXPECT_EQ(0, cgroup_get(&self->cg, "memory.stat", "file"));
	EXPECT_EQ(0, cgroup_remove(&self->cg));
}

/* The file outlives the cgroup that pays for it. */
TEST_F(cgroup, file_outlives_cgroup)
{
	uint8_t *mem;

	ASSERT_EQ(0, cgroup_set_bytes(&self->parent, "memory.max", SMALL));
	ASSERT_EQ(0, member_do(&self->vmm, 'w'));
	member_kill(&self->vmm);
	ASSERT_EQ(0, cgroup_remove(&self->cg));
	mem = map_shared(self->fd, VM_SIZE);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(0, verify_pages(mem, false));
	EXPECT_EQ(0, write_pages(mem, false));
	EXPECT_EQ(0, verify_pages(mem, false));
	munmap(mem, VM_SIZE);
	EXPECT_GE(SMALL, cgroup_current(&self->parent));
	expect_nobody_killed();
}

VMSWAP_TEST_MAIN

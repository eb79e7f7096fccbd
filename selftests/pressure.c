// SPDX-License-Identifier: GPL-2.0
/*
 * pressure.c - the host runs out of memory: a VM without a limit, larger than the
 * host's memory, gives way, and nobody is killed.  For a test host of 1 GiB or less.
 * The devices that a test host can make are in its memory: tests of a block tier need
 * one of the machine's, DISK; SLOW is the same with writes that take long; WELL and
 * HUNG are its halves.
 */
#include <sys/prctl.h>
#include <sys/sysinfo.h>

#include "cgroup.h"
#include "dm.h"
#include "tracing.h"

#define MAX_RAM	(GIB + GIB / 4)
#define DISK		"/dev/vda"
#define DISK_SIZE	GIB
#define SLOW		"vmswap-slow"
#define SLOW_MS		500
/* Longer than the allocator tries before it kills, shorter than the notifier waits. */
#define VERY_SLOW_MS	1000
#define DISK_TIER	"disk0"
#define WELL		"vmswap-well"
#define HUNG		"vmswap-hung"
#define SCALE		"/proc/sys/vm/watermark_scale_factor"

static uint64_t ram_bytes(void)
{
	struct sysinfo info;

	sysinfo(&info);
	return (uint64_t)info.totalram * info.mem_unit;
}

/* A number of /proc/vmstat. */
static uint64_t vmstat(const char *key)
{
	char buf[16384], *line, *rest = buf;
	size_t len = strlen(key);

	if (file_read("/proc/vmstat", buf, sizeof(buf)) < 0)
		return UINT64_MAX;
	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, key, len) && line[len] == ' ')
			return strtoull(line + len, NULL, 10);
	return UINT64_MAX;
}

FIXTURE(pressure)
{
	struct test_mount mnt;
	uint64_t size, killed;
	char scale[16];
	uint8_t *mem;
	bool slow, halves;
	int fd;
};

FIXTURE_SETUP(pressure)
{
	if (ram_bytes() > MAX_RAM)
		SKIP(return, "%s", "the test host has too much memory");
	self->size = (ram_bytes() + ram_bytes() / 4) & -MIB;
	self->fd = mapped_open(&self->mnt, NULL, self->size, &self->mem);
	ASSERT_LE(0, self->fd);
	self->killed = vmstat("oom_kill");
	ASSERT_LT(0, file_read(SCALE, self->scale, sizeof(self->scale)));
}

FIXTURE_TEARDOWN(pressure)
{
	if (ram_bytes() > MAX_RAM)
		return;
	EXPECT_EQ(0, write_file(SCALE, self->scale));
	if (self->halves)
		EXPECT_TRUE(dm_resume(HUNG));
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, self->size));
	if (self->slow) {
		EXPECT_EQ(0, policy_once_tier_del(DISK_TIER));
		EXPECT_TRUE(dm_remove(SLOW));
	}
	if (self->halves) {
		EXPECT_EQ(0, policy_once_tier_del(WELL));
		EXPECT_EQ(0, policy_once_tier_del(HUNG));
		EXPECT_TRUE(dm_remove(WELL));
		EXPECT_TRUE(dm_remove(HUNG));
	}
}

static void write_pages(uint8_t *mem, size_t pages)
{
	write_class(mem, PAGE_COMPRESSIBLE, pages);
}

static size_t wrong_pages(const uint8_t *mem, size_t pages)
{
	return wrong_class(mem, PAGE_COMPRESSIBLE, pages);
}

static size_t percent_of_ram(unsigned int percent)
{
	return ram_bytes() / 100 * percent / PAGE * PAGE;
}

/* A process's own memory, all of it written. */
static uint8_t *hog_make(size_t size)
{
	uint8_t *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	size_t at;

	for (at = 0; mem != MAP_FAILED && at < size; at += PAGE)
		mem[at] = at / PAGE;
	return mem;
}

static bool hog_is_right(const uint8_t *mem, size_t size)
{
	size_t at;

	for (at = 0; at < size; at += PAGE)
		if (mem[at] != (uint8_t)(at / PAGE))
			return false;
	return true;
}

static void print_figures(int fd)
{
	struct vmswap_vm_stat s = {};

	vm_stat(fd, &s);
	printf("# size %llu MiB, resident %llu, swapped %llu, of RAM %llu\n",
	       (unsigned long long)(s.size / MIB), (unsigned long long)(s.resident / MIB),
	       (unsigned long long)(s.swapped / MIB), (unsigned long long)(ram_bytes() / MIB));
}

/* The faults of the VM itself are what takes the memory. */
TEST_F(pressure, larger_than_memory)
{
	size_t pages = self->size / PAGE;

	write_pages(self->mem, pages);
	print_figures(self->fd);
	EXPECT_EQ(0, wrong_pages(self->mem, pages));
	EXPECT_EQ(self->killed, vmstat("oom_kill"));
}

/* Somebody else takes it, in the kernel's own ways; the VM is idle. */
TEST_F(pressure, others_get_memory)
{
	size_t size = percent_of_ram(60), pages = size / PAGE;
	struct vmswap_vm_stat before, after;
	uint8_t *mem;

	write_pages(self->mem, pages);
	ASSERT_EQ(0, vm_stat(self->fd, &before));
	mem = hog_make(size);
	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, vm_stat(self->fd, &after));
	print_figures(self->fd);
	EXPECT_GT(before.resident, after.resident + size / 3);
	EXPECT_TRUE(hog_is_right(mem, size));
	munmap(mem, size);
	EXPECT_EQ(0, wrong_pages(self->mem, pages));
	EXPECT_EQ(self->killed, vmstat("oom_kill"));
}

static size_t swapped_pages(int fd, size_t first, size_t nr)
{
	size_t i, n = 0;

	for (i = first; i < first + nr; i++)
		n += is_swapped(fd, i * PAGE);
	return n;
}

/*
 * A page that does not compress frees nothing in a RAM tier, which would keep it as
 * it is: it stays where it is, and what does compress goes.
 */
TEST_F(pressure, incompressible_stays)
{
	size_t random = percent_of_ram(45), other = percent_of_ram(25), hog = percent_of_ram(40);
	size_t swapped[2];
	uint8_t *mem;

	write_class(self->mem, PAGE_RANDOM, random / PAGE);
	write_pages(self->mem + random, other / PAGE);
	mem = hog_make(hog);
	ASSERT_NE(MAP_FAILED, mem);
	print_figures(self->fd);
	swapped[0] = swapped_pages(self->fd, 0, random / PAGE);
	swapped[1] = swapped_pages(self->fd, random / PAGE, other / PAGE);
	printf("# swapped: %zu random pages of %zu, %zu others of %zu\n", swapped[0],
	       random / PAGE, swapped[1], other / PAGE);
	EXPECT_EQ(0, swapped[0]);
	EXPECT_LT(other / PAGE / 4, swapped[1]);
	EXPECT_TRUE(hog_is_right(mem, hog));
	munmap(mem, hog);
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_RANDOM, random / PAGE));
	EXPECT_EQ(self->killed, vmstat("oom_kill"));
}

/* ------------------------------------------------------------------ page cache */

static bool have_disk(void)
{
	int i;

	if (!run("modprobe virtio_blk"))
		return false;
	for (i = 0; i < 100 && access(DISK, F_OK); i++)
		usleep(10000);
	return !access(DISK, F_OK);
}

/* Reads as much of the disk as there is memory, and @step after each MiB. */
static bool read_disk(void (*step)(void *arg), void *arg)
{
	int fd = open(DISK, O_RDONLY);
	char *buf = malloc(MIB);
	uint64_t at;

	if (fd < 0 || !buf)
		return false;
	for (at = 0; at < ram_bytes() && pread(fd, buf, MIB, at) == MIB; at += MIB)
		step(arg);
	free(buf);
	close(fd);
	return at >= ram_bytes();
}

struct page_user {
	uint8_t *mem;
	int fd;
};

/* A fault of the VM, which adds a page and takes it away. */
static void use_page(void *arg)
{
	struct page_user *u = arg;

	*u->mem = 1;
	discard(u->fd, 0, PAGE);
}

/* Files that are read do not push an idle VM out. */
TEST_F(pressure, page_cache)
{
	struct page_user user = { .mem = self->mem, .fd = self->fd };
	size_t size = percent_of_ram(30);
	struct vmswap_vm_stat before, after;

	if (!have_disk())
		SKIP(return, "%s", "no " DISK);
	write_pages(self->mem, size / PAGE);
	ASSERT_EQ(0, discard(self->fd, 0, PAGE));
	ASSERT_EQ(0, vm_stat(self->fd, &before));
	ASSERT_TRUE(read_disk(use_page, &user));
	ASSERT_EQ(0, vm_stat(self->fd, &after));
	print_figures(self->fd);
	printf("# %llu pages went out\n",
	       (unsigned long long)(after.swapout_pages - before.swapout_pages));
	EXPECT_GT(size / PAGE / 10, after.swapout_pages - before.swapout_pages);
	EXPECT_LT(size / 10 * 9, after.resident);
}

/* ---------------------------------------------------------------- a slow device */

static int slow_tier_add(unsigned int ms)
{
	if (!have_disk() || !run("modprobe dm-delay") ||
	    !dm_make(SLOW, "0 %llu delay %s 0 0 %s 0 %u", DISK_SIZE / 512, DISK, DISK, ms))
		return -ENODEV;
	return policy_once(policy_tier_add_block, DISK_TIER, DM_DIR SLOW, 0);
}

/* Another process's memory, which grows step by step. */
struct hog {
	uint8_t *mem;
	size_t size;
};

#define HOG_STEP	(64 * PAGE)

static int hog_begin(struct hog *h)
{
	h->size = 0;
	h->mem = mmap(NULL, ram_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	return h->mem == MAP_FAILED ? -errno : 0;
}

static bool hog_grow(struct hog *h)
{
	if (h->size + HOG_STEP > ram_bytes())
		return false;
	memset(h->mem + h->size, 1, HOG_STEP);
	h->size += HOG_STEP;
	return true;
}

static void hog_end(struct hog *h)
{
	munmap(h->mem, ram_bytes());
}

/* Processes that take memory until they are ended, and that the kernel would kill first. */
#define HOGS	4

static pid_t hog_spawn(void)
{
	pid_t pid = fork();
	struct hog hog;

	if (pid)
		return pid;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || write_file("/proc/self/oom_score_adj", "1000") ||
	    hog_begin(&hog))
		_exit(1);
	while (hog_grow(&hog))
		;
	for (;;)
		pause();
}

static bool hogs_spawn(pid_t *pids)
{
	int i;

	for (i = 0; i < HOGS; i++)
		pids[i] = hog_spawn();
	for (i = 0; i < HOGS; i++)
		if (pids[i] < 0)
			return false;
	return true;
}

static bool hogs_live(pid_t *pids)
{
	int i;

	for (i = 0; i < HOGS; i++)
		if (waitpid(pids[i], NULL, WNOHANG)) {
			pids[i] = 0;
			return false;
		}
	return true;
}

static void hogs_end(const pid_t *pids)
{
	int i;

	for (i = 0; i < HOGS; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
	for (i = 0; i < HOGS; i++)
		if (pids[i] > 0)
			waitpid(pids[i], NULL, 0);
}

#define OOM_EVENT	"vmswap/vmswap_oom"
#define HELPED		3
#define HOG_SECONDS	30
#define DEVICE_KEEPS_UP	"this machine is so slow that the device keeps up"

struct notified {
	unsigned long calls, helped, pages;
};

static void take_notified(const char *line, void *arg)
{
	const char *freed = strstr(line, "freed=");
	struct notified *n = arg;
	unsigned long pages;

	if (!freed)
		return;
	pages = strtoul(freed + 6, NULL, 10);
	n->calls++;
	n->helped += pages > 0;
	n->pages += pages;
	printf("# %s", line);
}

/*
 * A process that has all its code in memory goes on when there is none left.  Returns where
 * the VM is mapped from now on, which alone is not locked.
 */
static uint8_t *lock_all_but(int fd, uint8_t *mem, size_t size)
{
	if (munmap(mem, size) || mlockall(MCL_CURRENT))
		return MAP_FAILED;
	return map_shared(fd, size);
}

/*
 * Memory is taken faster than the device takes pages, and nothing else can be had.  To look
 * at the trace takes some, too.  Returns whether all of them live to the end.
 */
static bool take_memory(void)
{
	double end = now_seconds() + HOG_SECONDS;
	pid_t pids[HOGS];
	bool live;

	live = hogs_spawn(pids);
	while (live && now_seconds() < end) {
		usleep(100000);
		live = hogs_live(pids);
	}
	hogs_end(pids);
	return live;
}

/*
 * The kernel would kill, and each of its last questions is answered.  A case in which it has
 * not asked, as it may on a slow machine, has not seen what it is there for, and is no pass.
 */
static void expect_nobody_killed(struct __test_metadata *_metadata, int fd, uint8_t *mem,
				 uint64_t killed)
{
	size_t size = percent_of_ram(50);
	struct notified n = {};

	write_class(mem, PAGE_RANDOM, size / PAGE);
	ASSERT_EQ(0, trace_begin(OOM_EVENT, NULL));
	EXPECT_TRUE(take_memory());
	munlockall();
	trace_end(OOM_EVENT);
	ASSERT_EQ(0, trace_lines(take_notified, &n));
	printf("# the notifier was called %lu times, helped %lu times, with %lu pages\n",
	       n.calls, n.helped, n.pages);
	print_figures(fd);
	EXPECT_EQ(n.calls, n.helped);
	EXPECT_EQ(killed, vmstat("oom_kill"));
	EXPECT_EQ(0, wrong_class(mem, PAGE_RANDOM, size / PAGE));
	if (n.helped < HELPED && _metadata->passed)
		SKIP(return, "%s", DEVICE_KEEPS_UP);
}

TEST_F_TIMEOUT(pressure, before_the_killer, 240)
{
	self->slow = !slow_tier_add(VERY_SLOW_MS);
	if (!self->slow)
		SKIP(return, "%s", "no " DISK " or no dm-delay");
	self->mem = lock_all_but(self->fd, self->mem, self->size);
	ASSERT_NE(MAP_FAILED, self->mem);
	expect_nobody_killed(_metadata, self->fd, self->mem, self->killed);
}

/* Another VM, asked while the first one's pages are written, has nothing. */
TEST_F_TIMEOUT(pressure, before_the_killer_two_vms, 240)
{
	uint8_t *mem;
	int fd;

	self->slow = !slow_tier_add(VERY_SLOW_MS);
	if (!self->slow)
		SKIP(return, "%s", "no " DISK " or no dm-delay");
	fd = file_make(&self->mnt, "locked", MIB);
	ASSERT_LE(0, fd);
	mem = map_shared(fd, MIB);
	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, mlock(mem, MIB));
	self->mem = lock_all_but(self->fd, self->mem, self->size);
	ASSERT_NE(MAP_FAILED, self->mem);
	expect_nobody_killed(_metadata, self->fd, self->mem, self->killed);
	munmap(mem, MIB);
	close(fd);
}

static void take_kswapd(const char *line, void *arg)
{
	unsigned long *runs = arg;

	*runs += strstr(line, "kswapd") && !strstr(line, "evicted=0");
}

/*
 * Pages that do not compress, in a cgroup that is full with them.  Whoever makes them
 * leaves it.
 */
static bool fill_cgroup(struct cgroup *cg, int fd, size_t size)
{
	static const struct cgroup root = { CGROUP_ROOT };
	uint8_t *mem;

	if (cgroup_make(cg, NULL, "full") || cgroup_enter(cg))
		return false;
	mem = map_shared(fd, size);
	if (mem == MAP_FAILED)
		return false;
	write_class(mem, PAGE_RANDOM, size / PAGE);
	munmap(mem, size);
	return !cgroup_enter(&root) &&
	       !cgroup_set_bytes(cg, "memory.max", cgroup_current(cg));
}

/*
 * The kernel reclaims for the host with each cgroup in turn, one that is full, too:
 * it does not wait for the VM's device, as the cgroup's own reclaim would.
 */
TEST_F(pressure, kswapd_waits_for_no_device)
{
	size_t size = percent_of_ram(40);
	struct vmswap_vm_stat stat;
	unsigned long runs = 0;
	struct cgroup cg;
	struct hog hog;
	int fd;

	self->slow = !slow_tier_add(SLOW_MS);
	if (!self->slow)
		SKIP(return, "%s", "no " DISK " or no dm-delay");
	fd = file_make(&self->mnt, "vm-in-cgroup", size);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(fill_cgroup(&cg, fd, size));
	ASSERT_EQ(0, hog_begin(&hog));
	ASSERT_EQ(0, trace_begin("vmswap/vmswap_evict", NULL));
	do {
		ASSERT_TRUE(hog_grow(&hog));
		ASSERT_EQ(0, vm_stat(fd, &stat));
	} while (stat.swapped < 4 * MIB);
	trace_end("vmswap/vmswap_evict");
	print_figures(fd);
	hog_end(&hog);
	ASSERT_EQ(0, trace_lines(take_kswapd, &runs));
	printf("# kswapd wrote %lu runs\n", runs);
	EXPECT_EQ(0, runs);
	EXPECT_EQ(self->killed, vmstat("oom_kill"));
	close(fd);
	ASSERT_EQ(0, unlink(path_in(&self->mnt, "vm-in-cgroup")));
	EXPECT_EQ(0, cgroup_remove(&cg));
}

/* ------------------------------------------------------------ nothing to be had */

struct duty {
	double began, end, first, busy;
	unsigned long rounds;
	char work[32];		/* its address, as the events have it */
};

/* "... 12.345678: workqueue_execute_start: work struct 0000...: function relieve_host [vmswap]" */
static double line_time(const char *line)
{
	const char *colon = strstr(line, ": workqueue_execute_");

	while (colon && colon > line && colon[-1] != ' ')
		colon--;
	return colon ? atof(colon) : 0;
}

static void take_duty(const char *line, void *arg)
{
	const char *work = strstr(line, "work struct ");
	struct duty *d = arg;

	if (!work)
		return;
	work += strlen("work struct ");
	if (strstr(line, "execute_start") && strstr(line, "relieve_host")) {
		d->began = line_time(line);
		d->first = d->first ?: d->began;
		snprintf(d->work, sizeof(d->work), "%.*s", (int)strcspn(work, ":\n"), work);
	} else if (d->began && strstr(line, "execute_end") &&
		   !strncmp(work, d->work, strlen(d->work))) {
		d->end = line_time(line);
		d->busy += d->end - d->began;
		d->began = 0;
		d->rounds++;
	}
}

static void use_page_for_a_second(struct page_user *user)
{
	int i;

	for (i = 0; i < 100; i++) {
		use_page(user);
		usleep(10000);
	}
}

/* No tier takes anything, and the host is short: the worker does not try all the time. */
TEST_F(pressure, worker_rests)
{
	struct page_user user = { .mem = self->mem, .fd = self->fd };
	size_t size = percent_of_ram(60);
	struct duty d = {};
	struct hog hog;
	int i;

	write_class(self->mem, PAGE_RANDOM, size / PAGE);
	/* The page that is used meanwhile could go. */
	ASSERT_EQ(0, mlock(self->mem, PAGE));
	/* The worker works while less than two fifths are free: far from the killer. */
	ASSERT_EQ(0, write_file(SCALE, "1000"));
	ASSERT_EQ(0, hog_begin(&hog));
	while (vmstat("nr_free_pages") > percent_of_ram(15) / PAGE)
		ASSERT_TRUE(hog_grow(&hog));
	ASSERT_EQ(0, trace_begin("workqueue/workqueue_execute_end", NULL));
	ASSERT_EQ(0, trace_begin("workqueue/workqueue_execute_start", NULL));
	for (i = 0; i < 40 && d.rounds < 4; i++) {
		use_page_for_a_second(&user);
		d = (struct duty){};
		ASSERT_EQ(0, trace_lines(take_duty, &d));
	}
	trace_end("workqueue/workqueue_execute_start");
	trace_end("workqueue/workqueue_execute_end");
	hog_end(&hog);
	printf("# the worker ran %lu times, %.3f s of %.3f\n", d.rounds, d.busy,
	       d.end - d.first);
	EXPECT_LT(2, d.rounds);
	EXPECT_GT((d.end - d.first) * 6 / 10, d.busy);
	EXPECT_EQ(self->killed, vmstat("oom_kill"));
}

/* --------------------------------------------------------- a device that hangs */

static int half_tier_add(const char *name, unsigned int half)
{
	char path[64];

	snprintf(path, sizeof(path), DM_DIR "%s", name);
	if (!dm_make(name, "0 %llu linear %s %llu", DISK_SIZE / 2 / 512, DISK,
		     half * DISK_SIZE / 2 / 512))
		return -ENODEV;
	return policy_once(policy_tier_add_block, name, path, 0);
}

/* Within a minute.  What is swapped now, in bytes. */
static uint64_t wait_for_swapped(int fd, uint64_t bytes, struct page_user *user)
{
	struct vmswap_vm_stat stat = {};
	int i;

	for (i = 0; i < 60 && !vm_stat(fd, &stat) && stat.swapped < bytes; i++)
		use_page_for_a_second(user);
	return stat.swapped;
}

/*
 * The device of one VM does not answer: others, on another device, give all the same.
 * The first is drawn nearly as often, so their part would not be had after it.
 */
TEST_F(pressure, hung_device_stops_one_vm)
{
	size_t hung = percent_of_ram(20) / PAGE, well = percent_of_ram(25) / PAGE;
	struct page_user user;
	struct hog hog;

	if (!have_disk())
		SKIP(return, "%s", "no " DISK);
	user.fd = file_make(&self->mnt, "well", (well + 1) * PAGE);
	ASSERT_LE(0, user.fd);
	user.mem = map_shared(user.fd, (well + 1) * PAGE);
	ASSERT_NE(MAP_FAILED, user.mem);
	ASSERT_EQ(0, half_tier_add(WELL, 0));
	ASSERT_EQ(0, half_tier_add(HUNG, 1));
	self->halves = true;
	ASSERT_EQ(0, vm_use_tier(self->fd, HUNG));
	ASSERT_EQ(0, vm_use_tier(user.fd, WELL));
	write_class(self->mem, PAGE_RANDOM, hung);
	write_class(user.mem + PAGE, PAGE_RANDOM, well);
	ASSERT_TRUE(dm_suspend(HUNG));
	/* The worker works while less than two fifths are free; kswapd does not yet. */
	ASSERT_EQ(0, write_file(SCALE, "1000"));
	ASSERT_EQ(0, hog_begin(&hog));
	while (vmstat("nr_free_pages") > percent_of_ram(25) / PAGE)
		ASSERT_TRUE(hog_grow(&hog));
	EXPECT_LE(32 * MIB, wait_for_swapped(user.fd, 32 * MIB, &user));
	print_figures(user.fd);
	EXPECT_EQ(0, wait_for_swapped(self->fd, 0, &user));
	hog_end(&hog);
	/* It was asked before: nobody needs memory now. */
	ASSERT_TRUE(dm_resume(HUNG));
	EXPECT_LT(0, wait_for_swapped(self->fd, 1, &user));
	print_figures(self->fd);
	EXPECT_EQ(0, wrong_class(self->mem, PAGE_RANDOM, hung));
	EXPECT_EQ(0, wrong_class(user.mem + PAGE, PAGE_RANDOM, well));
	EXPECT_EQ(self->killed, vmstat("oom_kill"));
	munmap(user.mem, (well + 1) * PAGE);
	close(user.fd);
}

VMSWAP_TEST_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * fault-nowait.c - a fault that must not wait does not reclaim memory, nor does it fail.
 *
 * KVM asks for a page of its guest with FAULT_FLAG_RETRY_NOWAIT first, and again without
 * when it gets none.  The kernel is told to refuse pages to this thread, but only where
 * reclaim is not allowed (fail_page_alloc, the debug kernel): the first time each page is
 * refused then, and the second time it is not.
 *
 * Nor does it wait for a request to a device that hangs, when all are in use and the kernel
 * refuses another one (failslab).
 */
#include <pthread.h>
#include <stdatomic.h>

#include "kvm.h"
#include "test-lib.h"

#define KNOBS		"/sys/kernel/debug/fail_page_alloc/"
#define LEAF		(512 * PAGE)	/* what one leaf of page words stands for */
#define SIZE		(2 * LEAF)
#define GUEST_BASE	(LEAF - PAGE)	/* the guest's first page has another leaf */
#define GUEST_SIZE	(64 * 1024)
#define FIRST		0x4000
#define SECOND		0x5000

/* mov al, 0x5a; mov [FIRST], al; mov [SECOND], al; hlt */
static const uint8_t code[] = { 0xb0, 0x5a, 0xa2, 0x00, 0x40, 0xa2, 0x00, 0x50, 0xf4 };

static int refuse(bool on)
{
	return write_file(KNOBS "probability", on ? "100" : "0") ?:
	       write_file("/proc/thread-self/make-it-fail", on ? "1" : "0");
}

static int knobs_set(void)
{
	return write_file(KNOBS "verbose", "0") ?: write_file(KNOBS "interval", "1") ?:
	       write_file(KNOBS "space", "0") ?: write_file(KNOBS "times", "1000000") ?:
	       write_file(KNOBS "min-order", "0") ?: write_file(KNOBS "task-filter", "Y") ?:
	       write_file(KNOBS "ignore-gfp-highmem", "N") ?:
	       write_file(KNOBS "ignore-gfp-wait", "Y");
}

FIXTURE(nowait)
{
	struct test_mount mnt;
	struct kvm_guest kvm;
	uint8_t *mem, *guest;
	int fd;
};

FIXTURE_SETUP(nowait)
{
	if (access(KNOBS, X_OK) || !kvm_usable())
		SKIP(return, "%s", "no /dev/kvm, or a kernel that refuses nothing");
	ASSERT_EQ(0, knobs_set());
	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
	self->fd = file_make(&self->mnt, "vm", SIZE);
	ASSERT_LE(0, self->fd);
	self->mem = map_shared(self->fd, SIZE);
	ASSERT_NE(MAP_FAILED, self->mem);
	self->guest = self->mem + GUEST_BASE;
	memcpy(self->guest, code, sizeof(code));
	ASSERT_EQ(0, kvm_guest_begin(&self->kvm, self->guest, GUEST_SIZE));
}

FIXTURE_TEARDOWN(nowait)
{
	refuse(false);
	kvm_guest_end(&self->kvm);
	munmap(self->mem, SIZE);
	close(self->fd);
	EXPECT_EQ(0, test_umount(&self->mnt));
}

static int run_refused(struct kvm_guest *guest)
{
	int ret = refuse(true) ?: kvm_guest_run(guest);

	return refuse(false) ?: ret;
}

/* The leaf is refused, with it the page; then the page alone. */
TEST_F(nowait, untouched)
{
	struct vmswap_vm_stat before, after;

	ASSERT_EQ(0, vm_stat(self->fd, &before));
	ASSERT_EQ(0, run_refused(&self->kvm));
	ASSERT_EQ(0, vm_stat(self->fd, &after));
	EXPECT_EQ(2, after.faults_async - before.faults_async);
	EXPECT_EQ(2, after.faults_zero - before.faults_zero);
	EXPECT_EQ(0x5a, self->guest[FIRST]);
	EXPECT_EQ(0x5a, self->guest[SECOND]);
}

TEST_F(nowait, swapped)
{
	struct vmswap_vm_stat before, after;

	page_make(self->guest + FIRST, PAGE_COMPRESSIBLE, 1);
	page_make(self->guest + SECOND, PAGE_COMPRESSIBLE, 2);
	ASSERT_TRUE(evict_page(self->fd, GUEST_BASE + FIRST));
	ASSERT_TRUE(evict_page(self->fd, GUEST_BASE + SECOND));
	ASSERT_EQ(0, vm_stat(self->fd, &before));
	ASSERT_EQ(0, run_refused(&self->kvm));
	ASSERT_EQ(0, vm_stat(self->fd, &after));
	EXPECT_EQ(2, after.faults_async - before.faults_async);
	EXPECT_EQ(2, after.faults_major - before.faults_major);
	EXPECT_EQ(0x5a, self->guest[FIRST]);
	page_make(self->mem, PAGE_COMPRESSIBLE, 1);
	EXPECT_EQ(0, memcmp(self->mem + 1, self->guest + FIRST + 1, PAGE - 1));
}

/* ------------------------------------------------------------ a device that hangs */

#define SLAB_KNOBS	"/sys/kernel/debug/failslab/"
#define DEVICE		"vmswap-held"
#define TIER		"held"
#define DEVICE_MAKE \
	"modprobe brd rd_nr=1 rd_size=16384 && " \
	"dmsetup create " DEVICE " --table '0 32768 linear /dev/ram0 0' && dmsetup mknodes"
#define DEVICE_REMOVE	"dmsetup remove --retry " DEVICE " && modprobe -r brd"
#define DEVICE_SUSPEND	"dmsetup suspend --noflush --nolockfs " DEVICE
/* Also when whoever is to say so hangs, too. */
#define DEVICE_RESUME	"timeout 120 cat >/dev/null; dmsetup resume " DEVICE

/*
 * Threads here are refused all slab objects.  That the page cache needs none, one of the 16
 * pages of each of its nodes (64 but with BASE_SMALL) stays in memory.
 */
#define STAYS(i)	((i) % 16 == 0)
/* Pages whose reads use up the requests. */
#define MANY_FIRST	128
#define MANY		256
/* Pages read in order: these two are missed, and the next ones read ahead. */
#define ORDER_FIRST	1
#define MISSED		2

/* hlt; mov al, 0x5a; mov [FIRST], al; hlt */
static const uint8_t held_code[] = { 0xf4, 0xb0, 0x5a, 0xa2, 0x00, 0x40, 0xf4 };

FIXTURE(held)
{
	struct test_mount mnt;
	struct vmswap_vm_stat before;
	struct kvm_guest kvm;
	FILE *resume;
	uint8_t *mem, *guest;
	int fd;
};

static bool run(const char *command)
{
	return !system(command);
}

static int slab_knobs_set(const char *probability)
{
	return write_file(SLAB_KNOBS "verbose", "0") ?: write_file(SLAB_KNOBS "interval", "1") ?:
	       write_file(SLAB_KNOBS "space", "0") ?: write_file(SLAB_KNOBS "times", "-1") ?:
	       write_file(SLAB_KNOBS "task-filter", "Y") ?:
	       write_file(SLAB_KNOBS "cache-filter", "N") ?:
	       write_file(SLAB_KNOBS "ignore-gfp-wait", "N") ?:
	       write_file(SLAB_KNOBS "probability", probability);
}

/* The ram tier takes none of them: they do not compress. */
static bool pages_leave(int fd)
{
	unsigned int i;

	for (i = 0; i < SIZE / PAGE; i++)
		if (!STAYS(i) && i != GUEST_BASE / PAGE && !evict_page(fd, i * PAGE))
			return false;
	return true;
}

FIXTURE_SETUP(held)
{
	if (access(SLAB_KNOBS, X_OK) || !kvm_usable())
		SKIP(return, "%s", "no /dev/kvm, or a kernel that refuses nothing");
	ASSERT_TRUE(run(DEVICE_MAKE));
	ASSERT_EQ(0, policy_once(policy_tier_add_block, TIER, "/dev/mapper/" DEVICE, 0));
	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
	self->fd = file_make(&self->mnt, "vm", SIZE);
	ASSERT_LE(0, self->fd);
	self->mem = map_shared(self->fd, SIZE);
	ASSERT_NE(MAP_FAILED, self->mem);
	fill_pages(self->mem, SIZE / PAGE);
	self->guest = self->mem + GUEST_BASE;
	memcpy(self->guest, held_code, sizeof(held_code));
	ASSERT_EQ(0, kvm_guest_begin(&self->kvm, self->guest, GUEST_SIZE));
	ASSERT_TRUE(pages_leave(self->fd));
	ASSERT_EQ(0, vm_stat(self->fd, &self->before));
	ASSERT_EQ(0, slab_knobs_set("100"));
}

/* While it is held a thread may wait with the lock of our mappings: nothing is mapped. */
static bool device_hold(FILE **resume)
{
	*resume = popen(DEVICE_RESUME, "w");
	return *resume && run(DEVICE_SUSPEND);
}

static bool device_release(FILE **resume)
{
	bool ok = !*resume || !pclose(*resume);

	*resume = NULL;
	return ok;
}

FIXTURE_TEARDOWN(held)
{
	device_release(&self->resume);
	slab_knobs_set("0");
	kvm_guest_end(&self->kvm);
	munmap(self->mem, SIZE);
	close(self->fd);
	EXPECT_EQ(0, test_umount(&self->mnt));
	EXPECT_EQ(0, policy_once_tier_del(TIER));
	EXPECT_TRUE(run(DEVICE_REMOVE));
}

/*
 * A thread that is refused slab objects.  Its own stack and text must not need any: what it
 * does then it has done before.
 */
struct refused {
	pthread_t thread;
	atomic_int tid;
	atomic_bool ended;
	int ret;
	int knob;
	int fd;
	uint8_t *mem, *end;
	struct kvm_guest *kvm;
};

static int refused_set(struct refused *r, bool on)
{
	return write(r->knob, on ? "1" : "0", 1) == 1 ? 0 : -errno;
}

static int refused_begin(struct refused *r)
{
	r->knob = open("/proc/thread-self/make-it-fail", O_WRONLY | O_CLOEXEC);
	atomic_store(&r->tid, gettid());
	return refused_set(r, false) ?: refused_set(r, true);
}

static void refused_end(struct refused *r)
{
	refused_set(r, false);
	close(r->knob);
	atomic_store(&r->ended, true);
}

/* Not by the ioctl, which would ask for memory first. */
static int will_need(int fd, unsigned int first, unsigned int n)
{
	return -posix_fadvise(fd, first * PAGE, n * PAGE, POSIX_FADV_WILLNEED);
}

static void *prefetch_many(void *arg)
{
	struct refused *r = arg;

	r->ret = will_need(r->fd, 0, 1) ?: refused_begin(r);
	if (!r->ret)
		r->ret = will_need(r->fd, MANY_FIRST, MANY);
	refused_end(r);
	return NULL;
}

static void *run_guest(void *arg)
{
	struct refused *r = arg;

	r->ret = kvm_guest_run(r->kvm) ?: refused_begin(r);
	if (!r->ret)
		r->ret = kvm_guest_run(r->kvm);
	refused_end(r);
	return NULL;
}

static void *touch_pages(void *arg)
{
	struct refused *r = arg;
	uint8_t *page;

	r->ret = refused_begin(r);
	for (page = r->mem; page < r->end; page += PAGE)
		*(volatile uint8_t *)page;
	refused_end(r);
	return NULL;
}

/* The kernel's function that it sleeps in. */
static bool sleeps_in(struct refused *r, const char *function)
{
	char path[64], name[64] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/wchan", atomic_load(&r->tid));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, name, sizeof(name) - 1) < 0)
		name[0] = 0;
	close(fd);
	return !strcmp(name, function);
}

/* It has come to where it waits for a request, or to its end: is it the former? */
static bool waits_for_a_request(struct refused *r)
{
	int i;

	for (i = 0; i < 2000 && !atomic_load(&r->ended); i++) {
		if (atomic_load(&r->tid) && sleeps_in(r, "mempool_alloc"))
			return true;
		usleep(10000);
	}
	return false;
}

static bool refused_start(struct refused *r, void *(*fn)(void *))
{
	return !pthread_create(&r->thread, NULL, fn, r);
}

static void expect_nothing_lost(struct __test_metadata *_metadata, int fd, const uint8_t *mem)
{
	struct vmswap_vm_stat stat;
	unsigned int i;

	for (i = 0; i < SIZE / PAGE; i++)
		if (i != GUEST_BASE / PAGE && i != (GUEST_BASE + FIRST) / PAGE)
			EXPECT_TRUE(page_is(mem + i * PAGE, PAGE_RANDOM, test_seed + i));
	EXPECT_EQ(0, vm_stat(fd, &stat));
	EXPECT_EQ(0, stat.poisoned);
	EXPECT_EQ(0, stat.io_errors);
	EXPECT_EQ(SIZE, stat_sum(&stat));
}

/* The fault that must not wait has ended; the one that KVM makes then waits. */
TEST_F(held, fault)
{
	struct refused many = { .fd = self->fd }, guest = { .kvm = &self->kvm };
	struct vmswap_vm_stat held;
	bool used_up, waits;
	uint8_t want[PAGE];

	ASSERT_TRUE(device_hold(&self->resume));
	ASSERT_TRUE(refused_start(&many, prefetch_many));
	used_up = waits_for_a_request(&many);
	ASSERT_TRUE(refused_start(&guest, run_guest));
	waits = waits_for_a_request(&guest);
	ASSERT_EQ(0, vm_stat(self->fd, &held));
	ASSERT_TRUE(device_release(&self->resume));
	ASSERT_EQ(0, pthread_join(many.thread, NULL));
	ASSERT_EQ(0, pthread_join(guest.thread, NULL));
	EXPECT_TRUE(used_up);
	EXPECT_TRUE(waits);
	EXPECT_EQ(1, held.faults_async - self->before.faults_async);
	EXPECT_EQ(0, many.ret);
	EXPECT_EQ(0, guest.ret);
	page_make(want, PAGE_RANDOM, test_seed + (GUEST_BASE + FIRST) / PAGE);
	want[0] = 0x5a;
	EXPECT_EQ(0, memcmp(want, self->guest + FIRST, PAGE));
	expect_nothing_lost(_metadata, self->fd, self->mem);
}

/* Pages are missed, and behind them others read ahead: the first of those, and their end. */
static void miss_pages(int fd, uint8_t *mem, struct refused *ahead)
{
	unsigned int i;

	for (i = 0; i < MISSED; i++)
		*(volatile uint8_t *)(mem + (ORDER_FIRST + i) * PAGE);
	ahead->mem = mem + (ORDER_FIRST + MISSED) * PAGE;
	for (ahead->end = ahead->mem; is_resident(fd, ahead->end - mem); ahead->end += PAGE)
		;
}

/* Nor does one of a page that is there wait for those that are to be read ahead of it. */
TEST_F(held, ahead)
{
	struct refused many = { .fd = self->fd }, touch = {};
	bool used_up, ended;

	miss_pages(self->fd, self->mem, &touch);
	ASSERT_LT(touch.mem, touch.end);
	ASSERT_TRUE(device_hold(&self->resume));
	ASSERT_TRUE(refused_start(&many, prefetch_many));
	used_up = waits_for_a_request(&many);
	ASSERT_TRUE(refused_start(&touch, touch_pages));
	waits_for_a_request(&touch);
	ended = atomic_load(&touch.ended);
	ASSERT_TRUE(device_release(&self->resume));
	ASSERT_EQ(0, pthread_join(many.thread, NULL));
	ASSERT_EQ(0, pthread_join(touch.thread, NULL));
	EXPECT_TRUE(used_up);
	EXPECT_TRUE(ended);
	EXPECT_EQ(0, many.ret);
	EXPECT_EQ(0, touch.ret);
	expect_nothing_lost(_metadata, self->fd, self->mem);
}

VMSWAP_TEST_MAIN

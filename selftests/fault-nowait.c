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
 * refuses another one (failslab); nor for room in the queue of a device that is busy.
 *
 * One that may wait, and is refused all pages, fails: alone, and it can be tried again.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "disk.h"
#include "dm.h"
#include "kvm.h"
#include "test-lib.h"

#define KNOBS		"/sys/kernel/debug/fail_page_alloc/"
#define LEAF		(512 * PAGE)	/* what one leaf of page words stands for */
#define SIZE		(2 * LEAF)
#define GUEST_BASE	(LEAF - PAGE)	/* the guest's first page has another leaf */
#define GUEST_SIZE	(64 * 1024)
#define FIRST		0x4000
#define SECOND		0x5000

static const uint8_t code[] = {
	X86_SET_AL(0x5a), X86_STORE_AL(FIRST), X86_STORE_AL(SECOND), X86_HLT,
};

/* Stays open: who is refused memory may not be able to open it. */
static int probability;

static int set_probability(const char *text)
{
	return write(probability, text, strlen(text)) < 0 ? -errno : 0;
}

static int refuse(bool on)
{
	if (on)
		return write_file("/proc/thread-self/make-it-fail", "1") ?:
		       set_probability("100");
	return set_probability("0") ?: write_file("/proc/thread-self/make-it-fail", "0");
}

static int knobs_set(void)
{
	probability = open(KNOBS "probability", O_WRONLY | O_CLOEXEC);
	if (probability < 0)
		return -errno;
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
	self->fd = mapped_open(&self->mnt, NULL, SIZE, &self->mem);
	ASSERT_LE(0, self->fd);
	self->guest = self->mem + GUEST_BASE;
	memcpy(self->guest, code, sizeof(code));
	ASSERT_EQ(0, kvm_guest_begin(&self->kvm, self->guest, GUEST_SIZE));
}

FIXTURE_TEARDOWN(nowait)
{
	refuse(false);
	kvm_guest_end(&self->kvm);
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, SIZE));
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

/* ------------------------------------------------------------ no memory for anybody */

#define REFUSED		(GUEST_BASE + FIRST)

static const uint8_t reads_code[] = { X86_HLT, X86_LOAD_AL(FIRST), X86_HLT };

/* A page in the tier, and a guest that is about to read it. */
FIXTURE(refused)
{
	struct test_mount mnt;
	struct kvm_guest kvm;
	uint8_t *mem, *guest;
	int fd;
};

FIXTURE_SETUP(refused)
{
	if (access(KNOBS, X_OK) || !kvm_usable())
		SKIP(return, "%s", "no /dev/kvm, or a kernel that refuses nothing");
	ASSERT_EQ(0, knobs_set() ?: write_file(KNOBS "ignore-gfp-wait", "N"));
	self->fd = mapped_open(&self->mnt, NULL, SIZE, &self->mem);
	ASSERT_LE(0, self->fd);
	self->guest = self->mem + GUEST_BASE;
	memcpy(self->guest, reads_code, sizeof(reads_code));
	page_make(self->mem + REFUSED, PAGE_COMPRESSIBLE, 0x5a);
	ASSERT_EQ(0, kvm_guest_begin(&self->kvm, self->guest, GUEST_SIZE));
	/* What KVM itself keeps for page tables it has then. */
	ASSERT_EQ(0, kvm_guest_run(&self->kvm));
	ASSERT_TRUE(evict_page(self->fd, REFUSED));
	/* What stops it is in memory then. */
	ASSERT_EQ(0, refuse(false));
}

FIXTURE_TEARDOWN(refused)
{
	refuse(false);
	kvm_guest_end(&self->kvm);
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, SIZE));
}

static bool is_untouched(int fd)
{
	struct vmswap_vm_stat stat;

	return is_swapped(fd, REFUSED) && !vm_stat(fd, &stat) && !stat.poisoned &&
	       stat_sum(&stat) == SIZE;
}

struct calls {
	ssize_t got, put;
	int get_err, put_err;
};

/* Reads a page, and writes the guest's first one from another. */
static struct calls do_calls(int fd, uint8_t *page, uint64_t offset, const uint8_t *from)
{
	struct calls c;

	c.got = pread(fd, page, PAGE, offset);
	c.get_err = errno;
	c.put = pwrite(fd, from, PAGE, GUEST_BASE);
	c.put_err = errno;
	return c;
}

TEST_F(refused, call_fails)
{
	uint8_t page[PAGE] = "";
	struct calls c;

	/* Code of ours that is not in memory would have to wait until refusing ends. */
	c = do_calls(self->fd, page, GUEST_BASE, self->guest);
	ASSERT_EQ(PAGE, c.got);
	ASSERT_EQ(PAGE, c.put);
	ASSERT_TRUE(is_swapped(self->fd, REFUSED));
	ASSERT_EQ(0, refuse(true));
	c = do_calls(self->fd, page, REFUSED, self->mem + REFUSED);
	ASSERT_EQ(0, refuse(false));
	EXPECT_EQ(-1, c.got);
	EXPECT_EQ(ENOMEM, c.get_err);
	EXPECT_EQ(-1, c.put);
	EXPECT_EQ(EFAULT, c.put_err);
	EXPECT_TRUE(is_untouched(self->fd));
	EXPECT_EQ(0, memcmp(self->guest, reads_code, sizeof(reads_code)));
	ASSERT_EQ(PAGE, pread(self->fd, page, PAGE, REFUSED));
	EXPECT_TRUE(page_is(page, PAGE_COMPRESSIBLE, 0x5a));
}

TEST_F(refused, guest_stops)
{
	EXPECT_EQ(-EFAULT, run_refused(&self->kvm));
	EXPECT_TRUE(is_untouched(self->fd));
	EXPECT_EQ(0, kvm_guest_run(&self->kvm));
	EXPECT_EQ(0x5a, kvm_guest_al(&self->kvm));
	EXPECT_TRUE(page_is(self->mem + REFUSED, PAGE_COMPRESSIBLE, 0x5a));
}

struct refused_touch {
	uint8_t *page;
	atomic_bool begun, ended;
	int ret;
};

static void *touch_refused(void *arg)
{
	struct refused_touch *t = arg;

	t->ret = refuse(true);
	atomic_store(&t->begun, true);
	*(volatile uint8_t *)t->page;
	atomic_store(&t->ended, true);
	return NULL;
}

/* It comes again and again, until it is refused no more; no signal ends it. */
TEST_F(refused, thread_comes_again)
{
	struct refused_touch touch = { .page = self->mem + REFUSED };
	pthread_t thread;
	bool ended;

	ASSERT_EQ(0, pthread_create(&thread, NULL, touch_refused, &touch));
	while (!atomic_load(&touch.begun))
		usleep(1000);
	usleep(500000);
	ended = atomic_load(&touch.ended);
	EXPECT_TRUE(is_untouched(self->fd));
	ASSERT_EQ(0, refuse(false));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_FALSE(ended);
	EXPECT_EQ(0, touch.ret);
	EXPECT_TRUE(page_is(self->mem + REFUSED, PAGE_COMPRESSIBLE, 0x5a));
}

/* ------------------------------------------------------------ a device that hangs */

#define SLAB_KNOBS	"/sys/kernel/debug/failslab/"
#define DEVICE		"vmswap-held"
#define TIER		"held"
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

static const uint8_t held_code[] = {
	X86_HLT, X86_SET_AL(0x5a), X86_STORE_AL(FIRST), X86_HLT,
};

FIXTURE(held)
{
	struct test_mount mnt;
	struct vmswap_vm_stat before;
	struct kvm_guest kvm;
	FILE *resume;
	uint8_t *mem, *guest;
	int fd;
};

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
	ASSERT_TRUE(brd_make() && dm_make(DEVICE, "0 %d linear %s 0", BRD_SECTORS, BRD));
	ASSERT_EQ(0, policy_once(policy_tier_add_block, TIER, DM_DIR DEVICE, 0));
	self->fd = mapped_open(&self->mnt, NULL, SIZE, &self->mem);
	ASSERT_LE(0, self->fd);
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
	return *resume && dm_suspend(DEVICE);
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
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, SIZE));
	EXPECT_EQ(0, policy_once_tier_del(TIER));
	EXPECT_TRUE(dm_remove(DEVICE) && brd_remove());
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

/* Does the thread, once it is there, sleep in that function of the kernel? */
static bool sleeps_in(const atomic_int *tid, const char *function)
{
	char path[64], name[64] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/wchan", atomic_load(tid));
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
		if (sleeps_in(&r->tid, "mempool_alloc"))
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

/* -------------------------------------------------- a device whose queue is full */

#define BUSY		"shallow"
#define BUSY_TIER	"busy"
#define BUSY_MIB	16
#define BUSY_NS		"500000000"
#define ABOVE		"above-shallow"
#define READERS		3

FIXTURE(busy)
{
	struct test_mount mnt;
	struct kvm_guest kvm;
	pthread_t readers[READERS];
	uint8_t *mem;
	int fd;
};

/* The tier is on the device, or on another one that is made of it and cannot say no. */
FIXTURE_VARIANT(busy)
{
	bool stacked;
};

FIXTURE_VARIANT_ADD(busy, itself)
{
	.stacked = false,
};

FIXTURE_VARIANT_ADD(busy, stacked)
{
	.stacked = true,
};

FIXTURE_SETUP(busy)
{
	if (!kvm_usable())
		SKIP(return, "%s", "no /dev/kvm");
	ASSERT_EQ(0, disk_make_shallow(BUSY, BUSY_MIB, BUSY_NS, "1"));
	if (variant->stacked)
		ASSERT_TRUE(dm_make(ABOVE, "0 %u delay /dev/" BUSY " 0 0", BUSY_MIB * 2048));
	ASSERT_EQ(0, policy_once(policy_tier_add_block, BUSY_TIER,
				 variant->stacked ? DM_DIR ABOVE : "/dev/" BUSY, 0));
	self->fd = mapped_open(&self->mnt, NULL, GUEST_SIZE, &self->mem);
	ASSERT_LE(0, self->fd);
	memcpy(self->mem, code, sizeof(code));
	page_make(self->mem + FIRST, PAGE_RANDOM, 1);
	page_make(self->mem + SECOND, PAGE_RANDOM, 2);
	ASSERT_EQ(0, kvm_guest_begin(&self->kvm, self->mem, GUEST_SIZE));
	ASSERT_TRUE(evict_page(self->fd, FIRST));
	ASSERT_TRUE(evict_page(self->fd, SECOND));
}

FIXTURE_TEARDOWN(busy)
{
	kvm_guest_end(&self->kvm);
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, GUEST_SIZE));
	EXPECT_EQ(0, policy_once_tier_del(BUSY_TIER));
	if (variant->stacked)
		EXPECT_TRUE(dm_remove(ABOVE));
	EXPECT_EQ(0, disk_remove(BUSY));
}

static atomic_bool readers_end;
static atomic_int reader, nr_reads;

/* With others of its kind it leaves no room in the device's queue. */
static void *read_disk(void *unused)
{
	static __thread uint8_t page[PAGE] __attribute__((aligned(PAGE)));
	int fd = open("/dev/" BUSY, O_RDONLY | O_DIRECT | O_CLOEXEC);

	atomic_store(&reader, gettid());
	while (fd >= 0 && !atomic_load(&readers_end)) {
		if (pread(fd, page, PAGE, 8 * MIB) != PAGE)
			break;
		atomic_fetch_add(&nr_reads, 1);
	}
	close(fd);
	return unused;
}

struct vcpu {
	struct kvm_guest *kvm;
	atomic_int tid;
	atomic_bool ended;
	int ret;
};

static void *run_vcpu(void *arg)
{
	struct vcpu *v = arg;

	atomic_store(&v->tid, gettid());
	v->ret = kvm_guest_run(v->kvm);
	atomic_store(&v->ended, true);
	return NULL;
}

/* It is a worker who waits. */
TEST_F(busy, queue)
{
	struct vcpu vcpu = { .kvm = &self->kvm };
	struct vmswap_vm_stat stat;
	unsigned int i, waited = 0;
	pthread_t thread;

	for (i = 0; i < READERS; i++)
		ASSERT_EQ(0, pthread_create(&self->readers[i], NULL, read_disk, NULL));
	for (i = 0; i < 5000 && !sleeps_in(&reader, "blk_mq_get_tag"); i++)
		usleep(1000);
	ASSERT_GT(5000, i);
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_vcpu, &vcpu));
	while (!atomic_load(&vcpu.ended)) {
		waited += sleeps_in(&vcpu.tid, "blk_mq_get_tag");
		usleep(1000);
	}
	atomic_store(&readers_end, true);
	pthread_join(thread, NULL);
	for (i = 0; i < READERS; i++)
		pthread_join(self->readers[i], NULL);
	printf("# the vCPU was seen %u times waiting for the device's queue\n", waited);
	EXPECT_EQ(0, vcpu.ret);
	EXPECT_EQ(0, waited);
	EXPECT_LT(READERS, atomic_load(&nr_reads));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(0, stat.io_errors);
	EXPECT_EQ(2, stat.faults_async);
	EXPECT_EQ(0x5a, self->mem[FIRST]);
	EXPECT_EQ(0x5a, self->mem[SECOND]);
}

VMSWAP_TEST_MAIN

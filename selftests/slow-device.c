// SPDX-License-Identifier: GPL-2.0
/* slow-device.c - who waits for slow I/O, and who does not.  Needs dm-delay. */
#define TEST_NO_TIER
#include <linux/falloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "dm.h"
#include "kvm.h"
#include "test-lib.h"
#include "policy.h"

#define FILE_PAGES	64
#define FILE_SIZE	(FILE_PAGES * PAGE)
#define DELAY_MS	4000
#define TIER		"slow"
#define DEVICE		"vmswap-slow"

static bool device_make(unsigned int read_ms, unsigned int write_ms)
{
	return run("modprobe dm-delay") && brd_make() &&
	       dm_make(DEVICE, "0 %d delay %s 0 %u %s 0 %u", BRD_SECTORS, BRD, read_ms, BRD,
		       write_ms);
}

/* What all fixtures have: a file in memory, all of it, whose only tier is the device. */
struct slow_vm {
	struct test_mount mnt;
	int fd;
	uint8_t *mem;
};

static int slow_vm_open(struct slow_vm *vm)
{
	unsigned int i;
	int ret = policy_once(policy_tier_add_block, TIER, DM_DIR DEVICE, 0);

	if (ret)
		return ret;
	vm->fd = mapped_open(&vm->mnt, NULL, FILE_SIZE, &vm->mem);
	if (vm->fd < 0)
		return vm->fd;
	for (i = 0; i < FILE_PAGES; i++)
		page_make(vm->mem + i * PAGE, PAGE_RANDOM, i);
	return 0;
}

static int slow_vm_close(struct slow_vm *vm)
{
	int ret = mapped_close(&vm->mnt, vm->fd, vm->mem, FILE_SIZE);

	/* Each is tried, whatever became of the one before. */
	ret = policy_once_tier_del(TIER) ?: ret;
	return dm_remove(DEVICE) && brd_remove() ? ret : -EBUSY;
}

FIXTURE(slow)
{
	struct slow_vm vm;
	pthread_t reader;
};

FIXTURE_SETUP(slow)
{
	if (!device_make(DELAY_MS, 0))
		SKIP(return, "%s", "no dm-delay");
	ASSERT_EQ(0, slow_vm_open(&self->vm));
	ASSERT_TRUE(evict_page(self->vm.fd, 0));
}

FIXTURE_TEARDOWN(slow)
{
	EXPECT_EQ(0, slow_vm_close(&self->vm));
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *read_page(void *mem)
{
	return (void *)(uintptr_t)*(volatile uint8_t *)mem;
}

/* The first page is being read when this returns. */
static bool start_reader(pthread_t *reader, void *mem)
{
	if (pthread_create(reader, NULL, read_page, mem))
		return false;
	usleep(DELAY_MS * 1000 / 8);
	return true;
}

/* Others touch new pages, discard elsewhere, and evict meanwhile. */
TEST_F(slow, others_go_on)
{
	long start;

	ASSERT_TRUE(start_reader(&self->reader, self->vm.mem));
	start = now_ms();
	ASSERT_EQ(0, fallocate(self->vm.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       8 * PAGE, 8 * PAGE));
	self->vm.mem[8 * PAGE] = 1;
	ASSERT_EQ(0, discard(self->vm.fd, 16 * PAGE, 8 * PAGE));
	EXPECT_GT(DELAY_MS / 2, now_ms() - start);
	ASSERT_EQ(0, pthread_join(self->reader, NULL));
	EXPECT_TRUE(page_is(self->vm.mem, PAGE_RANDOM, 0));
}

/* So do they while somebody discards the very page: it is waited for without a lock. */
TEST_F(slow, discard_can_be_killed)
{
	long start;
	int status;
	pid_t pid;

	ASSERT_TRUE(start_reader(&self->reader, self->vm.mem));
	start = now_ms();
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(fallocate(self->vm.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				PAGE) ? 1 : 0);
	usleep(DELAY_MS * 1000 / 16);
	ASSERT_EQ(0, fallocate(self->vm.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       8 * PAGE, 8 * PAGE));
	self->vm.mem[8 * PAGE] = 1;
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_GT(DELAY_MS * 3 / 4, now_ms() - start);
	ASSERT_EQ(0, pthread_join(self->reader, NULL));
	EXPECT_TRUE(page_is(self->vm.mem, PAGE_RANDOM, 0));
}

static void *discard_two(void *arg)
{
	struct { int fd, ret; } *a = arg;

	a->ret = discard(a->fd, 0, 2 * PAGE);
	return NULL;
}

/*
 * A discard that has waited for one read finds the next: of the page before, which
 * it has passed.  It waits for that without a lock, too.
 */
TEST_F(slow, discard_looks_again)
{
	struct { int fd, ret; } arg = { self->vm.fd, -1 };
	pthread_t first, discarder;
	long start = now_ms();

	ASSERT_EQ(0, discard(self->vm.fd, 8 * PAGE, 8 * PAGE));
	ASSERT_TRUE(evict_page(self->vm.fd, PAGE));
	ASSERT_TRUE(start_reader(&first, self->vm.mem + PAGE));
	ASSERT_EQ(0, pthread_create(&discarder, NULL, discard_two, &arg));
	usleep(DELAY_MS * 1000 / 2);
	ASSERT_TRUE(start_reader(&self->reader, self->vm.mem));
	ASSERT_EQ(0, pthread_join(first, NULL));
	usleep(DELAY_MS * 1000 / 16);
	self->vm.mem[8 * PAGE] = 1;
	EXPECT_GT(DELAY_MS * 11 / 8, now_ms() - start);
	ASSERT_EQ(0, pthread_join(self->reader, NULL));
	ASSERT_EQ(0, pthread_join(discarder, NULL));
	EXPECT_EQ(0, arg.ret);
	EXPECT_TRUE(is_zero(self->vm.mem, 2 * PAGE));
}

static void *map_late(void *fd)
{
	usleep(DELAY_MS * 1000 / 4);
	return map_shared(*(int *)fd, FILE_SIZE);
}

/* While the page that is to be cut is read the file is mapped: it is not cut, then. */
TEST_F(slow, refused_cut_keeps_bytes)
{
	pthread_t mapper;
	void *mem;

	ASSERT_EQ(0, munmap(self->vm.mem, FILE_SIZE));
	ASSERT_EQ(0, pthread_create(&mapper, NULL, map_late, &self->vm.fd));
	EXPECT_EQ(-1, ftruncate(self->vm.fd, 100));
	EXPECT_EQ(ETXTBSY, errno);
	ASSERT_EQ(0, pthread_join(mapper, &mem));
	ASSERT_NE(MAP_FAILED, mem);
	self->vm.mem = mem;
	EXPECT_TRUE(page_is(self->vm.mem, PAGE_RANDOM, 0));
	/* Once it may be, it is: of the page nothing but its start is left. */
	ASSERT_EQ(0, munmap(self->vm.mem, FILE_SIZE));
	ASSERT_EQ(0, ftruncate(self->vm.fd, 100));
	ASSERT_EQ(0, ftruncate(self->vm.fd, FILE_SIZE));
	self->vm.mem = map_shared(self->vm.fd, FILE_SIZE);
	ASSERT_NE(MAP_FAILED, self->vm.mem);
	EXPECT_FALSE(is_zero(self->vm.mem, 100));
	EXPECT_TRUE(is_zero(self->vm.mem + 100, FILE_SIZE - 100));
}

static volatile long alarm_ms;

static void on_alarm(int sig)
{
	alarm_ms = now_ms();
}

/* A signal is taken while the page is being read, not after it. */
TEST_F(slow, signals_are_taken)
{
	struct itimerval timer = { .it_value.tv_usec = 300000 };
	struct sigaction act = { .sa_handler = on_alarm };
	long start = now_ms();

	ASSERT_EQ(0, sigaction(SIGALRM, &act, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
	EXPECT_TRUE(page_is(self->vm.mem, PAGE_RANDOM, 0));
	EXPECT_LE(DELAY_MS - 100, now_ms() - start);
	ASSERT_NE(0, alarm_ms);
	EXPECT_GT(DELAY_MS / 2, alarm_ms - start);
}

#define GUEST_AT	(4 * PAGE)

static const uint8_t reads_page[] = { X86_LOAD_AL(GUEST_AT), X86_HLT };

/*
 * So does a virtual CPU, from 6.2 on: KVM_RUN ends early, and begun again waits for the rest.
 * KVM of older kernels waits killably.  The guest has no interrupt controller, and so none of
 * KVM's asynchronous page faults: its CPU itself waits.
 */
TEST_F(slow, signals_are_taken_in_a_guest)
{
	struct itimerval timer = { .it_value.tv_usec = 300000 };
	struct sigaction act = { .sa_handler = on_alarm };
	uint8_t *guest = self->vm.mem + PAGE;
	struct kvm_guest g;
	long start, ended;
	uint8_t byte;

	if (!kvm_usable())
		SKIP(return, "%s", "no /dev/kvm");
	memcpy(guest, reads_page, sizeof(reads_page));
	byte = guest[GUEST_AT];
	ASSERT_TRUE(evict_page(self->vm.fd, PAGE + GUEST_AT));
	ASSERT_EQ(0, kvm_guest_begin(&g, guest, FILE_SIZE - PAGE));
	ASSERT_EQ(0, sigaction(SIGALRM, &act, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
	start = now_ms();
	EXPECT_EQ(-EINTR, kvm_guest_run(&g));
	ended = now_ms() - start;
	ASSERT_NE(0, alarm_ms);
	if (kernel_is_at_least(6, 2)) {
		EXPECT_GT(DELAY_MS / 2, ended);
	} else {
		EXPECT_LE(DELAY_MS - 100, ended);
	}
	/* Nothing went wrong with the page, nor with the guest. */
	EXPECT_EQ(0, kvm_guest_run(&g));
	EXPECT_LE(DELAY_MS - 100, now_ms() - start);
	EXPECT_EQ(byte, kvm_guest_al(&g));
	kvm_guest_end(&g);
}

static bool read_stalls(unsigned long long *us)
{
	FILE *f = fopen("/proc/pressure/memory", "r");
	bool ok = f && fscanf(f, "some avg10=%*f avg60=%*f avg300=%*f total=%llu", us) == 1;

	if (f)
		fclose(f);
	return ok;
}

/* A task that waits for its memory is stalled. */
TEST_F(slow, pressure_shows)
{
	unsigned long long before, after;

	if (!read_stalls(&before))
		SKIP(return, "%s", "kernel without psi=1");
	EXPECT_TRUE(page_is(self->vm.mem, PAGE_RANDOM, 0));
	ASSERT_TRUE(read_stalls(&after));
	EXPECT_LE(DELAY_MS * 1000 / 2, after - before);
}

/* -------------------------------------------------- reads that follow one another */

#define READ_MS		500
#define READERS		8
/* Of each page a read begins so often, of one page after the other. */
#define PERIOD_MS	600

FIXTURE(reading)
{
	struct slow_vm vm;
};

struct reader {
	const bool *stop;
	int fd;
	uint8_t *mem;
	uint64_t offset;
	long next_ms;
};

/*
 * Reads its page from the device again and again, at times of its own: reads that a
 * busy machine lets end together do not begin together again.
 */
static void *keep_reading(void *arg)
{
	struct reader *r = arg;
	long late;

	while (!__atomic_load_n(r->stop, __ATOMIC_RELAXED)) {
		late = now_ms() - r->next_ms;
		if (late < 0)
			usleep(-late * 1000);
		r->next_ms += (late < 0 ? 1 : late / PERIOD_MS + 1) * PERIOD_MS;
		read_page(r->mem + r->offset);
		evict(r->fd, r->offset, PAGE);
	}
	return NULL;
}

FIXTURE_SETUP(reading)
{
	unsigned int i;

	if (!device_make(READ_MS, 0))
		SKIP(return, "%s", "no dm-delay");
	ASSERT_EQ(0, slow_vm_open(&self->vm));
	for (i = 0; i < READERS; i++)
		ASSERT_TRUE(evict_page(self->vm.fd, i * FILE_SIZE / READERS));
}

FIXTURE_TEARDOWN(reading)
{
	EXPECT_EQ(0, slow_vm_close(&self->vm));
}

struct discarder {
	int fd;
	bool punch;
	int ret;
	bool ended;
};

static void *discard_all(void *arg)
{
	struct discarder *d = arg;

	if (d->punch)
		d->ret = fallocate(d->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				   FILE_SIZE);
	else
		d->ret = discard(d->fd, 0, FILE_SIZE);
	__atomic_store_n(&d->ended, true, __ATOMIC_RELEASE);
	return NULL;
}

/* At any time some page is being read.  Returns whether it ended in half a minute. */
static bool ends_while_read(int fd, uint8_t *mem, bool punch)
{
	struct discarder d = { .fd = fd, .punch = punch, .ret = -1 };
	pthread_t readers[READERS], discarder;
	bool ended = false, stop = false;
	struct reader r[READERS];
	unsigned int i;

	for (i = 0; i < READERS; i++) {
		r[i] = (struct reader){ &stop, fd, mem, i * FILE_SIZE / READERS,
					now_ms() + i * PERIOD_MS / READERS };
		if (pthread_create(&readers[i], NULL, keep_reading, &r[i]))
			abort();
	}
	usleep(2 * PERIOD_MS * 1000);
	if (pthread_create(&discarder, NULL, discard_all, &d))
		abort();
	for (i = 0; i < 300 && !ended; i++) {
		usleep(100000);
		ended = __atomic_load_n(&d.ended, __ATOMIC_ACQUIRE);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	pthread_join(discarder, NULL);
	return ended && !d.ret;
}

TEST_F(reading, punch_ends)
{
	EXPECT_TRUE(ends_while_read(self->vm.fd, self->vm.mem, true));
	EXPECT_TRUE(is_zero(self->vm.mem, FILE_SIZE));
}

TEST_F(reading, discard_ends)
{
	EXPECT_TRUE(ends_while_read(self->vm.fd, self->vm.mem, false));
	EXPECT_TRUE(is_zero(self->vm.mem, FILE_SIZE));
}

/* ------------------------------------------------------------------ slow writes */

#define WRITE_MS	2000
#define WRITTEN		4

FIXTURE(writing)
{
	struct slow_vm vm;
	pthread_t evictor;
	long start;
};

static void *evict_pages(void *arg)
{
	const int *fd = arg;

	return (void *)(long)evict(*fd, 0, WRITTEN * PAGE);
}

/* The first pages are being written when this is over. */
FIXTURE_SETUP(writing)
{
	if (!device_make(0, WRITE_MS))
		SKIP(return, "%s", "no dm-delay");
	ASSERT_EQ(0, slow_vm_open(&self->vm));
	self->start = now_ms();
	ASSERT_EQ(0, pthread_create(&self->evictor, NULL, evict_pages, &self->vm.fd));
	usleep(WRITE_MS * 1000 / 4);
}

FIXTURE_TEARDOWN(writing)
{
	EXPECT_EQ(0, slow_vm_close(&self->vm));
}

/* The command is over when the bytes are there. */
TEST_F(writing, evict_waits)
{
	unsigned int i;
	void *ret;

	ASSERT_EQ(0, pthread_join(self->evictor, &ret));
	EXPECT_EQ(NULL, ret);
	EXPECT_LE(WRITE_MS - 100, now_ms() - self->start);
	for (i = 0; i < FILE_PAGES; i++)
		EXPECT_TRUE(page_is(self->vm.mem + i * PAGE, PAGE_RANDOM, i));
}

/* A page is not changed while it is written: the copy would be torn. */
TEST_F(writing, store_waits)
{
	unsigned int i;

	self->vm.mem[0] ^= 0xff;
	EXPECT_LE(WRITE_MS - 100, now_ms() - self->start);
	ASSERT_EQ(0, pthread_join(self->evictor, NULL));
	self->vm.mem[0] ^= 0xff;
	for (i = 0; i < WRITTEN; i++)
		EXPECT_TRUE(evict_page(self->vm.fd, i * PAGE));
	for (i = 0; i < FILE_PAGES; i++)
		EXPECT_TRUE(page_is(self->vm.mem + i * PAGE, PAGE_RANDOM, i));
}

/* What is thrown away while it is written does not come back with the write's end. */
TEST_F(writing, discarded_stays_away)
{
	ASSERT_EQ(0, discard(self->vm.fd, 0, WRITTEN / 2 * PAGE));
	ASSERT_EQ(0, pthread_join(self->evictor, NULL));
	EXPECT_TRUE(is_zero(self->vm.mem, WRITTEN / 2 * PAGE));
	EXPECT_TRUE(page_is(self->vm.mem + WRITTEN / 2 * PAGE, PAGE_RANDOM, WRITTEN / 2));
}

VMSWAP_TEST_MAIN_NO_TIER

// SPDX-License-Identifier: GPL-2.0
/*
 * granule-races.c - who interrupts a fault that brings in a whole granule.
 *
 * The fault's task and the one that interrupts it share a CPU.  The latter sleeps
 * for some part of the time that such a fault takes and has a real-time priority, so
 * that it finds the fault anywhere in its loop; the page that was to come next is the
 * one to work on.  For this the kernel must be preemptible.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

#include "test-lib.h"

#define GRANULE		512
#define GRANULE_SIZE	(GRANULE * PAGE)
#define MAX_ROUNDS	2000
#define FILE_SIZE	((size_t)MAX_ROUNDS * GRANULE_SIZE)
/* Of these one at least, and mostly three of four, falls into the window. */
#define INTERRUPTED	24
/* More than a CPU's batch of new pages holds. */
#define BATCH		32

static bool is_preemptible(void)
{
	char text[64] = "";
	int fd = open("/sys/kernel/debug/sched/preempt", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	return strstr(text, "(full)");
}

/* The task whose faults are interrupted. */
struct toucher {
	pthread_t thread;
	sem_t go;
	sem_t done;
	atomic_bool busy;
	volatile uint8_t *at;
	bool write;
	long fault_ns;
};

struct race {
	struct toucher t;
	int fd;
	int scratch;
	uint8_t *mem;
};

FIXTURE(granule_race)
{
	struct test_mount mnt;
	struct race race;
};

static long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000l + t.tv_nsec;
}

static void *touch(void *arg)
{
	struct toucher *t = arg;
	long start;

	for (;;) {
		sem_wait(&t->go);
		start = now_ns();
		if (t->write)
			*t->at = 1;
		else
			*t->at;
		t->fault_ns = now_ns() - start;
		atomic_store(&t->busy, false);
		sem_post(&t->done);
	}
	return NULL;
}

/* It has the priority of the caller as it is now. */
static int toucher_start(struct toucher *t)
{
	sem_init(&t->go, 0, 0);
	sem_init(&t->done, 0, 0);
	return pthread_create(&t->thread, NULL, touch, t);
}

static void toucher_go(struct toucher *t, volatile uint8_t *at, bool write)
{
	t->at = at;
	t->write = write;
	atomic_store(&t->busy, true);
	sem_post(&t->go);
}

FIXTURE_SETUP(granule_race)
{
	struct sched_param real_time = { .sched_priority = 10 };
	struct race *r = &self->race;
	struct vmswap_vm_stat stat;
	cpu_set_t cpus;

	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
	r->fd = file_make(&self->mnt, "vm", FILE_SIZE);
	ASSERT_LE(0, r->fd);
	r->scratch = file_make(&self->mnt, "scratch", BATCH * PAGE);
	ASSERT_LE(0, r->scratch);
	r->mem = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
		      r->fd, 0);
	ASSERT_NE(MAP_FAILED, r->mem);
	ASSERT_EQ(0, vm_stat(r->fd, &stat));
	ASSERT_EQ(0, policy_once_vm_set(stat.id, VMSWAP_A_VM_GRANULE, GRANULE));
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(cpus), &cpus));
	ASSERT_EQ(0, toucher_start(&r->t));
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_FIFO, &real_time));
}

/* The toucher ends with the process. */
FIXTURE_TEARDOWN(granule_race)
{
}

/* The page that the fault of this granule brings in next, or 0 when it is not at it. */
static unsigned int next_page(int fd, uint64_t granule)
{
	uint16_t states[GRANULE];
	unsigned int i;

	if (page_states(fd, granule, GRANULE, states))
		return 0;
	for (i = 0; i < GRANULE && states[i] & VMSWAP_PAGE_RESIDENT; i++)
		;
	return i > 1 && i < GRANULE ? i : 0;
}

/* This CPU's batch of new pages holds them: others push them out.  Never sleeps long. */
static bool write_and_evict(int fd, uint64_t at, const uint8_t *page, int scratch)
{
	unsigned int i;

	if (pwrite(fd, page, PAGE, at) != PAGE)
		return false;
	for (i = 0; i < BATCH; i++)
		if (pwrite(scratch, page, PAGE, i * PAGE) != PAGE)
			return false;
	return !discard(scratch, 0, BATCH * PAGE) && !evict(fd, at, PAGE) && is_swapped(fd, at);
}

/* One granule; true when the page had left before the fault went on. */
static bool interrupt_fault(struct __test_metadata *_metadata, struct race *r,
			    uint64_t granule, bool write, uint64_t *state)
{
	struct toucher *t = &r->t;
	/* The first fault tells how long one takes. */
	long sleep = t->fault_ns ? rnd(state) % t->fault_ns : 0;
	struct timespec pause = { sleep / 1000000000, sleep % 1000000000 };
	uint8_t page[PAGE], got[PAGE];
	unsigned int i = 0;
	bool left = false;

	page_make(page, PAGE_RANDOM, granule);
	toucher_go(t, r->mem + granule, write);
	if (sleep) {
		nanosleep(&pause, NULL);
		i = next_page(r->fd, granule);
	}
	if (i && atomic_load(&t->busy))
		left = write_and_evict(r->fd, granule + i * PAGE, page, r->scratch) &&
		       atomic_load(&t->busy);
	sem_wait(&t->done);
	if (left) {
		EXPECT_EQ(0, memcmp(r->mem + granule + i * PAGE, page, PAGE)) {
			TH_LOG("page %u of granule %llu", i,
			       (unsigned long long)(granule / GRANULE_SIZE));
		}
		EXPECT_EQ(PAGE, pread(r->fd, got, PAGE, granule + i * PAGE));
		EXPECT_EQ(0, memcmp(got, page, PAGE));
	}
	EXPECT_EQ(0, discard(r->fd, granule, GRANULE_SIZE));
	return left;
}

static void interrupt_faults(struct __test_metadata *_metadata, struct race *r, bool write)
{
	uint64_t state = test_seed;
	int i, n = 0;

	if (!is_preemptible())
		SKIP(return, "%s", "the kernel is not preemptible (preempt=full)");
	for (i = 0; i < MAX_ROUNDS && n < INTERRUPTED && _metadata->passed; i++)
		n += interrupt_fault(_metadata, r, i * GRANULE_SIZE, write, &state);
	TH_LOG("%d of %d faults interrupted", n, i);
	if (_metadata->passed)
		EXPECT_EQ(INTERRUPTED, n);
}

/*
 * A page of the granule is written and leaves while the fault brings in others: its
 * bytes are not taken for those of a page that was never touched.
 */
TEST_F(granule_race, written_and_evicted_in_write_fault)
{
	interrupt_faults(_metadata, &self->race, true);
}

TEST_F(granule_race, written_and_evicted_in_read_fault)
{
	interrupt_faults(_metadata, &self->race, false);
}

VMSWAP_TEST_MAIN

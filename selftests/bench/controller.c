// SPDX-License-Identifier: GPL-2.0
/*
 * controller.c - a user-space memory controller, as good as one can be made.
 *
 * Shared memory in a memfd; what is evicted is compressed with LZ4 into a store of
 * this process and taken out of the memfd by MADV_REMOVE, a batch at a time; a
 * touch is a userfaultfd message, which a handler thread answers.  In its favour:
 * handlers share the address space of who faults (a real one is another process);
 * each has a userfaultfd and a part of the memory of its own, so they do not wake
 * each other; it blocks in read(), one system call per fault instead of two; a page
 * that did not compress is copied straight from the store; nothing guards against
 * writes during eviction, since nobody writes then.
 *
 * Two ways to hand the page over, of which the faster counts: UFFDIO_COPY from a
 * buffer, or decompressing into a second mapping of the memfd and UFFDIO_CONTINUE.
 */
#include <errno.h>
#include <fcntl.h>
#include <lz4.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/userfaultfd.h>

#include "memory.h"

#define HANDLERS_MAX	4
#define BATCH_PAGES	512
/* Larger is kept as it is: as large as zram's and vmswap's largest. */
#define STORE_MAX	3244

struct copy {
	void *bytes;
	uint32_t length;	/* PAGE: not compressed; 0: nothing was evicted */
};

struct controller;

struct handler {
	struct controller *c;
	pthread_t thread;
	int uffd;
	size_t page;		/* the first of its part */
	volatile bool stop;
	uint64_t ins;		/* written by the handler alone */
	uint8_t buffer[PAGE] __attribute__((aligned(PAGE)));
};

struct controller {
	struct memory *m;
	struct copy *copies;
	uint8_t *alias;		/* the second mapping */
	bool by_continue;
	uint64_t outs;
	unsigned int nr;
	struct handler handlers[HANDLERS_MAX];
};

/* ----------------------------------------------------------------- faulting */

static void load(struct copy *copy, void *to)
{
	if (!copy->length)
		memset(to, 0, PAGE);
	else if (copy->length == PAGE)
		memcpy(to, copy->bytes, PAGE);
	else if (LZ4_decompress_safe(copy->bytes, to, copy->length, PAGE) != PAGE)
		bench_die("the controller's store is damaged");
}

static void resolve_by_copy(struct handler *h, size_t page, struct copy *copy)
{
	struct uffdio_copy arg = {
		.dst = (uintptr_t)(h->c->m->at + page * PAGE),
		.src = (uintptr_t)h->buffer,
		.len = PAGE,
	};

	if (copy->length == PAGE)
		arg.src = (uintptr_t)copy->bytes;
	else
		load(copy, h->buffer);
	if (ioctl(h->uffd, UFFDIO_COPY, &arg))
		bench_die_errno("UFFDIO_COPY");
}

static void resolve_by_continue(struct handler *h, size_t page, struct copy *copy)
{
	struct uffdio_continue arg = {
		.range.start = (uintptr_t)(h->c->m->at + page * PAGE),
		.range.len = PAGE,
	};

	load(copy, h->c->alias + page * PAGE);
	if (ioctl(h->uffd, UFFDIO_CONTINUE, &arg))
		bench_die_errno("UFFDIO_CONTINUE");
}

/*
 * Whoever faulted may go on before the system call returns, and evict the page
 * again: by then the copy is out of the store, and counted.
 */
static void resolve(struct handler *h, uint64_t address)
{
	size_t page = (address - (uintptr_t)h->c->m->at) / PAGE;
	struct copy copy = h->c->copies[page];

	memset(&h->c->copies[page], 0, sizeof(copy));
	h->ins += copy.length > 0;
	if (h->c->by_continue)
		resolve_by_continue(h, page, &copy);
	else
		resolve_by_copy(h, page, &copy);
	free(copy.bytes);
}

/*
 * One message a time: asking for more makes read() look once more in vain.  The one
 * that comes after stop was set is the last: see controller_close().
 */
static void *handle(void *arg)
{
	struct handler *h = arg;
	struct uffd_msg message;
	bool last = false;

	while (!last && read(h->uffd, &message, sizeof(message)) == sizeof(message)) {
		last = h->stop;
		if (message.event == UFFD_EVENT_PAGEFAULT)
			resolve(h, message.arg.pagefault.address);
	}
	return NULL;
}

/* ----------------------------------------------------------- making, removing */

static void handler_start(struct handler *h, size_t page, size_t pages)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range.start = (uintptr_t)(h->c->m->at + page * PAGE),
		.range.len = pages * PAGE,
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (h->c->by_continue) {
		api.features = UFFD_FEATURE_MINOR_SHMEM;
		reg.mode |= UFFDIO_REGISTER_MODE_MINOR;
	}
	h->page = page;
	h->uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (h->uffd < 0 || ioctl(h->uffd, UFFDIO_API, &api) ||
	    ioctl(h->uffd, UFFDIO_REGISTER, &reg))
		bench_die_errno("userfaultfd");
	errno = pthread_create(&h->thread, NULL, handle, h);
	if (errno)
		bench_die_errno("a handler thread");
}

static void controller_open(struct memory *m, bool by_continue)
{
	struct controller *c = aligned_alloc(PAGE, (sizeof(*c) + PAGE - 1) & -PAGE);
	size_t i, share;

	memory_kind("shmem")->open(m);
	if (!c)
		bench_die("no memory");
	memset(c, 0, sizeof(*c));
	c->m = m;
	c->by_continue = by_continue;
	c->copies = calloc(m->pages, sizeof(*c->copies));
	c->alias = mmap(NULL, m->pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	if (!c->copies || c->alias == MAP_FAILED || m->at == MAP_FAILED)
		bench_die_errno("memory of the controller");
	m->priv = c;
	c->nr = m->handlers ?: 1;
	share = m->pages / c->nr;
	for (i = 0; i < c->nr; i++) {
		c->handlers[i].c = c;
		handler_start(&c->handlers[i], i * share,
			      i == c->nr - 1 ? m->pages - i * share : share);
	}
	snprintf(m->setting, sizeof(m->setting), "%s, %u handler%s",
		 by_continue ? "UFFDIO_CONTINUE" : "UFFDIO_COPY", c->nr, c->nr > 1 ? "s" : "");
}

static void copy_open(struct memory *m)
{
	controller_open(m, false);
}

static void continue_open(struct memory *m)
{
	controller_open(m, true);
}

static void controller_discard(struct memory *m, size_t page, size_t pages)
{
	if (madvise(m->at + page * PAGE, pages * PAGE, MADV_REMOVE))
		bench_die_errno("MADV_REMOVE");
}

static void controller_close(struct memory *m)
{
	struct controller *c = m->priv;
	size_t i;

	for (i = 0; i < c->nr; i++) {
		/* One more fault, for it to see that. */
		c->handlers[i].stop = true;
		controller_discard(m, c->handlers[i].page, 1);
		*(volatile uint8_t *)(m->at + c->handlers[i].page * PAGE);
		pthread_join(c->handlers[i].thread, NULL);
		close(c->handlers[i].uffd);
	}
	for (i = 0; i < m->pages; i++)
		free(c->copies[i].bytes);
	munmap(c->alias, m->pages * PAGE);
	munmap(m->at, m->pages * PAGE);
	close(m->fd);
	free(c->copies);
	free(c);
}

/* ----------------------------------------------------------------- eviction */

static void store(struct controller *c, size_t page)
{
	uint8_t *from = c->m->at + page * PAGE, buffer[PAGE];
	struct copy *copy = &c->copies[page];
	int n = LZ4_compress_default((char *)from, (char *)buffer, PAGE, STORE_MAX);

	copy->length = n > 0 ? n : PAGE;
	copy->bytes = malloc(copy->length);
	if (!copy->bytes)
		bench_die("the controller's store has no memory");
	memcpy(copy->bytes, n > 0 ? buffer : from, copy->length);
	c->outs++;
}

/* Absent ones are not touched: that would bring them in. */
static void controller_evict(struct memory *m)
{
	struct controller *c = m->priv;
	uint8_t in[BATCH_PAGES];
	size_t first, i, n;

	for (first = 0; first < m->pages; first += BATCH_PAGES) {
		n = m->pages - first < BATCH_PAGES ? m->pages - first : BATCH_PAGES;
		if (mincore(m->at + first * PAGE, n * PAGE, in))
			bench_die_errno("mincore");
		for (i = 0; i < n; i++)
			if (in[i] & 1)
				store(c, first + i);
		if (madvise(m->at + first * PAGE, n * PAGE, MADV_REMOVE))
			bench_die_errno("MADV_REMOVE");
	}
}

static uint64_t controller_ins(struct memory *m)
{
	struct controller *c = m->priv;
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < c->nr; i++)
		sum += __atomic_load_n(&c->handlers[i].ins, __ATOMIC_RELAXED);
	return sum;
}

static uint64_t controller_outs(struct memory *m)
{
	return ((struct controller *)m->priv)->outs;
}

const struct memory_ops controller_copy_ops = {
	.name = "controller",
	.open = copy_open,
	.close = controller_close,
	.evict = controller_evict,
	.discard = controller_discard,
	.ins = controller_ins,
	.outs = controller_outs,
};

const struct memory_ops controller_continue_ops = {
	.name = "controller-continue",
	.open = continue_open,
	.close = controller_close,
	.evict = controller_evict,
	.discard = controller_discard,
	.ins = controller_ins,
	.outs = controller_outs,
};

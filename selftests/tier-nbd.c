// SPDX-License-Identifier: GPL-2.0
/*
 * tier-nbd.c - a block tier whose device is at the other end of a connection (nbd), and
 * a server that answers, lies, dies, or stands still.  The server is a process of the
 * test, which speaks over a socket; needs nbd.
 */
#include <endian.h>
#include <linux/fs.h>
#include <linux/nbd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>

#include "sigbus.h"
#include "test-lib.h"

#define DEVICE		"/dev/nbd0"
#define TIER		"net"
#define STORE_SIZE	(4 * MIB)
/* A server that stands still is given up, but not one that waits for a CPU. */
#define TIMEOUT		30
#define SHORT_TIMEOUT	2
/* An emulated machine under load is slow. */
#define SOON		60

#define FILE_PAGES	64
#define FILE_SIZE	(FILE_PAGES * PAGE)
#define KEPT		16

/* ------------------------------------------------------------------- the server */

struct store {
	atomic_ulong read, written;	/* bytes */
	uint8_t bytes[STORE_SIZE];
};

static bool receive(int sock, void *buf, size_t len)
{
	return recv(sock, buf, len, MSG_WAITALL) == (ssize_t)len;
}

static bool answer(int sock, const void *buf, size_t len)
{
	return send(sock, buf, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool serve_one(int sock, struct store *store)
{
	struct nbd_reply reply = { .magic = htobe32(NBD_REPLY_MAGIC) };
	struct nbd_request request;
	uint32_t type, len;
	uint64_t from;

	if (!receive(sock, &request, sizeof(request)))
		return false;
	type = be32toh(request.type);
	from = be64toh(request.from);
	len = be32toh(request.len);
	if (type > NBD_CMD_WRITE || from > STORE_SIZE || len > STORE_SIZE - from)
		return false;
	if (type == NBD_CMD_WRITE && !receive(sock, store->bytes + from, len))
		return false;
	atomic_fetch_add(type == NBD_CMD_WRITE ? &store->written : &store->read, len);
	memcpy(reply.handle, request.handle, sizeof(reply.handle));
	return answer(sock, &reply, sizeof(reply)) &&
	       (type == NBD_CMD_WRITE || answer(sock, store->bytes + from, len));
}

static pid_t server_start(const int sock[2], struct store *store)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(sock[0]);
	while (serve_one(sock[1], store))
		;
	_exit(0);
}

/* ------------------------------------------------------------------- the device */

struct nbd {
	int dev;
	pid_t server;
	pthread_t worker;
	bool works;
	struct store *store;
};

/* As long as there is a connection. */
static void *do_it(void *dev)
{
	ioctl((long)dev, NBD_DO_IT);
	return NULL;
}

static int set_up(int dev, int sock)
{
	return ioctl(dev, NBD_SET_BLKSIZE, PAGE) ||
	       ioctl(dev, NBD_SET_SIZE_BLOCKS, STORE_SIZE / PAGE) ||
	       ioctl(dev, NBD_SET_TIMEOUT, TIMEOUT) ||
	       ioctl(dev, NBD_SET_SOCK, sock) ? -errno : 0;
}

static int wait_for_size(int dev)
{
	uint64_t size;
	int i;

	for (i = 0; i < 500; i++) {
		if (!ioctl(dev, BLKGETSIZE64, &size) && size == STORE_SIZE)
			return 0;
		usleep(10000);
	}
	return -ETIMEDOUT;
}

static int nbd_connect(struct nbd *n)
{
	int sock[2], ret;

	n->store = mmap(NULL, sizeof(*n->store), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	n->dev = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (n->store == MAP_FAILED || n->dev < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock))
		return -errno;
	n->server = server_start(sock, n->store);
	ret = n->server < 0 ? -errno : set_up(n->dev, sock[0]);
	/* With the server the last holder of its end is gone. */
	close(sock[0]);
	close(sock[1]);
	if (!ret)
		ret = -pthread_create(&n->worker, NULL, do_it, (void *)(long)n->dev);
	n->works = !ret;
	return ret ?: wait_for_size(n->dev);
}

/* The kernel has noticed when this is over. */
static void nbd_kill_server(struct nbd *n)
{
	if (n->server > 0) {
		kill(n->server, SIGKILL);
		waitpid(n->server, NULL, 0);
		n->server = 0;
	}
	if (n->works)
		pthread_join(n->worker, NULL);
	n->works = false;
}

/* 0 when nobody has the device any more. */
static int nbd_remove(struct nbd *n)
{
	int i, ret = -1;

	nbd_kill_server(n);
	close(n->dev);
	munmap(n->store, sizeof(*n->store));
	for (i = 0; i < 50 && ret; i++) {
		ret = system("modprobe -r nbd");
		if (ret)
			usleep(100000);
	}
	return ret;
}

/* -------------------------------------------------------------------- the frame */

FIXTURE(nbd)
{
	struct test_mount mnt;
	struct policy policy, listener;
	struct nbd nbd;
	uint8_t *mem;
	uint64_t id;
	int fd;
};

/* What leaves goes to the device, and all of it has left when this is over. */
FIXTURE_SETUP(nbd)
{
	struct vmswap_vm_stat stat;

	if (system("modprobe nbd nbds_max=1 max_part=0"))
		SKIP(return, "%s", "no nbd");
	ASSERT_EQ(0, bus_catch());
	ASSERT_EQ(0, nbd_connect(&self->nbd));
	ASSERT_EQ(0, policy_open(&self->policy));
	ASSERT_EQ(0, policy_listen(&self->listener));
	ASSERT_EQ(0, policy_tier_add_block(&self->policy, TIER, DEVICE, 0));
	/* As an operator has to say where the server is on the same host. */
	ASSERT_EQ(0, policy_tier_set_safe(&self->policy, TIER, 0));
	self->fd = mapped_open(&self->mnt, NULL, FILE_SIZE, &self->mem);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	self->id = stat.id;
	ASSERT_EQ(0, vm_use_tier(self->fd, TIER));
	ASSERT_EQ(0, vm_read_single(self->fd));
	fill_pages(self->mem, FILE_PAGES);
	evict(self->fd, 0, FILE_SIZE);
	ASSERT_TRUE(evict_each(self->fd, FILE_PAGES));
}

FIXTURE_TEARDOWN(nbd)
{
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, FILE_SIZE));
	/* A test may have removed it. */
	policy_tier_del(&self->policy, TIER);
	policy_close(&self->listener);
	policy_close(&self->policy);
	EXPECT_EQ(0, nbd_remove(&self->nbd));
}

/* How many pages are poisoned, after a look at all figures. */
static uint64_t poisoned_pages(int fd)
{
	struct vmswap_vm_stat stat;

	return vm_stat(fd, &stat) || stat_sum(&stat) != FILE_SIZE ? ~0ull : stat.poisoned / PAGE;
}

static bool event_tells(struct policy *listener, uint64_t vm, unsigned int page)
{
	struct policy_event event;

	return !policy_event_of(listener, VMSWAP_EVENT_KIND_IO_ERROR, &event) &&
	       event.vm == vm && event.offset == page * PAGE && !strcmp(event.tier, TIER);
}

/* -------------------------------------------------------------------- the tests */

/* The bytes went over the connection, and came back over it. */
TEST_F(nbd, out_and_in)
{
	struct vmswap_vm_stat stat;

	EXPECT_EQ(FILE_PAGES, policy_tier_pages(&self->policy, TIER));
	EXPECT_LE(FILE_SIZE, atomic_load(&self->nbd.store->written));
	EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
	EXPECT_LE(FILE_SIZE, atomic_load(&self->nbd.store->read));
	ASSERT_EQ(0, evict(self->fd, 0, FILE_SIZE));
	EXPECT_EQ(0, policy_tier_del(&self->policy, TIER));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(FILE_SIZE, stat.resident);
	EXPECT_EQ(0, stat.io_errors);
	EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
}

/* Where the server keeps the page's bytes. */
static uint8_t *copy_of(struct store *store, unsigned int page)
{
	size_t at;

	for (at = 0; at < STORE_SIZE; at += PAGE)
		if (page_is(store->bytes + at, PAGE_RANDOM, test_seed + page))
			return store->bytes + at;
	return NULL;
}

/* A page that the server has changed is lost, and no other. */
TEST_F(nbd, server_lies)
{
	uint8_t *copy = copy_of(self->nbd.store, KEPT);

	ASSERT_NE(NULL, copy);
	copy[PAGE / 2] ^= 1;
	EXPECT_EQ(BUS_MCEERR_AR, touch(self->mem + KEPT * PAGE));
	EXPECT_TRUE(event_tells(&self->listener, self->id, KEPT));
	EXPECT_EQ(1, poisoned_pages(self->fd));
	EXPECT_TRUE(pages_filled(self->mem, KEPT));
	ASSERT_EQ(0, discard(self->fd, KEPT * PAGE, PAGE));
	EXPECT_TRUE(is_zero(self->mem + KEPT * PAGE, PAGE));
}

/* The pages in memory: with other bytes than the server has. */
static void rewrite(uint8_t *mem)
{
	unsigned int i;

	for (i = 0; i < KEPT; i++)
		page_make(mem + i * PAGE, PAGE_RANDOM, ~test_seed - i);
}

static bool rewritten(const uint8_t *mem)
{
	unsigned int i;

	for (i = 0; i < KEPT; i++)
		if (!page_is(mem + i * PAGE, PAGE_RANDOM, ~test_seed - i))
			return false;
	return true;
}

/*
 * What is in memory stays, as no write ends well, until another tier takes it; what only
 * the server had is lost page by page, and the rest of it with the tier.
 */
TEST_F(nbd, server_dies)
{
	double start;
	uint8_t byte;

	ASSERT_TRUE(pages_filled(self->mem, KEPT));
	nbd_kill_server(&self->nbd);
	start = now_seconds();
	EXPECT_EQ(BUS_MCEERR_AR, touch(self->mem + KEPT * PAGE));
	EXPECT_TRUE(event_tells(&self->listener, self->id, KEPT));
	EXPECT_EQ(-1, pread(self->fd, &byte, 1, (KEPT + 1) * PAGE));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(2, poisoned_pages(self->fd));
	/* Their good copies are where nobody can read them: they stay for 10 s at least. */
	ASSERT_EQ(0, evict(self->fd, 0, KEPT * PAGE));
	EXPECT_TRUE(is_resident(self->fd, 0));
	EXPECT_TRUE(pages_filled(self->mem, KEPT));
	rewrite(self->mem);
	ASSERT_EQ(0, evict(self->fd, 0, KEPT * PAGE));
	EXPECT_TRUE(is_resident(self->fd, 0));
	EXPECT_TRUE(rewritten(self->mem));
	ASSERT_EQ(0, policy_vm_tiers(&self->policy, self->id, ""));
	EXPECT_TRUE(evict_each(self->fd, KEPT));
	EXPECT_EQ(FILE_PAGES - KEPT - 2, policy_tier_pages(&self->policy, TIER));
	EXPECT_EQ(0, policy_tier_del(&self->policy, TIER));
	EXPECT_EQ(FILE_PAGES - KEPT, poisoned_pages(self->fd));
	EXPECT_TRUE(rewritten(self->mem));
	EXPECT_GT(SOON, now_seconds() - start);
	ASSERT_EQ(0, discard(self->fd, 0, FILE_SIZE));
	EXPECT_EQ(0, poisoned_pages(self->fd));
}

/* It is given up after the time that was set for the device, and all goes on. */
TEST_F(nbd, server_stands_still)
{
	double start;

	ASSERT_TRUE(pages_filled(self->mem, KEPT));
	ASSERT_EQ(0, ioctl(self->nbd.dev, NBD_SET_TIMEOUT, SHORT_TIMEOUT));
	ASSERT_EQ(0, kill(self->nbd.server, SIGSTOP));
	start = now_seconds();
	EXPECT_EQ(BUS_MCEERR_AR, touch(self->mem + KEPT * PAGE));
	printf("# given up after %.1f s\n", now_seconds() - start);
	EXPECT_LT(SHORT_TIMEOUT - 1, now_seconds() - start);
	EXPECT_GT(SOON, now_seconds() - start);
	EXPECT_EQ(1, poisoned_pages(self->fd));
	EXPECT_EQ(0, policy_tier_del(&self->policy, TIER));
	EXPECT_TRUE(pages_filled(self->mem, KEPT));
	EXPECT_EQ(FILE_PAGES - KEPT, poisoned_pages(self->fd));
}

VMSWAP_TEST_MAIN

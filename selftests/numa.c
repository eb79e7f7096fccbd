// SPDX-License-Identifier: GPL-2.0
/* numa.c - pages come from the nodes that mbind() names.  Needs two nodes. */
#include <linux/mempolicy.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "test-lib.h"

#define FILE_PAGES	64
#define FILE_SIZE	(FILE_PAGES * PAGE)
#define CHANGING_SECONDS	6
#define WRITER_PAGES	10
#define NODES(mask)	(&(unsigned long){ mask })

FIXTURE(numa)
{
	struct test_mount mnt;
	int fd;
	uint8_t *mem;
};

FIXTURE_SETUP(numa)
{
	if (access("/sys/devices/system/node/node1", F_OK))
		SKIP(return, "%s", "one node only");
	self->fd = mapped_open(&self->mnt, NULL, FILE_SIZE, &self->mem);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(numa)
{
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, FILE_SIZE));
}

static int mbind_to(void *mem, size_t size, int mode, unsigned long *nodes)
{
	return syscall(SYS_mbind, mem, size, mode, nodes, nodes ? 64ul : 0ul, 0);
}

static int bind_to(void *mem, int mode, unsigned long *nodes)
{
	return mbind_to(mem, FILE_SIZE, mode, nodes);
}

/* The node of a page that is mapped here, or -errno. */
static int node_of(void *mem)
{
	int node = -1;

	return syscall(SYS_move_pages, 0, 1ul, &mem, NULL, &node, 0) ? -errno : node;
}

/* Pages on node 1; every page is touched. */
static unsigned int on_node1(uint8_t *mem)
{
	unsigned int i, n = 0;

	for (i = 0; i < FILE_PAGES; i++) {
		mem[i * PAGE]++;
		n += node_of(mem + i * PAGE) == 1;
	}
	return n;
}

static bool swap_out(int fd)
{
	unsigned int i;

	for (i = 0; i < FILE_PAGES; i++)
		if (!evict_page(fd, i * PAGE))
			return false;
	return true;
}

TEST_F(numa, bind)
{
	ASSERT_EQ(0, bind_to(self->mem, MPOL_BIND, NODES(2)));
	EXPECT_EQ(FILE_PAGES, on_node1(self->mem));
	ASSERT_EQ(0, discard(self->fd, 0, FILE_SIZE));
	ASSERT_EQ(0, bind_to(self->mem, MPOL_BIND, NODES(1)));
	EXPECT_EQ(0, on_node1(self->mem));
}

TEST_F(numa, preferred)
{
	ASSERT_EQ(0, bind_to(self->mem, MPOL_PREFERRED, NODES(2)));
	EXPECT_EQ(FILE_PAGES, on_node1(self->mem));
}

TEST_F(numa, preferred_many)
{
	ASSERT_EQ(0, bind_to(self->mem, MPOL_PREFERRED_MANY, NODES(2)));
	EXPECT_EQ(FILE_PAGES, on_node1(self->mem));
}

TEST_F(numa, interleave)
{
	ASSERT_EQ(0, bind_to(self->mem, MPOL_INTERLEAVE, NODES(3)));
	EXPECT_EQ(FILE_PAGES / 2, on_node1(self->mem));
	EXPECT_NE(node_of(self->mem), node_of(self->mem + PAGE));
}

/* Swapped pages come back to where the policy says now, with those read ahead. */
TEST_F(numa, swapped)
{
	ASSERT_EQ(0, bind_to(self->mem, MPOL_BIND, NODES(1)));
	fill_pages(self->mem, FILE_PAGES);
	ASSERT_TRUE(swap_out(self->fd));
	ASSERT_EQ(0, bind_to(self->mem, MPOL_BIND, NODES(2)));
	EXPECT_EQ(FILE_PAGES, on_node1(self->mem));
}

/* Who has no mapping goes by the last policy that was seen. */
TEST_F(numa, prefetched)
{
	ASSERT_EQ(0, bind_to(self->mem, MPOL_BIND, NODES(2)));
	fill_pages(self->mem, FILE_PAGES);
	ASSERT_TRUE(swap_out(self->fd));
	ASSERT_EQ(0, bind_to(self->mem, MPOL_DEFAULT, NULL));
	ASSERT_EQ(0, prefetch(self->fd, 0, FILE_SIZE));
	EXPECT_EQ(FILE_PAGES, on_node1(self->mem));
}

static atomic_bool stop;

/* Two mappings of a file, whose policies have all nodes and none, fault in turn. */
static void *alternate(void *arg)
{
	uint8_t *one = arg, *other = one + FILE_SIZE / 2;

	while (!stop) {
		one[0]++;
		madvise(one, PAGE, MADV_DONTNEED);
		other[0]++;
		madvise(other, PAGE, MADV_DONTNEED);
	}
	return NULL;
}

struct writer {
	pthread_t thread;
	int fd;
	unsigned int first;
	bool ok;
};

/* New pages, which nobody has mapped. */
static void *write_new_pages(void *arg)
{
	struct writer *w = arg;
	unsigned int i;

	w->ok = true;
	while (!stop) {
		for (i = 0; i < WRITER_PAGES; i++)
			w->ok &= pwrite(w->fd, "x", 1, (w->first + i) * PAGE) == 1;
		w->ok &= !discard(w->fd, w->first * PAGE, WRITER_PAGES * PAGE);
	}
	return NULL;
}

/* Who has no mapping meets a policy that is being changed, and still finds a node. */
TEST_F(numa, changing)
{
	struct writer w[3];
	pthread_t thread;
	unsigned int i;

	ASSERT_EQ(0, mbind_to(self->mem, FILE_SIZE / 2, MPOL_INTERLEAVE, NODES(3)));
	ASSERT_EQ(0, mbind_to(self->mem + FILE_SIZE / 2, FILE_SIZE / 2, MPOL_LOCAL, NULL));
	stop = false;
	ASSERT_EQ(0, pthread_create(&thread, NULL, alternate, self->mem));
	for (i = 0; i < ARRAY_SIZE(w); i++) {
		w[i] = (struct writer){ .fd = self->fd, .first = 1 + i * WRITER_PAGES };
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, write_new_pages, &w[i]));
	}
	sleep(CHANGING_SECONDS);
	stop = true;
	EXPECT_EQ(0, pthread_join(thread, NULL));
	for (i = 0; i < ARRAY_SIZE(w); i++) {
		EXPECT_EQ(0, pthread_join(w[i].thread, NULL));
		EXPECT_TRUE(w[i].ok);
	}
}

VMSWAP_TEST_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * ram-damage.c - a copy in a ram tier that is not what was stored loses its page, alone,
 * and shows nobody wrong bytes.
 *
 * What damages it is a device that writes to memory which is not its own: QEMU's "edu",
 * without an IOMMU.  Where the copy lies /proc/kcore tells, from bytes that no other has.
 */
#include <elf.h>

#include "edu.h"
#include "sigbus.h"
#include "test-lib.h"

#define TIER		"damaged"
#define FILE_PAGES	64
#define FILE_SIZE	(FILE_PAGES * PAGE)
#define BROKEN		5
#define AT		(BROKEN * PAGE)
/* Of the broken page, among its random bytes: compressed they are the same. */
#define KEY_AT		480
#define KEY_BYTES	32
#define MAX_COPIES	8

FIXTURE(damage)
{
	struct test_mount mnt;
	struct vmswap_vm_stat stat;
	volatile uint8_t *regs;
	uint8_t *mem;
	int fd;
};

FIXTURE_VARIANT(damage)
{
	uint32_t algo;
	size_t random;	/* bytes of a page, from its start */
};

FIXTURE_VARIANT_ADD(damage, as_it_is) { .algo = VMSWAP_ALGO_LZ4, .random = PAGE };
FIXTURE_VARIANT_ADD(damage, lz4) { .algo = VMSWAP_ALGO_LZ4, .random = 1000 };
FIXTURE_VARIANT_ADD(damage, zstd) { .algo = VMSWAP_ALGO_ZSTD, .random = 1000 };

static void make_page(uint8_t *page, size_t random, unsigned int number)
{
	page_make(page, PAGE_RANDOM, test_seed + number);
	memset(page + random, 0, PAGE - random);
}

static bool others_are_good(const uint8_t *mem, size_t random)
{
	uint8_t want[PAGE];
	unsigned int i;

	for (i = 0; i < FILE_PAGES; i++) {
		make_page(want, random, i);
		if (i != BROKEN && memcmp(want, mem + i * PAGE, PAGE))
			return false;
	}
	return true;
}

/* -------------------------------------------------------------- where the copy lies */

/*
 * What is looked for is kept as its complement, and what was found is wiped: a copy that
 * we have ourselves would be found, too.
 */
struct search {
	uint8_t not_key[KEY_BYTES];
	uint64_t frame;		/* the page was there: passed over */
	uint64_t at[MAX_COPIES];
	unsigned int n;
	uint8_t buf[256 * PAGE];
};

static bool is_key(const struct search *s, const uint8_t *bytes)
{
	unsigned int i;

	for (i = 0; i < KEY_BYTES; i++)
		if ((bytes[i] ^ s->not_key[i]) != 0xff)
			return false;
	return true;
}

/* A copy that goes on in another page of memory may be found from its first bytes alone. */
static void search_page(struct search *s, const uint8_t *page, uint64_t at)
{
	const uint8_t *end = page + PAGE - KEY_BYTES, *byte = page;

	while (byte < end && (byte = memchr(byte, s->not_key[0] ^ 0xff, end - byte))) {
		if (is_key(s, byte) && s->n < MAX_COPIES)
			s->at[s->n++] = at + (byte - page);
		byte++;
	}
}

static void search_segment(struct search *s, int kcore, const Elf64_Phdr *segment)
{
	uint64_t done, i;
	ssize_t n;

	for (done = 0; done < segment->p_filesz; done += n) {
		n = pread(kcore, s->buf, sizeof(s->buf), segment->p_offset + done);
		if (n < (ssize_t)PAGE)
			return;
		n -= n % PAGE;
		for (i = 0; i < n; i += PAGE)
			if ((segment->p_paddr + done + i) / PAGE != s->frame)
				search_page(s, s->buf + i, segment->p_paddr + done + i);
		memset(s->buf, 0, sizeof(s->buf));
	}
}

/* All memory that the kernel has mapped in one piece with its address. */
static int search_memory(struct search *s)
{
	int kcore = open("/proc/kcore", O_RDONLY | O_CLOEXEC), i;
	Elf64_Phdr segment;
	Elf64_Ehdr header;

	if (kcore < 0 || pread(kcore, &header, sizeof(header), 0) != sizeof(header))
		return -errno;
	for (i = 0; i < header.e_phnum; i++) {
		if (pread(kcore, &segment, sizeof(segment),
			  header.e_phoff + i * sizeof(segment)) != sizeof(segment))
			return -EIO;
		if (segment.p_type == PT_LOAD && segment.p_paddr != -1ull)
			search_segment(s, kcore, &segment);
	}
	close(kcore);
	return 0;
}

/* ----------------------------------------------------------------------- the device */

static volatile uint8_t *device_open(void)
{
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	char name[256], path[PATH_MAX];
	void *regs;
	int fd;

	if (!edu_find(name, sizeof(name)))
		return NULL;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || pwrite(fd, &command, 2, PCI_COMMAND) != 2)
		return NULL;
	close(fd);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	regs = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return regs == MAP_FAILED ? NULL : regs;
}

/* Eight bytes become those behind them. */
static bool device_damages(volatile uint8_t *regs, uint64_t at)
{
	return edu_dma(regs, at + 8, EDU_BUFFER, 8, 0) &&
	       edu_dma(regs, EDU_BUFFER, at, 8, EDU_CMD_OUT);
}

/* ---------------------------------------------------------------------------- tests */

FIXTURE_SETUP(damage)
{
	unsigned int i;

	/* TESTS gives the test host one: without it nothing would be tested. */
	self->regs = device_open();
	ASSERT_NE(NULL, (void *)self->regs);
	ASSERT_EQ(0, bus_catch());
	ASSERT_EQ(0, policy_once(policy_tier_add_first, TIER, variant->algo));
	self->fd = mapped_open(&self->mnt, NULL, FILE_SIZE, &self->mem);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, vm_stat(self->fd, &self->stat));
	ASSERT_EQ(0, vm_read_single(self->fd));
	for (i = 0; i < FILE_PAGES; i++)
		make_page(self->mem + i * PAGE, variant->random, i);
}

FIXTURE_TEARDOWN(damage)
{
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, FILE_SIZE));
	EXPECT_EQ(0, policy_once_tier_del(TIER));
}

/* All leave, and one copy is not what it was.  Scratch memory of a compressor may go, too. */
static void leave_and_damage(struct __test_metadata *_metadata, int fd, uint8_t *mem,
			     volatile uint8_t *regs)
{
	struct search *s = calloc(1, sizeof(*s));
	unsigned int i;

	ASSERT_NE(NULL, s);
	for (i = 0; i < KEY_BYTES; i++)
		s->not_key[i] = ~mem[AT + KEY_AT + i];
	s->frame = frame_of(mem + AT);
	ASSERT_NE(0, s->frame);
	ASSERT_TRUE(evict_page(fd, AT));
	ASSERT_TRUE(evict_each(fd, FILE_PAGES));
	ASSERT_EQ(0, search_memory(s));
	printf("# found %u times\n", s->n);
	ASSERT_LT(0, s->n);
	for (i = 0; i < s->n; i++)
		ASSERT_TRUE(device_damages(regs, s->at[i]));
	free(s);
}

TEST_F(damage, is_never_shown)
{
	struct policy_event event;
	uint8_t page[PAGE];
	struct policy p;

	leave_and_damage(_metadata, self->fd, self->mem, self->regs);
	ASSERT_EQ(0, policy_listen(&p));
	EXPECT_EQ(BUS_MCEERR_AR, touch(self->mem + AT));
	ASSERT_EQ(0, policy_event_of(&p, VMSWAP_EVENT_KIND_IO_ERROR, &event));
	EXPECT_EQ(self->stat.id, event.vm);
	EXPECT_EQ(AT, event.offset);
	policy_close(&p);
	EXPECT_EQ(VMSWAP_PAGE_POISONED, page_state(self->fd, AT));
	EXPECT_EQ(-1, pread(self->fd, page, PAGE, AT));
	EXPECT_EQ(EIO, errno);
	/* It was read twice. */
	EXPECT_EQ(2, policy_once(policy_tier_figure, TIER, VMSWAP_A_TIER_ERRORS));
	EXPECT_TRUE(others_are_good(self->mem, variant->random));
	ASSERT_EQ(0, vm_stat(self->fd, &self->stat));
	EXPECT_EQ(PAGE, self->stat.poisoned);
	EXPECT_EQ(1, self->stat.io_errors);
	EXPECT_EQ(FILE_SIZE, stat_sum(&self->stat));
}

/* Its place can be used again. */
TEST_F(damage, is_healed_by_a_discard)
{
	uint8_t want[PAGE];

	leave_and_damage(_metadata, self->fd, self->mem, self->regs);
	ASSERT_EQ(BUS_MCEERR_AR, touch(self->mem + AT));
	ASSERT_EQ(0, discard(self->fd, AT, PAGE));
	ASSERT_EQ(0, touch(self->mem + AT));
	EXPECT_TRUE(is_zero(self->mem + AT, PAGE));
	make_page(self->mem + AT, variant->random, BROKEN);
	EXPECT_TRUE(evict_page(self->fd, AT));
	make_page(want, variant->random, BROKEN);
	EXPECT_EQ(0, memcmp(want, self->mem + AT, PAGE));
}

VMSWAP_TEST_MAIN

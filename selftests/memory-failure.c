// SPDX-License-Identifier: GPL-2.0
/*
 * memory-failure.c - the memory of a page breaks: it alone is lost, unless its bytes
 * are elsewhere, too.  The error is injected; needs CONFIG_MEMORY_FAILURE and brd.  So it
 * is with a page whose only copy a device does not give back (null_blk, dm-error).
 */
#include <linux/falloc.h>
#include <sys/swap.h>

#include "disk.h"
#include "dm.h"
#include "kvm.h"
#include "sigbus.h"
#include "test-lib.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

#define FILE_PAGES	32
#define FILE_SIZE	(FILE_PAGES * PAGE)
#define BROKEN		5
#define AT		(BROKEN * PAGE)
#define EQUAL_WORDS	0x5a5a5a5a5a5a5a5aull

FIXTURE(failure)
{
	struct test_mount mnt;
	struct vmswap_vm_stat stat;
	int fd;
	uint8_t *mem;
};

/* A device keeps its copy when the page is read again, a ram tier does not. */
static int device_tier_add(void)
{
	return policy_once(policy_tier_add_block, TEST_TIER, BRD, 0);
}

/* ---------------------------------------------------------------------- breaking */

/* As touch(), for whoever breaks a page; -errno when that cannot be done. */
static int break_page(uint8_t *page, int how)
{
	if (sigsetjmp(bus, 1))
		return bus_addr == page ? bus_code : -1;
	return madvise(page, PAGE, how) ? -errno : 0;
}

/* Newer kernels tell whoever injects the error that the bytes are lost. */
static int lose_page(uint8_t *page)
{
	int ret = break_page(page, MADV_HWPOISON);

	return ret == BUS_MCEERR_AR ? 0 : ret;
}

static bool can_break(void)
{
	uint8_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	bool ok;

	*page = 1;
	ok = !lose_page(page) && touch(page) == BUS_MCEERR_AR;
	munmap(page, PAGE);
	return ok;
}

FIXTURE_SETUP(failure)
{
	ASSERT_EQ(0, bus_catch());
	self->fd = mapped_open(&self->mnt, NULL, FILE_SIZE, &self->mem);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, vm_stat(self->fd, &self->stat));
	ASSERT_EQ(0, vm_read_single(self->fd));
	fill_pages(self->mem, FILE_PAGES);
}

FIXTURE_TEARDOWN(failure)
{
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, FILE_SIZE));
}

static bool others_filled(const uint8_t *mem)
{
	unsigned int i;

	for (i = 0; i < FILE_PAGES; i++)
		if (i != BROKEN && !page_is(mem + i * PAGE, PAGE_RANDOM, test_seed + i))
			return false;
	return true;
}

static uint64_t poisoned_bytes(int fd)
{
	struct vmswap_vm_stat stat;

	return vm_stat(fd, &stat) || stat_sum(&stat) != FILE_SIZE ? ~0ull : stat.poisoned;
}

/* The page has left and was read again: it is clean, and its word has the bytes, too. */
static bool make_clean(int fd, uint8_t *mem)
{
	return evict_page(fd, AT) && !touch(mem + AT) &&
	       !(page_state(fd, AT) & VMSWAP_PAGE_DIRTY) && is_resident(fd, AT);
}

/* --------------------------------------------------------------- no other copy */

/* A system call that is given the page is told so, by no signal. */
static void expect_calls_told(struct __test_metadata *_metadata, int fd, uint8_t *mem)
{
	bus_code = 0;
	expect_efault(_metadata, fd, AT + PAGE, mem + AT);
	EXPECT_EQ(0, bus_code);
}

static void expect_lost(struct __test_metadata *_metadata, int fd, uint8_t *mem)
{
	uint8_t *other = map_shared(fd, FILE_SIZE), page[PAGE];

	EXPECT_EQ(VMSWAP_PAGE_POISONED, page_state(fd, AT));
	EXPECT_EQ(PAGE, poisoned_bytes(fd));
	EXPECT_EQ(BUS_MCEERR_AR, touch(mem + AT));
	/* Who had not mapped it yet is told so, too. */
	EXPECT_EQ(BUS_MCEERR_AR, touch(other + AT));
	expect_calls_told(_metadata, fd, mem);
	expect_calls_told(_metadata, fd, other);
	EXPECT_EQ(-1, pread(fd, page, PAGE, AT));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(0, evict(fd, 0, FILE_SIZE));
	EXPECT_EQ(VMSWAP_PAGE_POISONED, page_state(fd, AT));
	EXPECT_TRUE(others_filled(mem));
	munmap(other, FILE_SIZE);
}

TEST_F(failure, written_page_is_lost)
{
	ASSERT_EQ(0, lose_page(self->mem + AT));
	expect_lost(_metadata, self->fd, self->mem);
}

/* The copy is of what it was before: its bytes do not come back. */
TEST_F(failure, written_again_is_lost)
{
	ASSERT_TRUE(make_clean(self->fd, self->mem));
	/* Nobody but the page table knows of it. */
	self->mem[AT] ^= 1;
	ASSERT_EQ(0, lose_page(self->mem + AT));
	expect_lost(_metadata, self->fd, self->mem);
}

TEST_F(failure, same_filled_written_again_is_lost)
{
	page_make(self->mem + AT, PAGE_SAME_FILLED, EQUAL_WORDS);
	ASSERT_TRUE(make_clean(self->fd, self->mem));
	self->mem[AT] ^= 1;
	ASSERT_EQ(0, lose_page(self->mem + AT));
	expect_lost(_metadata, self->fd, self->mem);
}

/* Its page is the first of 2 MiB, and came by no fault: swapon(2) reads it. */
TEST_F(failure, read_by_the_kernel_and_written_is_lost)
{
	int fd = file_make(&self->mnt, "fresh", FILE_SIZE);
	uint8_t *mem, page[PAGE];

	ASSERT_LE(0, fd);
	ASSERT_EQ(-1, swapon(path_in(&self->mnt, "fresh"), 0));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_TRUE(is_resident(fd, 0));
	mem = map_shared(fd, FILE_SIZE);
	ASSERT_NE(MAP_FAILED, mem);
	page_make(mem, PAGE_RANDOM, 1);
	EXPECT_TRUE(evict_page(fd, 0));
	EXPECT_TRUE(page_is(mem, PAGE_RANDOM, 1));
	mem[0] ^= 1;
	ASSERT_EQ(0, lose_page(mem));
	EXPECT_EQ(VMSWAP_PAGE_POISONED, page_state(fd, 0));
	EXPECT_EQ(PAGE, poisoned_bytes(fd));
	EXPECT_EQ(BUS_MCEERR_AR, touch(mem));
	EXPECT_EQ(-1, pread(fd, page, PAGE, 0));
	EXPECT_EQ(EIO, errno);
	munmap(mem, FILE_SIZE);
	close(fd);
}

/* ---------------------------------------------------------- reads without memory */

#define DEBUGFS "/sys/kernel/debug/"

/* What may fail when a thread asks for it: also what may sleep, and single pages. */
static bool set_refusals(const char *gfp_wait, const char *min_order)
{
	return !write_file(DEBUGFS "failslab/verbose", "0") &&
	       !write_file(DEBUGFS "fail_page_alloc/verbose", "0") &&
	       !write_file(DEBUGFS "failslab/ignore-gfp-wait", gfp_wait) &&
	       !write_file(DEBUGFS "fail_page_alloc/ignore-gfp-wait", gfp_wait) &&
	       !write_file(DEBUGFS "fail_page_alloc/min-order", min_order);
}

/* The Nth allocation of this thread from here is refused; 0: none. */
static int refuse_nth(int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", n);
	return write_file("/proc/thread-self/fail-nth", text);
}

/* The kernel reads the first page of a new file, and is refused memory: the errno. */
static int read_refused(const char *path, int n)
{
	int err = 0;

	if (refuse_nth(n))
		return -1;
	if (swapon(path, 0))
		err = errno;
	refuse_nth(0);
	return err;
}

/*
 * Whatever is refused: the page that such a read leaves in the cache, without content and
 * perhaps without a word, is one like others for who touches it next.
 */
TEST_F(failure, refused_read_leaves_a_page_to_fill)
{
	int n, fd, refused = 0;
	uint8_t *mem;

	if (!set_refusals("N", "0"))
		SKIP(return, "%s", "this kernel does not inject failures");
	for (n = 1; n <= 40; n++) {
		const char *path = path_in(&self->mnt, "refused");

		fd = file_make(&self->mnt, "refused", FILE_SIZE);
		ASSERT_LE(0, fd);
		refused += read_refused(path, n) == ENOMEM;
		mem = map_shared(fd, FILE_SIZE);
		ASSERT_NE(MAP_FAILED, mem);
		ASSERT_EQ(0, touch(mem));
		EXPECT_TRUE(is_zero(mem, PAGE));
		page_make(mem, PAGE_RANDOM, n);
		EXPECT_TRUE(evict_page(fd, 0));
		EXPECT_TRUE(page_is(mem, PAGE_RANDOM, n));
		munmap(mem, FILE_SIZE);
		close(fd);
		ASSERT_EQ(0, unlink(path));
	}
	EXPECT_TRUE(set_refusals("Y", "1"));
	EXPECT_LT(0, refused);
}

/* ------------------------------------------------------------ a virtual CPU meets it */

/* And once more. */
static const uint8_t reads_page[] = { X86_LOAD_AL(AT), X86_HLT, X86_JMP_BACK(4) };

/* As touch(): in a guest whose memory this is. */
static int guest_touch(struct kvm_guest *g, uint8_t *page)
{
	if (sigsetjmp(bus, 1))
		return bus_addr == page ? bus_code : -1;
	return kvm_guest_run(g);
}

/*
 * The VMM is told by a signal, with an address that it can tell the guest: were it told
 * by KVM_RUN's -EFAULT, or by another signal, all of the guest would have to end.
 */
static void expect_guest_told(struct __test_metadata *_metadata, struct kvm_guest *g, int fd,
			      uint8_t *mem)
{
	/* Whatever it does, as long as the page is poisoned. */
	EXPECT_EQ(BUS_MCEERR_AR, guest_touch(g, mem + AT));
	EXPECT_EQ(BUS_MCEERR_AR, guest_touch(g, mem + AT));
	ASSERT_EQ(0, discard(fd, AT, PAGE));
	ASSERT_EQ(0, guest_touch(g, mem + AT));
	EXPECT_EQ(0, kvm_guest_al(g));
}

/* Its page tables had the page, as those of the VMM, which now say that it is poisoned. */
TEST_F(failure, guest_that_had_it_is_told)
{
	struct kvm_guest g;

	if (!kvm_usable())
		SKIP(return, "%s", "no /dev/kvm");
	memcpy(self->mem, reads_page, sizeof(reads_page));
	self->mem[AT] = 0xa5;
	ASSERT_EQ(0, kvm_guest_begin(&g, self->mem, FILE_SIZE));
	ASSERT_EQ(0, guest_touch(&g, self->mem + AT));
	EXPECT_EQ(0xa5, kvm_guest_al(&g));
	ASSERT_EQ(0, lose_page(self->mem + AT));
	expect_guest_told(_metadata, &g, self->fd, self->mem);
	kvm_guest_end(&g);
}

/* No page table has it: the fault finds it lost. */
TEST_F(failure, guest_that_comes_later_is_told)
{
	uint8_t *other = map_shared(self->fd, FILE_SIZE);
	struct kvm_guest g;

	if (!kvm_usable())
		SKIP(return, "%s", "no /dev/kvm");
	ASSERT_NE(MAP_FAILED, other);
	memcpy(self->mem, reads_page, sizeof(reads_page));
	ASSERT_EQ(0, lose_page(self->mem + AT));
	ASSERT_EQ(0, kvm_guest_begin(&g, other, FILE_SIZE));
	expect_guest_told(_metadata, &g, self->fd, other);
	kvm_guest_end(&g);
	munmap(other, FILE_SIZE);
}

/* ----------------------------------------------------------------------- discarded */

/* The page of this address can be used again: zero, written, swapped. */
static void expect_healed(struct __test_metadata *_metadata, int fd, uint8_t *mem)
{
	ASSERT_EQ(0, touch(mem + AT));
	EXPECT_TRUE(is_zero(mem + AT, PAGE));
	EXPECT_EQ(0, poisoned_bytes(fd));
	page_make(mem + AT, PAGE_RANDOM, test_seed + BROKEN);
	EXPECT_TRUE(evict_page(fd, AT));
	EXPECT_TRUE(pages_filled(mem, FILE_PAGES));
}

TEST_F(failure, discard_heals)
{
	ASSERT_EQ(0, lose_page(self->mem + AT));
	ASSERT_EQ(0, discard(self->fd, AT, PAGE));
	expect_healed(_metadata, self->fd, self->mem);
}

TEST_F(failure, punch_heals)
{
	ASSERT_EQ(0, lose_page(self->mem + AT));
	ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, AT, PAGE));
	expect_healed(_metadata, self->fd, self->mem);
}

/* ------------------------------------------------------------- the bytes are known */

/* Nobody is told of it: who has it mapped gets the bytes again. */
static void expect_comes_back(struct __test_metadata *_metadata, int fd, uint8_t *mem)
{
	EXPECT_EQ(0, break_page(mem + AT, MADV_HWPOISON));
	EXPECT_EQ(0, page_state(fd, AT) & (VMSWAP_PAGE_POISONED | VMSWAP_PAGE_RESIDENT));
	EXPECT_EQ(0, poisoned_bytes(fd));
	ASSERT_EQ(0, touch(mem + AT));
	EXPECT_TRUE(others_filled(mem));
}

TEST_F(failure, copy_of_device_comes_back)
{
	ASSERT_TRUE(make_clean(self->fd, self->mem));
	expect_comes_back(_metadata, self->fd, self->mem);
	EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
}

TEST_F(failure, same_filled_comes_back)
{
	page_make(self->mem + AT, PAGE_SAME_FILLED, EQUAL_WORDS);
	ASSERT_TRUE(make_clean(self->fd, self->mem));
	expect_comes_back(_metadata, self->fd, self->mem);
	EXPECT_TRUE(page_is(self->mem + AT, PAGE_SAME_FILLED, EQUAL_WORDS));
}

TEST_F(failure, zero_comes_back)
{
	ASSERT_EQ(0, discard(self->fd, AT, PAGE));
	ASSERT_EQ(0, touch(self->mem + AT));
	ASSERT_TRUE(is_resident(self->fd, AT));
	expect_comes_back(_metadata, self->fd, self->mem);
	EXPECT_TRUE(is_zero(self->mem + AT, PAGE));
}

/* ------------------------------------------------------------- who is told of it */

/* The next event of one of two kinds; of kind 0 when none comes. */
static struct policy_event next_event(struct policy *p, uint32_t a, uint32_t b)
{
	struct policy_event event;

	while (!policy_event(p, &event))
		if (event.kind == a || event.kind == b)
			return event;
	return (struct policy_event){};
}

TEST_F(failure, loss_is_an_event)
{
	struct policy_event event;
	struct policy p;

	ASSERT_EQ(0, policy_listen(&p));
	ASSERT_EQ(0, lose_page(self->mem + AT));
	ASSERT_EQ(0, policy_once_vm_set(self->stat.id, VMSWAP_A_VM_PREFETCH, 0));
	event = next_event(&p, VMSWAP_EVENT_KIND_PAGE_LOST, VMSWAP_EVENT_KIND_VM_CHANGED);
	EXPECT_EQ(VMSWAP_EVENT_KIND_PAGE_LOST, event.kind);
	EXPECT_EQ(self->stat.id, event.vm);
	EXPECT_EQ(AT, event.offset);
	policy_close(&p);
}

TEST_F(failure, nothing_lost_is_no_event)
{
	struct policy_event event;
	struct policy p;

	ASSERT_TRUE(make_clean(self->fd, self->mem));
	ASSERT_EQ(0, policy_listen(&p));
	EXPECT_EQ(0, break_page(self->mem + AT, MADV_HWPOISON));
	ASSERT_EQ(0, policy_once_vm_set(self->stat.id, VMSWAP_A_VM_PREFETCH, 0));
	event = next_event(&p, VMSWAP_EVENT_KIND_PAGE_LOST, VMSWAP_EVENT_KIND_VM_CHANGED);
	EXPECT_EQ(VMSWAP_EVENT_KIND_VM_CHANGED, event.kind);
	policy_close(&p);
}

/* ------------------------------------------------- a device that gives nothing back */

#define DISK		"unread"
#define DEVICE		"vmswap-unread"

static bool device_break(void)
{
	return dm_change(DEVICE, "0 32768 error");
}

static bool device_overwrite(void)
{
	return run("dd if=/dev/urandom of=/dev/" DISK " bs=1M count=16 oflag=direct status=none");
}

FIXTURE(unreadable)
{
	struct test_mount mnt;
	int fd;
	uint8_t *mem;
};

FIXTURE_VARIANT(unreadable)
{
	bool (*spoil)(void);
};

FIXTURE_VARIANT_ADD(unreadable, errors)
{
	.spoil = device_break,
};

/* The checksum tells. */
FIXTURE_VARIANT_ADD(unreadable, other_bytes)
{
	.spoil = device_overwrite,
};

/* A guest that reads a page whose only copy is on the device. */
FIXTURE_SETUP(unreadable)
{
	ASSERT_EQ(0, bus_catch());
	ASSERT_EQ(0, disk_make(DISK, 16));
	ASSERT_TRUE(dm_make(DEVICE, "0 32768 linear /dev/" DISK " 0"));
	ASSERT_EQ(0, policy_once(policy_tier_add_block, DISK, DM_DIR DEVICE, 0));
	self->fd = mapped_open(&self->mnt, NULL, FILE_SIZE, &self->mem);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, vm_use_tier(self->fd, DISK));
	fill_pages(self->mem, FILE_PAGES);
	ASSERT_TRUE(evict_page(self->fd, AT));
	ASSERT_TRUE(variant->spoil());
}

FIXTURE_TEARDOWN(unreadable)
{
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, FILE_SIZE));
	EXPECT_EQ(0, policy_once_tier_del(DISK));
	EXPECT_TRUE(dm_remove(DEVICE));
	EXPECT_EQ(0, disk_remove(DISK));
}

TEST_F(unreadable, thread_is_told)
{
	EXPECT_EQ(BUS_MCEERR_AR, touch(self->mem + AT));
	expect_lost(_metadata, self->fd, self->mem);
}

TEST_F(unreadable, call_is_told)
{
	expect_calls_told(_metadata, self->fd, self->mem);
	expect_lost(_metadata, self->fd, self->mem);
}

TEST_F(unreadable, guest_is_told)
{
	struct kvm_guest g;

	if (!kvm_usable())
		SKIP(return, "%s", "no /dev/kvm");
	memcpy(self->mem, reads_page, sizeof(reads_page));
	ASSERT_EQ(0, kvm_guest_begin(&g, self->mem, FILE_SIZE));
	expect_guest_told(_metadata, &g, self->fd, self->mem);
	EXPECT_EQ(0, poisoned_bytes(self->fd));
	kvm_guest_end(&g);
}

/* ----------------------------------------------------- copies of private mappings */

FIXTURE(copies)
{
	struct test_mount mnt;
	int fd;
	uint8_t *mem, *own;
};

FIXTURE_SETUP(copies)
{
	self->fd = mapped_open(&self->mnt, "private=allow", FILE_SIZE, &self->mem);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, vm_read_single(self->fd));
	fill_pages(self->mem, FILE_PAGES);
	self->own = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, self->fd, 0);
	ASSERT_NE(MAP_FAILED, self->own);
	page_make(self->own + AT, PAGE_COMPRESSIBLE, BROKEN);
}

FIXTURE_TEARDOWN(copies)
{
	munmap(self->own, FILE_SIZE);
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, FILE_SIZE));
}

/* Who had it mapped is told, for to take that back would take the copy, too. */
static void expect_copy_stays(struct __test_metadata *_metadata, uint8_t *mem, uint8_t *own)
{
	EXPECT_EQ(BUS_MCEERR_AR, touch(mem + AT));
	ASSERT_EQ(0, touch(own + AT));
	EXPECT_TRUE(page_is(own + AT, PAGE_COMPRESSIBLE, BROKEN));
	EXPECT_TRUE(others_filled(mem));
	EXPECT_TRUE(others_filled(own));
}

TEST_F(copies, stay_when_the_bytes_are_known)
{
	uint8_t *other;

	ASSERT_TRUE(make_clean(self->fd, self->mem));
	EXPECT_EQ(0, break_page(self->mem + AT, MADV_HWPOISON));
	EXPECT_EQ(0, poisoned_bytes(self->fd));
	expect_copy_stays(_metadata, self->mem, self->own);
	other = map_shared(self->fd, FILE_SIZE);
	ASSERT_NE(MAP_FAILED, other);
	ASSERT_EQ(0, touch(other + AT));
	EXPECT_TRUE(pages_filled(other, FILE_PAGES));
	munmap(other, FILE_SIZE);
}

TEST_F(copies, stay_when_a_lost_page_is_discarded)
{
	uint8_t *other, page[PAGE];

	ASSERT_EQ(0, lose_page(self->mem + AT));
	expect_copy_stays(_metadata, self->mem, self->own);
	ASSERT_EQ(0, discard(self->fd, AT, PAGE));
	expect_copy_stays(_metadata, self->mem, self->own);
	EXPECT_EQ(0, poisoned_bytes(self->fd));
	ASSERT_EQ(PAGE, pread(self->fd, page, PAGE, AT));
	EXPECT_TRUE(is_zero(page, PAGE));
	/* Mapped anew it can be used. */
	other = map_shared(self->fd, FILE_SIZE);
	ASSERT_NE(MAP_FAILED, other);
	expect_healed(_metadata, self->fd, other);
	munmap(other, FILE_SIZE);
}

/* --------------------------------------------------------------- about to break */

/* Errors that were corrected announce one that will not be: the page moves away. */
static void expect_moves(struct __test_metadata *_metadata, int fd, uint8_t *mem)
{
	uint64_t frame = frame_of(mem + AT);

	ASSERT_NE(0, frame);
	EXPECT_EQ(0, break_page(mem + AT, MADV_SOFT_OFFLINE));
	EXPECT_EQ(0, poisoned_bytes(fd));
	ASSERT_EQ(0, touch(mem + AT));
	EXPECT_NE(frame, frame_of(mem + AT));
	EXPECT_TRUE(pages_filled(mem, FILE_PAGES));
	EXPECT_TRUE(evict_page(fd, AT));
	EXPECT_TRUE(pages_filled(mem, FILE_PAGES));
}

TEST_F(failure, soft_offline_of_written)
{
	expect_moves(_metadata, self->fd, self->mem);
}

TEST_F(failure, soft_offline_of_clean)
{
	ASSERT_TRUE(make_clean(self->fd, self->mem));
	expect_moves(_metadata, self->fd, self->mem);
}

TEST_ORDER_LAST

int main(int argc, char **argv)
{
	int ret;

	bus_catch();
	if (geteuid() || !can_break() || !brd_make()) {
		printf("1..0 # SKIP needs root, CONFIG_MEMORY_FAILURE and brd\n");
		return KSFT_SKIP;
	}
	test_seed_init(argc, argv);
	test_choose();
	ret = device_tier_add();
	if (ret) {
		printf("Bail out! tier add: %s\n", strerror(-ret));
		return KSFT_FAIL;
	}
	ret = test_run_in_child(argc, argv);
	if (test_tier_del() || !brd_remove()) {
		printf("# the tier cannot be removed, or something leaked\n");
		ret = KSFT_FAIL;
	}
	return ret;
}

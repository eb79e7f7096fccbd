// SPDX-License-Identifier: GPL-2.0
/*
 * fault-nowait.c - a fault that must not wait does not reclaim memory, nor does it fail.
 *
 * KVM asks for a page of its guest with FAULT_FLAG_RETRY_NOWAIT first, and again without
 * when it gets none.  The kernel is told to refuse pages to this thread, but only where
 * reclaim is not allowed (fail_page_alloc, the debug kernel): the first time each page is
 * refused then, and the second time it is not.
 */
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

VMSWAP_TEST_MAIN

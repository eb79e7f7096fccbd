// SPDX-License-Identifier: GPL-2.0
/*
 * fault-nowait.c - a fault that must not wait does not reclaim memory, nor does it fail.
 *
 * KVM asks for a page of its guest with FAULT_FLAG_RETRY_NOWAIT first, and again without
 * when it gets none.  The kernel is told to refuse pages to this thread, but only where
 * reclaim is not allowed (fail_page_alloc, the debug kernel): the first time each page is
 * refused then, and the second time it is not.
 */
#include <linux/kvm.h>

#include "test-lib.h"

#define KNOBS		"/sys/kernel/debug/fail_page_alloc/"
#define LEAF		(512 * PAGE)	/* what one leaf of page words stands for */
#define SIZE		(2 * LEAF)
#define GUEST_BASE	(LEAF - PAGE)	/* the guest's first page has another leaf */
#define GUEST_SIZE	(64 * 1024)
#define FIRST		0x4000
#define SECOND		0x5000

/* mov [FIRST], al; mov [SECOND], al; hlt */
static const uint8_t code[] = { 0xa2, 0x00, 0x40, 0xa2, 0x00, 0x50, 0xf4 };

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

/* A virtual machine in real mode, whose one processor is at address 0. */
FIXTURE(nowait)
{
	struct test_mount mnt;
	uint8_t *mem, *guest;
	int fd, kvm, vm, cpu;
};

static int guest_begin(struct _test_data_nowait *self)
{
	struct kvm_userspace_memory_region slot = {
		.memory_size = GUEST_SIZE,
		.userspace_addr = (uintptr_t)self->guest,
	};
	struct kvm_regs regs = { .rflags = 2, .rax = 0x5a };
	struct kvm_sregs sregs;

	memcpy(self->guest, code, sizeof(code));
	self->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	self->vm = ioctl(self->kvm, KVM_CREATE_VM, 0);
	if (self->vm < 0 || ioctl(self->vm, KVM_SET_USER_MEMORY_REGION, &slot))
		return -errno;
	self->cpu = ioctl(self->vm, KVM_CREATE_VCPU, 0);
	if (self->cpu < 0 || ioctl(self->cpu, KVM_GET_SREGS, &sregs))
		return -errno;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	return ioctl(self->cpu, KVM_SET_SREGS, &sregs) ||
	       ioctl(self->cpu, KVM_SET_REGS, &regs) ? -errno : 0;
}

FIXTURE_SETUP(nowait)
{
	if (access(KNOBS, X_OK) || access("/dev/kvm", R_OK | W_OK))
		SKIP(return, "%s", "no /dev/kvm, or a kernel that refuses nothing");
	ASSERT_EQ(0, knobs_set());
	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
	self->fd = file_make(&self->mnt, "vm", SIZE);
	ASSERT_LE(0, self->fd);
	self->mem = map_shared(self->fd, SIZE);
	ASSERT_NE(MAP_FAILED, self->mem);
	self->guest = self->mem + GUEST_BASE;
	ASSERT_EQ(0, guest_begin(self));
}

FIXTURE_TEARDOWN(nowait)
{
	refuse(false);
	close(self->cpu);
	close(self->vm);
	close(self->kvm);
	munmap(self->mem, SIZE);
	close(self->fd);
	EXPECT_EQ(0, test_umount(&self->mnt));
}

static int guest_run(struct _test_data_nowait *self)
{
	int ret = refuse(true) ?: ioctl(self->cpu, KVM_RUN, 0) ? -errno : 0;

	return refuse(false) ?: ret;
}

/* The leaf is refused, with it the page; then the page alone. */
TEST_F(nowait, untouched)
{
	struct vmswap_vm_stat before, after;

	ASSERT_EQ(0, vm_stat(self->fd, &before));
	ASSERT_EQ(0, guest_run(self));
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
	ASSERT_EQ(0, guest_run(self));
	ASSERT_EQ(0, vm_stat(self->fd, &after));
	EXPECT_EQ(2, after.faults_async - before.faults_async);
	EXPECT_EQ(2, after.faults_major - before.faults_major);
	EXPECT_EQ(0x5a, self->guest[FIRST]);
	page_make(self->mem, PAGE_COMPRESSIBLE, 1);
	EXPECT_EQ(0, memcmp(self->mem + 1, self->guest + FIRST + 1, PAGE - 1));
}

VMSWAP_TEST_MAIN

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kvm.h - a virtual machine of a test's own, without QEMU: one CPU in real mode, which
 * runs what lies at address 0.
 */
#ifndef SELFTESTS_KVM_H
#define SELFTESTS_KVM_H

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct kvm_guest {
	int kvm, vm, cpu;
};

static inline bool kvm_usable(void)
{
	return !access("/dev/kvm", R_OK | W_OK);
}

static inline int kvm_guest_begin(struct kvm_guest *g, uint8_t *mem, size_t size)
{
	struct kvm_userspace_memory_region slot = {
		.memory_size = size,
		.userspace_addr = (uintptr_t)mem,
	};
	struct kvm_regs regs = { .rflags = 2 };
	struct kvm_sregs sregs;

	g->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	g->vm = ioctl(g->kvm, KVM_CREATE_VM, 0);
	if (g->vm < 0 || ioctl(g->vm, KVM_SET_USER_MEMORY_REGION, &slot))
		return -errno;
	g->cpu = ioctl(g->vm, KVM_CREATE_VCPU, 0);
	if (g->cpu < 0 || ioctl(g->cpu, KVM_GET_SREGS, &sregs))
		return -errno;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	return ioctl(g->cpu, KVM_SET_SREGS, &sregs) || ioctl(g->cpu, KVM_SET_REGS, &regs) ?
	       -errno : 0;
}

/* Until it halts. */
static inline int kvm_guest_run(struct kvm_guest *g)
{
	return ioctl(g->cpu, KVM_RUN, 0) ? -errno : 0;
}

static inline void kvm_guest_end(struct kvm_guest *g)
{
	close(g->cpu);
	close(g->vm);
	close(g->kvm);
}

#endif /* SELFTESTS_KVM_H */

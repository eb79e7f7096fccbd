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

/*
 * Its instructions, as bytes: an address is below 64 KiB.  X86_JMP_BACK is to what stands
 * so many bytes before it.
 */
#define X86_SET_AL(value)	0xb0, (value)
#define X86_LOAD_AL(at)		0xa0, (at) & 0xff, (at) >> 8
#define X86_STORE_AL(at)	0xa2, (at) & 0xff, (at) >> 8
#define X86_HLT			0xf4
#define X86_JMP_BACK(bytes)	0xeb, 0xfe - (bytes)

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

/* The lowest byte of RAX; -errno when it cannot be had. */
static inline int kvm_guest_al(struct kvm_guest *g)
{
	struct kvm_regs regs;

	return ioctl(g->cpu, KVM_GET_REGS, &regs) ? -errno : (int)(regs.rax & 0xff);
}

static inline void kvm_guest_end(struct kvm_guest *g)
{
	close(g->cpu);
	close(g->vm);
	close(g->kvm);
}

#endif /* SELFTESTS_KVM_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Keep one virtual machine with one virtual CPU until the end of the host, and
 * print the process that holds it.
 *
 * With the first VM of a host, and after its last, KVM patches code that every
 * CPU runs when it switches tasks. An emulator with a thread per CPU may
 * translate an instruction at the moment in which another CPU replaces it, and
 * keep what it has read, a breakpoint: the CPU then meets it for ever, while the
 * kernel finds none and tries again. QEMU before 8.1 does ("accel/tcg: Always
 * lock pages before translation"); a test that starts and kills guests hung in
 * one of fifty.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int ask(int fd, const char *what, unsigned long request)
{
	int ret = ioctl(fd, request, 0);

	if (ret < 0)
		err(1, "%s", what);
	return ret;
}

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR);
	pid_t child;
	int vm;

	if (kvm < 0)
		err(1, "/dev/kvm");
	vm = ask(kvm, "KVM_CREATE_VM", KVM_CREATE_VM);
	/* A local APIC that nobody switched on is counted in the same way. */
	ask(vm, "KVM_CREATE_IRQCHIP", KVM_CREATE_IRQCHIP);
	ask(vm, "KVM_CREATE_VCPU", KVM_CREATE_VCPU);
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (!child) {
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		for (;;)
			pause();
	}
	printf("%d\n", child);
	return 0;
}

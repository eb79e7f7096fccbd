// SPDX-License-Identifier: GPL-2.0
/*
 * The processes that map the memory of a VM: what of theirs keeps pages in memory,
 * or does not work on vmswapfs.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "findings.h"
#include "vmm.h"

/* More than any command line of QEMU's; a longer one is not judged. */
#define CMDLINE_MAX	(128 << 10)

void ctl_vmm_add_fd(struct ctl_vmm *vmm, const char *target)
{
	if (!strncmp(target, "anon_inode:kvm-vm", 17))
		vmm->has_kvm = true;
	else if (!strncmp(target, "/dev/vfio/", 10))
		vmm->has_vfio = true;
	else if (!strcmp(target, "/dev/iommu"))
		vmm->has_iommufd = true;
	else if (!strcmp(target, "anon_inode:[userfaultfd]"))
		vmm->has_userfaultfd = true;
	else if (!strcmp(target, "anon_inode:[guest_memfd]") ||
		 !strcmp(target, "anon_inode:[kvm-gmem]"))
		vmm->has_guest_memfd = true;
	else if (!strcmp(target, "/dev/sev"))
		vmm->has_sev = true;
}

static bool add_fd(const char *path, const char *target, void *vmm)
{
	ctl_vmm_add_fd(vmm, target);
	return false;
}

static size_t read_all(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return 0;
	while (len < size && (n = read(fd, buf + len, size - len)) > 0)
		len += n;
	close(fd);
	return len;
}

static bool is_qemu(const char *words)
{
	const char *slash = strrchr(words, '/');
	const char *name = slash ? slash + 1 : words;

	return !strncmp(name, "qemu-system-", 12) || !strcmp(name, "kvm");
}

static void check_async(struct findings *f, const char *pid)
{
	char *words = malloc(CMDLINE_MAX), name[64];
	const char *why = NULL;
	size_t size;

	if (!words)
		abort();
	snprintf(name, sizeof(name), "/proc/%.20s/cmdline", pid);
	size = read_all(name, words, CMDLINE_MAX);
	if (size && !words[size - 1] && is_qemu(words))
		why = ctl_qemu_without_async_pf(words, size);
	if (why)
		ctl_finding(f, FINDING_NOTE, "vm-async-pf",
			    "start QEMU with: -cpu host\nor with: -cpu MODEL,kvm-asyncpf-int=on\nthe guest needs Linux 5.9 or later with CONFIG_KVM_GUEST",
			    "process %s does not offer asynchronous page faults to its guest (%s): a virtual CPU waits while a page is read from a device",
			    pid, why);
	free(words);
}

static void check_pins(struct findings *f, const struct ctl_vmm *vmm,
		       const char *pid)
{
	if (vmm->has_vfio)
		ctl_finding(f, FINDING_PROBLEM, "vfio",
			    "use virtio devices, or do not over-commit this VM",
			    "process %s has devices passed through (VFIO), which pin all memory of the guest: nothing can leave",
			    pid);
	if (vmm->has_iommufd)
		ctl_finding(f, FINDING_PROBLEM, "iommufd",
			    "use virtio devices, or do not over-commit this VM",
			    "process %s has /dev/iommu open: memory mapped there by address is pinned, and by file descriptor it cannot be mapped at all",
			    pid);
	if (vmm->has_sev || vmm->has_guest_memfd)
		ctl_finding(f, FINDING_PROBLEM, "encrypted",
			    "do not over-commit encrypted guests",
			    "process %s runs an encrypted guest: its memory is pinned, or not in this file",
			    pid);
}

static void check_process(struct findings *f, const struct ctl_vmm *vmm,
			  const char *pid)
{
	if (vmm->maps_privately)
		ctl_finding(f, FINDING_PROBLEM, "private",
			    "in QEMU give the memory backend share=on; other programs map with MAP_SHARED",
			    "process %s maps its memory privately: what it writes there is not under vmswap",
			    pid);
	if (vmm->is_misaligned)
		ctl_finding(f, FINDING_NOTE, "alignment",
			    "in QEMU give the memory backend align=2M",
			    "process %s maps its memory at an address that is not aligned to 2 MiB: huge mappings will not be possible; there are none yet",
			    pid);
	check_pins(f, vmm, pid);
	if (vmm->has_userfaultfd)
		ctl_finding(f, FINDING_NOTE, "userfaultfd",
			    "migrate by precopy; snapshot while the guest is stopped",
			    "process %s has a userfaultfd: on this memory it is refused, so postcopy migration and background snapshots fail",
			    pid);
	if (vmm->has_kvm)
		check_async(f, pid);
}

struct examination {
	struct findings *f;
	struct vmswap_vm vm;
	bool is_known;		/* the device of its files is */
	size_t unread;
};

typedef void (*process_fn)(const char *pid, struct examination *e);

static void each_process(process_fn fn, struct examination *e)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return;
	while ((entry = readdir(proc))) {
		if (isdigit((unsigned char)entry->d_name[0]))
			fn(entry->d_name, e);
	}
	closedir(proc);
}

static void find_device(const char *pid, struct examination *e)
{
	if (!e->is_known)
		e->is_known = ctl_nameless_find(pid, &e->vm);
}

static void examine(const char *pid, struct examination *e)
{
	struct ctl_vmm vmm = { 0 };
	int ret = ctl_vmm_read_maps(&vmm, pid, &e->vm);

	e->unread += ret == -EACCES || ret == -EPERM;
	if (ret <= 0)
		return;
	ctl_proc_links(pid, "fd", add_fd, &vmm);
	check_process(e->f, &vmm, pid);
}

static void tell_unread(const struct examination *e)
{
	if (e->unread)
		ctl_finding(e->f, FINDING_NOTE, "processes",
			    "run doctor as root",
			    "%zu process%s may not be read: whether they map it, and what stands in its way there, is not known",
			    e->unread, e->unread == 1 ? "" : "es");
	else if (!e->is_known)
		ctl_finding(e->f, FINDING_NOTE, "processes",
			    "run doctor as root, where all processes are seen",
			    "no process was found that has this VM of /dev/vmswap: its VMM was not looked at");
}

void ctl_doctor_vmms(struct findings *f, const struct vmswap_vm *vm)
{
	struct examination e = {
		.f = f, .vm = *vm, .is_known = VMSWAP_HAS(vm, VM, DEV_MAJOR),
	};

	if (!vm->name)
		return;
	each_process(find_device, &e);
	each_process(examine, &e);
	tell_unread(&e);
}

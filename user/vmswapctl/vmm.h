/* SPDX-License-Identifier: GPL-2.0 */
/* What doctor looks at in a process that maps the memory of a VM. */
#ifndef VMSWAPCTL_VMM_H
#define VMSWAPCTL_VMM_H

#include <stdbool.h>
#include <stddef.h>

#include "vmswap.h"

#define CTL_HUGE_PAGE	(2ull << 20)

struct ctl_mapping {
	const char *path;	/* in the line that was parsed */
	bool is_private;
	bool is_misaligned;	/* address and offset differ below 2 MiB */
};

struct ctl_vmm {
	bool maps_privately;
	bool is_misaligned;
	/* What it has open. */
	bool has_kvm;
	bool has_vfio;
	bool has_iommufd;
	bool has_userfaultfd;
	bool has_guest_memfd;
	bool has_sev;
};

/* mappings.c: a line of /proc/PID/maps; false: of another device, or no mapping. */
bool ctl_mapping_parse(char *line, unsigned int major, unsigned int minor,
		       struct ctl_mapping *m);
/* 1: the process maps @vm; 0: nothing of it; -errno: it cannot be read. */
int ctl_vmm_read_maps(struct ctl_vmm *vmm, const char *pid,
		      const struct vmswap_vm *vm);

/*
 * nameless.c: which device the file of a VM of /dev/vmswap has, and the name that /proc
 * shows; false: this process has it neither open nor mapped.
 */
bool ctl_nameless_find(const char *pid, struct vmswap_vm *vm);
/* Hands each link in /proc/PID/@in, by its path, to @fn until that says true. */
typedef bool (*ctl_link_fn)(const char *path, const char *target, void *arg);
void ctl_proc_links(const char *pid, const char *in, ctl_link_fn fn, void *arg);

/* vmm.c: what a link in /proc/PID/fd says. */
void ctl_vmm_add_fd(struct ctl_vmm *vmm, const char *target);

/*
 * qemu.c: which word of QEMU's command line keeps asynchronous page faults from
 * its guest, or NULL. @words are @size bytes, each word with a NUL behind it, as in
 * /proc/PID/cmdline; the word is in there, or constant.
 */
const char *ctl_qemu_without_async_pf(const char *words, size_t size);

#endif

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
/* False: the process maps nothing of @vm. */
bool ctl_vmm_read_maps(struct ctl_vmm *vmm, const char *pid,
		       const struct vmswap_vm *vm);

/* vmm.c: what a link in /proc/PID/fd says. */
void ctl_vmm_add_fd(struct ctl_vmm *vmm, const char *target);

/*
 * qemu.c: which word of QEMU's command line keeps asynchronous page faults from
 * its guest, or NULL. @words are @size bytes, each word with a NUL behind it, as in
 * /proc/PID/cmdline; the word is in there, or constant.
 */
const char *ctl_qemu_without_async_pf(const char *words, size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Does a device or file hold something that somebody may want to keep? */
#ifndef VMSWAPCTL_PROBE_H
#define VMSWAPCTL_PROBE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * 0 nothing was found; 1 something was, which @what names ("ext4 (label x)",
 * "a dos partition table"); -errno it cannot be told.
 */
int ctl_probe_signature(const char *path, char *what, size_t size);

/* Whether somebody has the block device for himself: a mount, swap, a tier. */
bool ctl_probe_in_use(const char *path);

#endif

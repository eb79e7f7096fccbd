/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VMSWAPCTL_MOUNTED_H
#define VMSWAPCTL_MOUNTED_H

/* @table: as /proc/self/mounts. Where its first vmswapfs is, to be freed, or NULL. */
char *ctl_mounted_vmswapfs(const char *table);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* ioctl.h - the ioctls of regions. */
#ifndef VMSWAP_IOCTL_H
#define VMSWAP_IOCTL_H

struct file;

/* Process context, may sleep; an errno as uapi/linux/vmswap.h says. */
long vmswap_ioctl_region(struct file *file, unsigned int cmd, unsigned long arg);
long vmswap_ioctl_get_info(void __user *arg);

#endif /* VMSWAP_IOCTL_H */

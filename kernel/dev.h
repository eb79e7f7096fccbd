/* SPDX-License-Identifier: GPL-2.0 */
/* dev.h - /dev/vmswap, and the ioctls of regions. */
#ifndef VMSWAP_DEV_H
#define VMSWAP_DEV_H

struct file;

long vmswap_file_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
int vmswap_dev_init(void);
void vmswap_dev_exit(void);

#endif /* VMSWAP_DEV_H */

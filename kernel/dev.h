/* SPDX-License-Identifier: GPL-2.0 */
/* dev.h - /dev/vmswap. */
#ifndef VMSWAP_DEV_H
#define VMSWAP_DEV_H

int vmswap_dev_init(void);
void vmswap_dev_exit(void);

#endif /* VMSWAP_DEV_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Settings of a VM. */
#ifndef VMSWAPCTL_VM_KEYS_H
#define VMSWAPCTL_VM_KEYS_H

#include "keys.h"

#define CTL_NR_VM_KEYS	9

/* Their object is a struct vmswap_vm. */
extern const struct key ctl_vm_keys[CTL_NR_VM_KEYS];

#endif

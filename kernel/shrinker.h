/* SPDX-License-Identifier: GPL-2.0 */
/* shrinker.h - how the kernel's memory reclaim asks VMs for pages. */
#ifndef VMSWAP_SHRINKER_H
#define VMSWAP_SHRINKER_H

struct vmswap_vm;

/* Process context, may sleep; add: policy_lock held. */
void vmswap_shrinker_add(struct vmswap_vm *vm);
void vmswap_shrinker_del(struct vmswap_vm *vm);
int vmswap_shrinker_init(void);
void vmswap_shrinker_exit(void);

#endif /* VMSWAP_SHRINKER_H */

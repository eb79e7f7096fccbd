/* SPDX-License-Identifier: GPL-2.0 */
/* reclaim.h - who leaves memory, and when: limits and the clock. */
#ifndef VMSWAP_RECLAIM_H
#define VMSWAP_RECLAIM_H

#include <linux/kthread.h>
#include <linux/types.h>

#include "tier.h"

/* Before a page comes in: process context; with @nowait it waits for no device. */
int vmswap_reclaim_admit(struct vmswap_vm *vm, bool nowait);

/* Process context; may wait for the devices of tiers. */
unsigned long vmswap_reclaim_some(struct vmswap_vm *vm, unsigned long nr);

/* Any context. */
bool vmswap_reclaim_has_room(struct vmswap_vm *vm);
bool vmswap_reclaim_is_low(struct vmswap_vm *vm);
unsigned long vmswap_reclaim_spare(struct vmswap_vm *vm, bool untouched);

/* Memory reclaim: any lock may be held; tries locks, waits for I/O only when told to. */
unsigned long vmswap_reclaim_direct(struct vmswap_vm *vm, unsigned long nr,
				    enum vmswap_store_where where, int nid);

/* Must not sleep: the folios of other runs may be locked. */
typedef void (*vmswap_tell_fn)(unsigned long nr);

/* Process context, no lock held. */
unsigned long vmswap_reclaim_node(struct vmswap_vm *vm, unsigned long nr, int nid,
				  vmswap_tell_fn tell);

/* Process context, no lock held: wait, killably, until the VM has room again. */
int vmswap_reclaim_wait(struct vmswap_vm *vm);

/* Process context: bring the VM within its limit; stops when killed or stuck. */
int vmswap_reclaim_to_limit(struct vmswap_vm *vm, unsigned long timeout);

/* Any context; pages, of a limit ULONG_MAX when there is none. */
unsigned long vmswap_reclaim_limit(struct vmswap_vm *vm);
unsigned long vmswap_reclaim_offer(struct vmswap_vm *vm);
unsigned long vmswap_reclaim_offer_direct(struct vmswap_vm *vm);

/* Any context. */
void vmswap_reclaim_unstick(struct vmswap_vm *vm);
void vmswap_reclaim_kick(struct vmswap_vm *vm);
u32 vmswap_reclaim_full(void);
void vmswap_reclaim_set_full(u32 full);

/* In the VM's own thread. */
void vmswap_reclaim_worker(struct kthread_work *work);

/* A work of the system's workqueue; does not wait. */
void vmswap_reclaim_retry(struct work_struct *work);

#endif /* VMSWAP_RECLAIM_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* pressure.h - the host runs out of memory. */
#ifndef VMSWAP_PRESSURE_H
#define VMSWAP_PRESSURE_H

#include <linux/kthread.h>

/* Any context: pages that the node lacks until reclaim of the kernel would stop. */
unsigned long vmswap_node_shortage(int nid);

/* Any context: would the kernel kill next? */
bool vmswap_pressure_is_last_word(void);
bool vmswap_pressure_is_waited_for(void);

/* In the VM's own thread. */
void vmswap_pressure_relieve(struct kthread_work *work);

/* Any context: start the host's worker if it has work. */
void vmswap_pressure_kick(void);

/* Any context: VMs may have something to give again. */
void vmswap_pressure_unstick(void);

/* Fault path, before a page is added; cheap. */
void vmswap_pressure_check(void);

int vmswap_pressure_init(void);
void vmswap_pressure_exit(void);

#endif /* VMSWAP_PRESSURE_H */

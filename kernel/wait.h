/* SPDX-License-Identifier: GPL-2.0 */
/* wait.h - wait for a folio that somebody else has locked. */
#ifndef VMSWAP_WAIT_H
#define VMSWAP_WAIT_H

#include <linux/mm.h>

/* Process context, sleep; no lock that others need. */
int vmswap_wait_folio(struct folio *folio, struct mm_struct *mm);
void vmswap_wait_folio_fault(struct folio *folio, struct mm_struct *mm, enum fault_flag flags);

/* Any context: a kernel thread that faults for an mm whose last task is gone. */
bool vmswap_serves_nobody(struct mm_struct *mm);

#endif /* VMSWAP_WAIT_H */

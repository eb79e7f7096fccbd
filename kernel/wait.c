// SPDX-License-Identifier: GPL-2.0
/* wait.c - wait for a folio that somebody else has locked. */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "populate.h"

/*
 * A kernel thread waits in slices, to see whether it still has an mm to serve.  Our
 * own unlocks wake it; those of migration and truncation do not: the first slices
 * are short.
 */
#define FIRST_SLICE	1
#define LAST_SLICE	(HZ / 10)

/* A kernel thread that faults for an mm whose last task is gone. */
bool vmswap_serves_nobody(struct mm_struct *mm)
{
#ifdef CONFIG_MEMCG
	struct task_struct *owner;
	bool dead;

	if (!(current->flags & PF_KTHREAD))
		return false;
	rcu_read_lock();
	owner = rcu_dereference(mm->owner);
	dead = !owner || (owner->flags & PF_EXITING);
	rcu_read_unlock();
	return dead;
#else
	return false;
#endif
}

/*
 * Wait until somebody else unlocks the folio.  KVM's async page fault worker has
 * no signals, and a dying VMM waits for it: it gives up with the mm's last task.
 */
int vmswap_wait_folio(struct folio *folio, struct mm_struct *mm)
{
	long slice = FIRST_SLICE;

	if (!(current->flags & PF_KTHREAD))
		return folio_wait_locked_killable(folio);
	while (folio_test_locked(folio)) {
		if (mm && vmswap_serves_nobody(mm))
			return -EINTR;
		wait_var_event_timeout(&folio->flags, !folio_test_locked(folio), slice);
		slice = min_t(long, 2 * slice, LAST_SLICE);
	}
	return 0;
}

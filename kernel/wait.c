// SPDX-License-Identifier: GPL-2.0
/* wait.c - wait for a folio that somebody else has locked. */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/psi.h>
#include <linux/sched/signal.h>
#include <linux/wait_bit.h>

#include "wait.h"

/*
 * A kernel thread waits in slices, to see whether it still has an mm to serve.  Our
 * own unlocks wake it; those of migration and truncation do not: the first slices
 * are short.
 */
#define FIRST_SLICE	1
#define LAST_SLICE	(HZ / 10)

bool vmswap_serves_nobody(struct mm_struct *mm)
{
	struct task_struct *owner;
	bool dead;

	if (!(current->flags & PF_KTHREAD))
		return false;
	rcu_read_lock();
	owner = rcu_dereference(mm->owner);
	dead = !owner || (owner->flags & PF_EXITING);
	rcu_read_unlock();
	return dead;
}

/*
 * Sleep for at most @slice until the folio is unlocked.  The kernel's own wait for a
 * folio accounts the stall by itself; this one is ours.
 */
static long wait_slice(struct folio *folio, long slice, int state)
{
	bool stall = folio_test_workingset(folio) && !folio_test_uptodate(folio);
	unsigned long flags;
	long ret;

	if (stall)
		psi_memstall_enter(&flags);
	ret = ___wait_var_event(&folio->flags, ___wait_cond_timeout(!folio_test_locked(folio)),
				state, 0, slice, __ret = schedule_timeout(__ret));
	if (stall)
		psi_memstall_leave(&flags);
	return ret;
}

/*
 * In slices, for not everybody who unlocks a folio tells us.  Returns -EINTR on a
 * signal, or when nobody is left that @mm serves.
 */
static int wait_in_slices(struct folio *folio, struct mm_struct *mm, int state)
{
	long slice = FIRST_SLICE;

	while (folio_test_locked(folio)) {
		if (mm && vmswap_serves_nobody(mm))
			return -EINTR;
		if (wait_slice(folio, slice, state) < 0)
			return -EINTR;
		slice = min_t(long, 2 * slice, LAST_SLICE);
	}
	return 0;
}

/**
 * vmswap_wait_folio() - wait until somebody else unlocks a folio
 * @folio: the folio
 * @mm: whom a kernel thread serves, or NULL
 *
 * KVM's async page fault worker has no signals, and a dying VMM waits for it: it
 * gives up with the mm's last task.  All others wait killably.
 *
 * Return: 0 or -EINTR.
 */
int vmswap_wait_folio(struct folio *folio, struct mm_struct *mm)
{
	if (current->flags & PF_KTHREAD)
		return wait_in_slices(folio, mm, TASK_UNINTERRUPTIBLE);
	return folio_wait_locked_killable(folio);
}

/*
 * A fault in user mode, and KVM's, go on after the signal was taken.  One in a system
 * call is tried again with the signal still pending: from then on only killably.
 */
static bool is_interruptible(enum fault_flag flags)
{
	return flags & FAULT_FLAG_INTERRUPTIBLE && !(current->flags & PF_KTHREAD) &&
	       (flags & FAULT_FLAG_USER || !(flags & FAULT_FLAG_TRIED) ||
		!signal_pending(current));
}

/**
 * vmswap_wait_folio_fault() - the same for a page fault that is tried again then
 * @folio: the folio
 * @mm: the fault's; its lock is not held any more
 * @flags: the fault's
 */
void vmswap_wait_folio_fault(struct folio *folio, struct mm_struct *mm, enum fault_flag flags)
{
	/* Interrupted or not: the caller looks for signals before it tries again. */
	if (is_interruptible(flags))
		wait_in_slices(folio, NULL, TASK_INTERRUPTIBLE);
	else
		vmswap_wait_folio(folio, mm);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * fault.c - bring pages in: page faults, and the same for system calls.
 *
 * The life of a fault:
 *
 *   word poisoned? ------------------------------------------> HWPOISON
 *   folio in the cache? trylock; recheck; uptodate -----------> return it locked
 *	locked: somebody reads or evicts it -> wait without the fault lock, retry
 *   absent: room within the limit (reclaim.c), then under invalidate_lock shared
 *	insert a locked folio; from here the word cannot change under us;
 *	fill it from what the word says; return it locked
 *
 * Who runs at the same time: other faults of the page find the locked folio and
 * wait; eviction trylocks folios, so it never meets one that is being filled;
 * discard holds invalidate_lock for writing, so it comes before the insertion
 * or after it, and then waits for the folio lock, that is for the filling.
 */
#include <linux/blkdev.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/huge_mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/swap.h>

#include "compat.h"
#include "event.h"
#include "fault.h"
#include "fs.h"
#include "reclaim.h"
#include "tier.h"
#include "trace.h"
#include "vm.h"

/**
 * struct page_request - one page that is asked for
 * @region: where
 * @index: which
 * @nowait: do not wait for anything but the CPU and memory
 * @kind: out: where the content came from
 * @folio: out: the folio with a reference; locked by us when 0 was returned,
 *	by somebody else with -EINPROGRESS
 */
struct page_request {
	struct vmswap_region *region;
	pgoff_t index;
	bool nowait;
	enum vmswap_fault_kind kind;
	struct folio *folio;
};

static bool beyond_eof(struct vmswap_region *region, pgoff_t index)
{
	return index >= DIV_ROUND_UP(i_size_read(&region->inode), PAGE_SIZE);
}

/* ------------------------------------------------------------------- filling */

static void fill_same(struct folio *folio, u64 value)
{
	void *addr = kmap_local_folio(folio, 0);

	if (value)
		memset64(addr, value, PAGE_SIZE / sizeof(u64));
	else
		clear_page(addr);
	kunmap_local(addr);
	flush_dcache_folio(folio);
}

/*
 * A compressed copy beside the page would take the memory that the limit saved:
 * give it up.  The folio becomes dirty first, so that it is the only copy.
 */
static void drop_copy_after_load(struct vmswap_region *region, struct folio *folio, u64 *word)
{
	folio_mark_dirty(folio);
	vmswap_word_set(region, folio->index, word, VMSWAP_WORD_FRESH);
}

/* What was read is good, or lost. */
static int load_result(struct vmswap_region *region, struct folio *folio, u64 *word, int err)
{
	struct vmswap_vm *vm = region->vm;
	u64 old = READ_ONCE(*word);

	if (err) {
		vmswap_count(vm, VC_IO_ERRORS, 1);
		vmswap_event_io(region, folio->index, vmswap_word_tier(old), err);
		vmswap_word_set(region, folio->index, word, VMSWAP_WORD_POISON);
		return -EHWPOISON;
	}
	vmswap_count(vm, VC_SWAPIN, 1);
	folio_mark_uptodate(folio);
	if (vmswap_tier_keeps_copy(old))
		vmswap_word_set_flags(word, VMSWAP_WORD_COLD, VMSWAP_WORD_FRESH);
	else
		drop_copy_after_load(region, folio, word);
	return 0;
}

static int fill_from_slot(struct vmswap_region *region, struct folio *folio, u64 *word)
{
	struct vmswap_vm *vm = region->vm;
	u64 old = READ_ONCE(*word);
	int ret;

	ret = vmswap_tier_load(vm, old, folio);
	if (ret == -EINPROGRESS)
		return ret;	/* from here vmswap_load_done() owns the lock */
	return load_result(region, folio, word, ret);
}

/**
 * vmswap_load_done() - a load that a tier finishes later has ended
 * @folio: the page; locked, is unlocked here
 * @word: the word that named the slot
 * @start: ktime of the request
 * @err: 0, or why the content cannot be had; then in process context only
 *
 * Any context.  Nothing of the region may be touched after the unlock.
 */
void vmswap_load_done(struct folio *folio, u64 word, u64 start, int err)
{
	struct address_space *mapping = folio->mapping;
	struct vmswap_region *region = vmswap_region_of(mapping->host);

	vmswap_count_latency(region->vm, ktime_get_ns() - start);
	if (load_result(region, folio, vmswap_word_at(&region->map, folio->index), err)) {
		folio_get(folio);
		generic_error_remove_folio(mapping, folio);
		vmswap_folio_release(folio);
		return;
	}
	folio_get(folio);
	vmswap_folio_release(folio);
}

/* The folio is locked and not uptodate; gives it the bytes that its word names. */
static int fill(struct vmswap_region *region, struct folio *folio, u64 *word,
		enum vmswap_fault_kind *kind)
{
	u64 w = READ_ONCE(*word);

	switch (vmswap_word_state(w)) {
	case VMSWAP_WORD_SLOT:
		*kind = VMSWAP_FAULT_MAJOR;
		return fill_from_slot(region, folio, word);
	case VMSWAP_WORD_POISON:
		return -EHWPOISON;
	case VMSWAP_WORD_SAME:
		fill_same(folio, vmswap_word_decode_same(w));
		break;
	case VMSWAP_WORD_ZERO:
		fill_same(folio, 0);
		break;
	}
	*kind = VMSWAP_FAULT_ZERO;
	folio_mark_uptodate(folio);
	vmswap_word_set_flags(word, VMSWAP_WORD_COLD, VMSWAP_WORD_FRESH);
	return 0;
}

int vmswap_fill(struct vmswap_region *region, struct folio *folio)
{
	enum vmswap_fault_kind kind;
	u64 *word = vmswap_word_at(&region->map, folio->index);
	int ret;

	/* A folio without a leaf: inserted by generic code, never written. */
	if (!word) {
		fill_same(folio, 0);
		folio_mark_uptodate(folio);
		return 0;
	}
	ret = fill(region, folio, word, &kind);
	return ret == -EHWPOISON ? -EIO : ret;
}

/* ----------------------------------------------------------------- insertion */

/*
 * Allocate, charge and insert.  A cgroup at its limit makes us evict pages of
 * this VM, not the kernel kill it: only the last try may invoke the OOM killer.
 */
#define CHARGE_TRIES 8

static int insert_folio(struct page_request *req)
{
	struct address_space *mapping = req->region->inode.i_mapping;
	gfp_t gfp = mapping_gfp_mask(mapping);
	struct folio *folio;
	int ret, i;

	for (i = 0; i < CHARGE_TRIES; i++) {
		gfp_t g = gfp;

		if (i < CHARGE_TRIES - 1)
			g |= __GFP_NORETRY | __GFP_NOWARN;
		ret = -ENOMEM;
		folio = filemap_alloc_folio(g, 0, NULL);
		if (folio) {
			ret = filemap_add_folio(mapping, folio, req->index, g);
			if (!ret) {
				req->folio = folio;
				return 0;
			}
			folio_put(folio);
		}
		if (ret != -ENOMEM)
			return ret;
		if (!vmswap_reclaim_some(req->region->vm, 32))
			i = max(i, CHARGE_TRIES - 2);	/* nothing to give: last try */
	}
	return ret;
}

/* Returns 0 with req->folio locked and not yet uptodate. */
static int insert_locked(struct page_request *req)
{
	struct address_space *mapping = req->region->inode.i_mapping;
	int ret;

	if (req->nowait) {
		if (!filemap_invalidate_trylock_shared(mapping))
			return -EAGAIN;
	} else {
		filemap_invalidate_lock_shared(mapping);
	}
	if (beyond_eof(req->region, req->index))
		ret = -ENODATA;
	else
		ret = insert_folio(req);
	filemap_invalidate_unlock_shared(mapping);
	return ret;
}

static int fill_or_remove(struct page_request *req, u64 *word)
{
	int ret = fill(req->region, req->folio, word, &req->kind);

	if (ret == -EINPROGRESS) {
		vmswap_count(req->region->vm, VC_FAULTS_MAJOR, 1);
		return ret;
	}
	if (ret) {
		generic_error_remove_folio(req->region->inode.i_mapping, req->folio);
		vmswap_folio_release(req->folio);
	}
	return ret;
}

/* The folio was found: lock it and look whether it still is what was asked for. */
static int use_cached(struct page_request *req)
{
	struct folio *folio = req->folio;

	if (!folio_trylock(folio))
		return -EINPROGRESS;
	if (unlikely(folio->mapping != req->region->inode.i_mapping)) {
		vmswap_folio_release(folio);
		return -EEXIST;	/* look again */
	}
	if (unlikely(beyond_eof(req->region, req->index))) {
		vmswap_folio_release(folio);
		return -ENODATA;
	}
	return 0;
}

/* Its leaf comes with the first page of 2 MiB; never by killing a cgroup's task. */
static u64 *get_word(struct page_request *req)
{
	struct vmswap_region *region = req->region;
	gfp_t gfp = GFP_KERNEL_ACCOUNT;
	u64 *word;

	word = vmswap_word_at_alloc(&region->map, req->index,
				    gfp | __GFP_NORETRY | __GFP_NOWARN);
	if (unlikely(!word) && vmswap_reclaim_some(region->vm, 32))
		word = vmswap_word_at_alloc(&region->map, req->index, gfp);
	return word;
}

static int get_absent(struct page_request *req)
{
	struct mem_cgroup *memcg;
	u64 *word;
	int ret;

	ret = vmswap_reclaim_admit(req->region->vm, req->nowait);
	if (ret)
		return ret;
	memcg = set_active_memcg(req->region->vm->memcg);
	word = get_word(req);
	ret = word ? insert_locked(req) : -ENOMEM;
	if (!ret)
		ret = fill_or_remove(req, word);
	set_active_memcg(memcg);
	return ret;
}

/* In the cache, locked, but nobody has filled it: generic code has put it there. */
static int fill_cached(struct page_request *req)
{
	u64 *word = vmswap_word_at_alloc(&req->region->map, req->index, GFP_NOFS);

	if (word)
		return fill_or_remove(req, word);
	vmswap_folio_release(req->folio);
	return -ENOMEM;
}

/*
 * Return: 0 the folio is locked and uptodate; -EINPROGRESS it is locked by
 * somebody else; -EAGAIN it would have to wait for another lock; -ENOSPC no
 * room within the limit; -EHWPOISON its content is lost; -ENODATA it is beyond
 * the end of the file; -ENOMEM.
 */
static int page_get(struct page_request *req)
{
	struct vmswap_region *region = req->region;
	struct address_space *mapping = region->inode.i_mapping;
	int ret;

	do {
		req->folio = filemap_get_folio(mapping, req->index);
		if (!IS_ERR(req->folio)) {
			req->kind = VMSWAP_FAULT_MINOR;
			ret = use_cached(req);
			if (!ret && unlikely(!folio_test_uptodate(req->folio)))
				ret = fill_cached(req);
			continue;
		}
		if (beyond_eof(region, req->index))
			return -ENODATA;
		if (vmswap_word_state(vmswap_word_read(&region->map, req->index)) ==
		    VMSWAP_WORD_POISON)
			return -EHWPOISON;
		ret = get_absent(req);
	} while (ret == -EEXIST);
	return ret;
}

/* The page is used: whatever the clock thought of it is over. */
static void mark_used(struct vmswap_region *region, pgoff_t index)
{
	u64 *word = vmswap_word_at(&region->map, index);

	if (word)
		vmswap_word_set_flags(word, VMSWAP_WORD_COLD, 0);
}

void vmswap_page_dirty(struct vmswap_region *region, struct folio *folio)
{
	if (!folio_test_dirty(folio))
		folio_mark_dirty(folio);
	mark_used(region, folio->index);
}

/* ------------------------------------------------------------------- waiting */

/*
 * A kernel thread waits in slices, to see whether it still has an mm to serve.  Our
 * own unlocks wake it; those of migration and truncation do not: the first slices
 * are short.
 */
#define FIRST_SLICE	1
#define LAST_SLICE	(HZ / 10)

/* A kernel thread that faults for an mm whose last task is gone. */
static bool serves_nobody(struct mm_struct *mm)
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
static int wait_folio(struct folio *folio, struct mm_struct *mm)
{
	long slice = FIRST_SLICE;

	if (!(current->flags & PF_KTHREAD))
		return folio_wait_locked_killable(folio);
	while (folio_test_locked(folio)) {
		if (mm && serves_nobody(mm))
			return -EINTR;
		wait_var_event_timeout(&folio->flags, !folio_test_locked(folio), slice);
		slice = min_t(long, 2 * slice, LAST_SLICE);
	}
	return 0;
}

/* ----------------------------------------------------------- for system calls */

/**
 * vmswap_page_get() - get a page of a region for a system call
 * @region: the region
 * @index: page index
 *
 * Waits, killably, for reads in flight, and within the limit for room.
 *
 * Return: the folio, locked, uptodate and with a reference; or an error pointer:
 * -EIO the content is lost, -ENODATA beyond the end of the file, -EINTR, -ENOMEM.
 */
struct folio *vmswap_page_get(struct vmswap_region *region, pgoff_t index)
{
	struct page_request req = { .region = region, .index = index };
	int ret;

	for (;;) {
		ret = page_get(&req);
		switch (ret) {
		case 0:
			mark_used(region, index);
			return req.folio;
		case -EINPROGRESS:
			ret = wait_folio(req.folio, NULL);
			folio_put(req.folio);
			if (ret)
				return ERR_PTR(-EINTR);
			continue;
		case -ENOSPC:
			ret = vmswap_reclaim_wait(region->vm);
			if (ret)
				return ERR_PTR(ret);
			continue;
		case -EHWPOISON:
			return ERR_PTR(-EIO);
		default:
			return ERR_PTR(ret);
		}
	}
}

static int prefetch_range(struct vmswap_region *region, pgoff_t start, pgoff_t end,
			  unsigned long *done, unsigned long *no_room)
{
	struct page_request req = { .region = region, .nowait = true };
	pgoff_t index;
	int ret;

	for (index = vmswap_pagemap_next_data(&region->map, start, end); index < end;
	     index = vmswap_pagemap_next_data(&region->map, index + 1, end)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		if (!vmswap_reclaim_has_room(region->vm)) {
			(*no_room)++;
			continue;
		}
		req.index = index;
		ret = page_get(&req);
		if (ret == -ENOMEM)
			return ret;
		if (ret && ret != -EINPROGRESS)
			continue;
		*done += req.kind != VMSWAP_FAULT_MINOR;
		if (ret)
			folio_put(req.folio);
		else
			vmswap_folio_release(req.folio);
	}
	return 0;
}

/**
 * vmswap_prefetch() - make the swapped pages of a range resident
 * @region: the region
 * @start: first page
 * @end: one after the last page
 * @done: out: pages brought in are added
 * @no_room: out: pages not brought in for want of room are added
 *
 * Never evicts another page to make room.  Reads from a device are begun, not
 * waited for.
 *
 * Return: 0, or -EINTR, -ENOMEM.  Damaged pages are passed over.
 */
int vmswap_prefetch(struct vmswap_region *region, pgoff_t start, pgoff_t end,
		    unsigned long *done, unsigned long *no_room)
{
	struct blk_plug plug;
	int ret;

	blk_start_plug(&plug);
	ret = prefetch_range(region, start, end, done, no_room);
	blk_finish_plug(&plug);
	return ret;
}

/* --------------------------------------------------------------- page faults */

/*
 * Drop the lock the fault came with, wait, let the fault be tried again.  The
 * vma must not be looked at after the lock was released.
 */
static vm_fault_t wait_and_retry(struct vm_fault *vmf, struct page_request *req)
{
	struct mm_struct *mm = vmf->vma->vm_mm;

	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT) {
		vmswap_count(req->region->vm, VC_FAULTS_ASYNC, 1);
		folio_put(req->folio);
		return VM_FAULT_RETRY;
	}
	if (vmf->flags & FAULT_FLAG_ALLOW_RETRY) {
		release_fault_lock(vmf);
		/* Interrupted or not: the caller looks for signals on RETRY. */
		wait_folio(req->folio, mm);
		folio_put(req->folio);
		return VM_FAULT_RETRY;
	}
	/* Rare (ptrace, old GUP callers): no way but to wait with the lock held. */
	if (wait_folio(req->folio, mm)) {
		folio_put(req->folio);
		return VM_FAULT_SIGBUS;	/* it is being killed */
	}
	folio_put(req->folio);
	return 0;	/* once more */
}

/* No tier has room and the host's setting is to wait. */
static vm_fault_t wait_for_room(struct vm_fault *vmf, struct vmswap_vm *vm)
{
	vmswap_count(vm, VC_STALLED, 1);
	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT) {
		vmswap_count(vm, VC_FAULTS_ASYNC, 1);
		return VM_FAULT_RETRY;
	}
	if (vmf->flags & FAULT_FLAG_ALLOW_RETRY) {
		/* The file may go with the fault lock: keep the VM. */
		vmswap_vm_hold(vm);
		release_fault_lock(vmf);
		vmswap_reclaim_wait(vm);
		vmswap_vm_put(vm);
		return VM_FAULT_RETRY;
	}
	return vmswap_reclaim_wait(vm) ? VM_FAULT_SIGBUS : 0;
}

static vm_fault_t fault_done(struct vm_fault *vmf, struct page_request *req, u64 start)
{
	struct vmswap_vm *vm = req->region->vm;
	vm_fault_t ret = VM_FAULT_LOCKED;

	if (vmf->flags & FAULT_FLAG_WRITE && !folio_test_dirty(req->folio))
		folio_mark_dirty(req->folio);
	mark_used(req->region, req->index);
	switch (req->kind) {
	case VMSWAP_FAULT_MINOR:
		vmswap_count(vm, VC_FAULTS_MINOR, 1);
		break;
	case VMSWAP_FAULT_ZERO:
		vmswap_count(vm, VC_FAULTS_ZERO, 1);
		vmswap_count_latency(vm, ktime_get_ns() - start);
		break;
	case VMSWAP_FAULT_MAJOR:
		vmswap_count(vm, VC_FAULTS_MAJOR, 1);
		vmswap_count_latency(vm, ktime_get_ns() - start);
		ret |= VM_FAULT_MAJOR;
		break;
	}
	trace_vmswap_fault(vm->id, req->region->index, req->index, req->kind);
	vmf->page = folio_file_page(req->folio, req->index);
	return ret;
}

static vm_fault_t vmswap_fault(struct vm_fault *vmf)
{
	struct page_request req = {
		.region = vmswap_region_of(file_inode(vmf->vma->vm_file)),
		.index	= vmf->pgoff,
		.nowait = vmf->flags & FAULT_FLAG_RETRY_NOWAIT,
	};
	u64 start = ktime_get_ns();
	vm_fault_t ret;

	do {
		switch (page_get(&req)) {
		case 0:
			return fault_done(vmf, &req, start);
		case -EINPROGRESS:
			if (serves_nobody(vmf->vma->vm_mm)) {
				folio_put(req.folio);
				return VM_FAULT_SIGBUS;
			}
			ret = wait_and_retry(vmf, &req);
			break;
		case -ENOSPC:
			/* It would be sent here again for ever: no signal ends it. */
			if (serves_nobody(vmf->vma->vm_mm))
				return VM_FAULT_SIGBUS;
			ret = wait_for_room(vmf, req.region->vm);
			break;
		case -EAGAIN:
			vmswap_count(req.region->vm, VC_FAULTS_ASYNC, 1);
			return VM_FAULT_RETRY;
		case -EHWPOISON:
			return VM_FAULT_HWPOISON;
		case -ENODATA:
			return VM_FAULT_SIGBUS;
		default:
			return VM_FAULT_OOM;
		}
	} while (!ret);
	return ret;
}

/*
 * Map neighbours that are in memory, but none that the clock has unmapped to see
 * whether it is touched: its next touch must come through vmswap_fault().
 */
static vm_fault_t vmswap_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end)
{
	struct vmswap_region *region = vmswap_region_of(file_inode(vmf->vma->vm_file));
	struct vmswap_pagemap *map = &region->map;
	pgoff_t first = vmf->pgoff, last = vmf->pgoff;

	if (vmswap_word_read(map, vmf->pgoff) & VMSWAP_WORD_COLD)
		return 0;
	while (first > start && !(vmswap_word_read(map, first - 1) & VMSWAP_WORD_COLD))
		first--;
	while (last < end && !(vmswap_word_read(map, last + 1) & VMSWAP_WORD_COLD))
		last++;
	return filemap_map_pages(vmf, first, last);
}

const struct vm_operations_struct vmswap_mmap_ops = {
	.fault		= vmswap_fault,
	.map_pages	= vmswap_map_pages,
};

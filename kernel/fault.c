// SPDX-License-Identifier: GPL-2.0
/*
 * fault.c - page faults.
 *
 * The life of a fault:
 *
 *   have the page in the page cache (populate.c)
 *	absent, and its word says that it is lost -----------> HWPOISON
 *	beyond the end of the file --------------------------> SIGBUS
 *	locked: somebody evicts it, or it is being read, perhaps for us;
 *	no room within the limit ----------------------------> RETRY, after a wait
 *		without the fault lock; with NOWAIT at once, with the lock
 *   locked by us, and filled
 *	from nothing: bring in the untouched of its granule (granule.c)
 *	map what is around it in memory and not cold, or was read ahead of it
 *	return it locked ------------------------------------> LOCKED
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/userfaultfd_k.h>

#include "compat.h"
#include "fs.h"
#include "populate.h"
#include "reclaim.h"
#include "trace.h"
#include "vm.h"
#include "wait.h"

/*
 * Drop the lock the fault came with, to wait and let the fault be tried again.  The
 * vma must not be looked at any more, and may go, and with it the file and the
 * module whose text we return to: the caller puts the file once it has waited.  That
 * is the last thing it does; what the last reference does comes later, in another
 * context.
 */
static struct file *leave_vma(struct vm_fault *vmf)
{
	struct file *file = get_file(vmf->vma->vm_file);

	release_fault_lock(vmf);
	return file;
}

static vm_fault_t wait_and_retry(struct vm_fault *vmf, struct vmswap_request *req)
{
	struct mm_struct *mm = vmf->vma->vm_mm;
	struct file *file;

	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT) {
		vmswap_count(req->region->vm, VC_FAULTS_ASYNC, 1);
		folio_put(req->folio);
		return VM_FAULT_RETRY;
	}
	if (vmf->flags & FAULT_FLAG_ALLOW_RETRY) {
		file = leave_vma(vmf);
		vmswap_wait_folio_fault(req->folio, mm, vmf->flags);
		folio_put(req->folio);
		fput(file);
		return VM_FAULT_RETRY;
	}
	/* Rare (ptrace, old GUP callers): no way but to wait with the lock held. */
	if (vmswap_wait_folio(req->folio, mm)) {
		folio_put(req->folio);
		return VM_FAULT_SIGBUS;	/* it is being killed */
	}
	folio_put(req->folio);
	return 0;	/* once more */
}

/*
 * Beyond the limit nothing can leave, and the host's setting is to wait.  A fault with
 * NOWAIT does not come here: it was told -EAGAIN.
 */
static vm_fault_t wait_for_room(struct vm_fault *vmf, struct vmswap_vm *vm)
{
	struct file *file;

	if (vmf->flags & FAULT_FLAG_ALLOW_RETRY) {
		file = leave_vma(vmf);
		vmswap_reclaim_wait(vm);
		fput(file);
		return VM_FAULT_RETRY;
	}
	return vmswap_reclaim_wait(vm) ? VM_FAULT_SIGBUS : 0;
}

/* What the page table of the fault and its vma can hold of a stretch. */
static void clip_to_table(struct vm_fault *vmf, struct vmswap_stretch *s)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned int entry = (vmf->address >> PAGE_SHIFT) & (PTRS_PER_PTE - 1);
	pgoff_t first = vmf->pgoff - min_t(pgoff_t, entry, vmf->pgoff);

	s->first = max3(s->first, first, (pgoff_t)vma->vm_pgoff);
	s->last = min3(s->last, vmf->pgoff - entry + PTRS_PER_PTE - 1,
		       vma->vm_pgoff + vma_pages(vma) - 1);
}

/*
 * Map neighbours of a page whose folio we hold locked, so that it is passed over.
 * Generic code does it before it calls us, and for reads only.  They are mapped as
 * by a read, which a shared mapping lets be written: a page that was here before
 * becomes dirty when it is written, not by lying beside one.
 */
static void map_stretch(struct vm_fault *vmf, struct vmswap_stretch *s)
{
	enum fault_flag flags = vmf->flags;

	clip_to_table(vmf, s);
	if (s->first >= s->last)
		return;
	vmf->flags &= ~FAULT_FLAG_WRITE;
	filemap_map_pages(vmf, s->first, s->last);
	vmf->flags = flags;
	vmf->pte = NULL;	/* was unlocked; the caller looks it up again */
}

/* Neighbours that are in memory, or cost little to bring in. */
static void map_neighbours(struct vm_fault *vmf, struct vmswap_request *req)
{
	unsigned int granule = READ_ONCE(req->region->vm->set.granule);
	struct vmswap_stretch s;

	if (!(vmf->vma->vm_flags & VM_SHARED) || uffd_disable_fault_around(vmf->vma))
		return;
	s.first = req->index;
	s.last = req->index;
	if (req->was_ahead || req->kind == VMSWAP_FAULT_MAJOR) {
		s.last = vmswap_ahead_claim(req);
	} else if (granule > 1 && req->word) {
		if (req->kind == VMSWAP_FAULT_ZERO)
			vmswap_granule_zero(req, vmf->flags & FAULT_FLAG_WRITE);
		s.first = round_down(req->index, granule);
		s.last = s.first + granule - 1;
		vmswap_stretch_clip_cold(req->region, req->index, req->word, &s);
	}
	map_stretch(vmf, &s);
}

/*
 * A fault counts as what it found.  With @start 0 it has begun a read: its time is known
 * when that ends (fill.c), and when it comes again it is one that finds the page.
 */
static void count_fault(struct vmswap_request *req, u64 start)
{
	static const enum vmswap_counter counter[] = {
		[VMSWAP_FAULT_MINOR]	= VC_FAULTS_MINOR,
		[VMSWAP_FAULT_ZERO]	= VC_FAULTS_ZERO,
		[VMSWAP_FAULT_MAJOR]	= VC_FAULTS_MAJOR,
	};
	struct vmswap_vm *vm = req->region->vm;

	vmswap_count(vm, counter[req->kind], 1);
	if (start && req->kind != VMSWAP_FAULT_MINOR)
		vmswap_count_latency(vm, ktime_get_ns() - start);
	trace_vmswap_fault(vm->id, req->region->index, req->index, req->kind);
}

static vm_fault_t fault_done(struct vm_fault *vmf, struct vmswap_request *req, u64 start)
{
	if (vmf->flags & FAULT_FLAG_WRITE && !folio_test_dirty(req->folio))
		folio_mark_dirty(req->folio);
	count_fault(req, start);
	vmf->page = folio_file_page(req->folio, req->index);
	return req->kind == VMSWAP_FAULT_MAJOR ? VM_FAULT_LOCKED | VM_FAULT_MAJOR :
						 VM_FAULT_LOCKED;
}

static vm_fault_t vmswap_fault(struct vm_fault *vmf)
{
	struct vmswap_request req = {
		.region = vmswap_region_of(file_inode(vmf->vma->vm_file)),
		.index	= vmf->pgoff,
		.nowait = vmf->flags & FAULT_FLAG_RETRY_NOWAIT,
		.fault	= true,
	};
	u64 start = ktime_get_ns();
	struct vmswap_place place;
	vm_fault_t ret;

	if (vmswap_place_of_vma(vmf->vma, &place)) {
		req.place = &place;
		vmswap_place_remember(req.region, &place);
	}

	do {
		switch (vmswap_populate(&req)) {
		case 0:
			map_neighbours(vmf, &req);
			return fault_done(vmf, &req, start);
		case -EINPROGRESS:
			/* Else somebody else has it locked. */
			if (req.kind == VMSWAP_FAULT_MAJOR)
				count_fault(&req, 0);
			if (vmswap_serves_nobody(vmf->vma->vm_mm)) {
				folio_put(req.folio);
				return VM_FAULT_SIGBUS;
			}
			ret = wait_and_retry(vmf, &req);
			break;
		case -ENOSPC:
			/* It would be sent here again for ever: no signal ends it. */
			if (vmswap_serves_nobody(vmf->vma->vm_mm))
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
 * Generic code asks for this before each read fault.  Map neighbours that are in memory,
 * but none that the clock has unmapped to see whether it is touched: its next touch
 * must come through vmswap_fault().
 */
static vm_fault_t vmswap_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end)
{
	struct vmswap_region *region = vmswap_region_of(file_inode(vmf->vma->vm_file));
	struct vmswap_stretch s = { .first = start, .last = end };
	u64 *word;

	/* Looking at its neighbours would cost as much as what vmswap_fault() has to do. */
	if (!xa_load(&region->inode.i_mapping->i_pages, vmf->pgoff))
		return 0;
	word = vmswap_word_at(&region->map, vmf->pgoff);
	if (word && READ_ONCE(*word) & VMSWAP_WORD_COLD)
		return 0;
	vmswap_stretch_clip_cold(region, vmf->pgoff, word, &s);
	return filemap_map_pages(vmf, s.first, s.last);
}

const struct vm_operations_struct vmswap_mmap_ops = {
	.fault		= vmswap_fault,
	.map_pages	= vmswap_map_pages,
};

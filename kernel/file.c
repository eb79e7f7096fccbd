// SPDX-License-Identifier: GPL-2.0
/* file.c - system calls on a region: read, write, mmap, fallocate, seek, advise. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/fadvise.h>
#include <linux/falloc.h>
#include <linux/mm.h>
#include <linux/huge_mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/splice.h>
#include <linux/uio.h>

#include "compat.h"
#include "evict.h"
#include "fs.h"
#include "ioctl.h"
#include "page.h"
#include "reclaim.h"
#include "vm.h"

/* ------------------------------------------------------------ read and write */

static bool looks_like_hole(struct vmswap_region *region, pgoff_t index)
{
	return !xa_load(&region->inode.i_mapping->i_pages, index) &&
	       vmswap_word_state(vmswap_word_read(&region->map, index)) == VMSWAP_WORD_ZERO;
}

/*
 * True when the page is absent and reads as zero: no need to make one.  Between
 * looking at the cache and looking at the word a page may come in or leave.  With
 * invalidate_lock none comes in, so that if none is there the word is settled.
 */
static bool is_hole(struct vmswap_region *region, pgoff_t index)
{
	struct address_space *mapping = region->inode.i_mapping;
	bool hole;

	if (!looks_like_hole(region, index) || !down_write_trylock(&mapping->invalidate_lock))
		return false;
	hole = looks_like_hole(region, index);
	filemap_invalidate_unlock(mapping);
	return hole;
}

static ssize_t read_one(struct vmswap_region *region, loff_t pos, size_t n,
			struct iov_iter *to)
{
	pgoff_t index = pos >> PAGE_SHIFT;
	struct folio *folio;
	size_t copied;

	if (is_hole(region, index))
		return iov_iter_zero(n, to) ?: -EFAULT;
	folio = vmswap_page_get(region, index);
	if (IS_ERR(folio))
		return PTR_ERR(folio) == -ENODATA ? 0 : PTR_ERR(folio);
	/* The copy may fault on this very page: not under its lock. */
	folio_unlock(folio);
	copied = copy_page_to_iter(folio_page(folio, 0), offset_in_page(pos), n, to);
	folio_put(folio);
	return copied ?: -EFAULT;	/* 0 would be the end of the file */
}

static ssize_t vmswap_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	struct vmswap_region *region = vmswap_region_of(inode);
	ssize_t total = 0, n = 0;

	while (iov_iter_count(to)) {
		loff_t size = i_size_read(inode);
		size_t want;

		if (iocb->ki_pos >= size)
			break;
		want = min_t(loff_t, PAGE_SIZE - offset_in_page(iocb->ki_pos),
			     size - iocb->ki_pos);
		want = min(want, iov_iter_count(to));
		n = read_one(region, iocb->ki_pos, want, to);
		if (n <= 0)
			break;
		iocb->ki_pos += n;
		total += n;
		if (n < want) {
			n = -EFAULT;
			break;
		}
		if (fatal_signal_pending(current)) {
			n = -EINTR;
			break;
		}
		cond_resched();
	}
	return total ?: n;
}

static ssize_t write_one(struct vmswap_region *region, loff_t pos, size_t n,
			 struct iov_iter *from)
{
	struct folio *folio;
	size_t copied;

	folio = vmswap_page_get_admitted(region, pos >> PAGE_SHIFT);
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	vmswap_page_dirty(region, folio);
	copied = copy_folio_from_iter_atomic(folio, offset_in_page(pos), n, from);
	flush_dcache_folio(folio);
	vmswap_folio_release(folio);
	return copied;
}

static int extend_to(struct inode *inode, loff_t size)
{
	int ret;

	lockdep_assert_held_write(&inode->i_rwsem);
	if (size <= i_size_read(inode))
		return 0;
	ret = inode_newsize_ok(inode, size);
	if (!ret)
		ret = vmswap_fs_reserve(inode, size);
	if (!ret)
		i_size_write(inode, size);
	return ret;
}

/* -EAGAIN: to be waited for without the inode lock.  -ENOSPC is of the mount's size. */
static int make_room(struct vmswap_region *region, loff_t pos)
{
	int ret = vmswap_page_admit(region, pos >> PAGE_SHIFT);

	return ret == -ENOSPC ? -EAGAIN : ret;
}

/*
 * The file grows page by page, just before there is something to write: a write
 * that stops short leaves no zeros behind, and nothing to cut off again, which a
 * mapped file would not allow.
 */
static ssize_t write_locked(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	struct vmswap_region *region = vmswap_region_of(inode);
	ssize_t total = 0, n = 0;

	while (iov_iter_count(from)) {
		size_t want = min_t(size_t, PAGE_SIZE - offset_in_page(iocb->ki_pos),
				    iov_iter_count(from));

		/* The source may be this very page: have it present before locking it. */
		want -= fault_in_iov_iter_readable(from, want);
		n = want ? make_room(region, iocb->ki_pos) : -EFAULT;
		if (!n)
			n = extend_to(inode, iocb->ki_pos + want);
		if (!n)
			n = write_one(region, iocb->ki_pos, want, from);
		if (n < 0)
			break;
		iocb->ki_pos += n;
		total += n;
		if (fatal_signal_pending(current)) {
			n = -EINTR;
			break;
		}
		cond_resched();
	}
	return total ?: n;
}

static ssize_t write_once(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t ret;

	inode_lock(inode);
	ret = generic_write_checks(iocb, from);
	if (ret > 0)
		ret = file_remove_privs(iocb->ki_filp) ?: write_locked(iocb, from);
	inode_unlock(inode);
	return ret;
}

/*
 * Room within the limit may never come.  Who makes some by punching a hole, and who
 * removes the file, takes the inode lock: it is not held meanwhile.  Once
 * something is written, the write stops short instead: the end of the file, to which
 * O_APPEND writes, is another's by then.
 */
static ssize_t vmswap_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct vmswap_vm *vm = vmswap_region_of(file_inode(iocb->ki_filp))->vm;
	ssize_t ret;

	vmswap_vm_bind(vm, current->mm);
	ret = write_once(iocb, from);
	while (ret == -EAGAIN)
		ret = vmswap_reclaim_wait(vm) ?: write_once(iocb, from);
	return ret;
}

/* ------------------------------------------------- discard, zeroing, resizing */

/* Wait for pages of a range that are being read, with no lock that others need. */
static int wait_for_reads(struct address_space *mapping, pgoff_t start, pgoff_t end)
{
	unsigned long index = start;
	struct folio *folio;
	int ret;

	while (index < end && xa_find(&mapping->i_pages, &index, end - 1, XA_PRESENT)) {
		folio = filemap_get_folio(mapping, index++);
		if (IS_ERR(folio))
			continue;
		ret = folio_wait_locked_killable(folio);
		folio_put(folio);
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

/*
 * Broken memory leaves entries in page tables that truncation passes over.  What takes
 * them away takes copies of private mappings, too: where those may be they stay.
 */
static void zap_poisoned(struct vmswap_region *region, pgoff_t start, pgoff_t end)
{
	pgoff_t i;

	if (likely(!READ_ONCE(region->vm->had_poison)) ||
	    vmswap_fs_private_allowed(region->inode.i_sb))
		return;
	for (i = vmswap_pagemap_next_data(&region->map, start, end); i < end;
	     i = vmswap_pagemap_next_data(&region->map, i + 1, end)) {
		if (vmswap_word_state(vmswap_word_read(&region->map, i)) == VMSWAP_WORD_POISON)
			unmap_mapping_pages(region->inode.i_mapping, i, 1, true);
		cond_resched();
	}
}

/* How often a discard waits with no lock: one read may follow the other without end. */
#define DISCARD_WAITS	3

/*
 * Truncation would wait for it with invalidate_lock held.  In the end it does: under the
 * lock no further read begins.
 */
static bool must_wait(struct folio *folio, unsigned int waits)
{
	if (!folio_test_locked(folio) || waits >= DISCARD_WAITS)
		return false;
	return !waits || !folio_test_uptodate(folio);
}

/*
 * Pages in memory that no word tells of: those with a word are counted by it.
 * -EAGAIN: one is being read, or, without @waits, is locked at all.  @waits: how often
 * the caller has waited.
 */
static long count_wordless(struct vmswap_region *region, pgoff_t start, pgoff_t end,
			   unsigned int waits)
{
	XA_STATE(xas, &region->inode.i_mapping->i_pages, start);
	struct folio *folio;
	u64 *word = NULL;
	long n = 0;

	rcu_read_lock();
	xas_for_each(&xas, folio, end - 1) {
		unsigned int place = xas.xa_index % VMSWAP_LEAF_WORDS;

		if (xas_retry(&xas, folio) || xa_is_value(folio))
			continue;
		/* It may be leaving, and be another's by now: a wrong -EAGAIN is harmless. */
		if (must_wait(folio, waits)) {
			n = -EAGAIN;
			break;
		}
		/* One leaf after the other, as the pages come. */
		if (!word || xas.xa_index - place != start) {
			start = xas.xa_index - place;
			word = vmswap_word_at(&region->map, start);
		}
		n += !word || vmswap_word_state(READ_ONCE(word[place])) == VMSWAP_WORD_ZERO;
		if (need_resched()) {
			xas_pause(&xas);
			rcu_read_unlock();
			cond_resched();
			rcu_read_lock();
		}
	}
	rcu_read_unlock();
	return n;
}

/*
 * Under invalidate_lock for writing; whole pages; @n: those that no word tells of.
 * Returns how many held anything.
 */
static long discard_locked(struct vmswap_region *region, pgoff_t start, pgoff_t end, long n)
{
	truncate_pagecache_range(&region->inode, (loff_t)start << PAGE_SHIFT,
				 ((loff_t)end << PAGE_SHIFT) - 1);
	if (atomic_long_read(&region->map.nr_leaves)) {
		zap_poisoned(region, start, end);
		n += vmswap_pagemap_discard(region, start, end);
	}
	vmswap_count(region->vm, VC_DISCARDED, n);
	return n;
}

/*
 * -EAGAIN when a page is being read: truncation would wait for it with invalidate_lock
 * held, that is, with every new page of the VM.  Seldom one is, so whoever discards
 * tries first, and then waits with no lock.
 */
static long try_discard(struct vmswap_region *region, pgoff_t start, pgoff_t end,
			unsigned int waits)
{
	struct address_space *mapping = region->inode.i_mapping;
	long n;

	if (start >= end)
		return 0;
	filemap_invalidate_lock(mapping);
	n = count_wordless(region, start, end, waits);
	if (n >= 0)
		n = discard_locked(region, start, end, n);
	filemap_invalidate_unlock(mapping);
	wake_up(&region->vm->room);
	return n;
}

long vmswap_file_discard(struct vmswap_region *region, pgoff_t start, pgoff_t end)
{
	unsigned int waits = 0;
	long ret;

	ret = try_discard(region, start, end, waits);
	while (ret == -EAGAIN)
		ret = wait_for_reads(region->inode.i_mapping, start, end) ?:
		      try_discard(region, start, end, ++waits);
	return ret;
}

/*
 * Zero a part of one page.  Truncation would do it in place without making the
 * page dirty, and a swapped page would not be zeroed at all.  -ENOSPC: no room within
 * the limit.
 */
static int zero_partial(struct vmswap_region *region, loff_t from, loff_t to)
{
	pgoff_t index = from >> PAGE_SHIFT;
	struct folio *folio;
	int ret;

	if (from >= to || is_hole(region, index))
		return 0;
	ret = vmswap_page_admit(region, index);
	if (ret)
		return ret;
	folio = vmswap_page_get_admitted(region, index);
	if (IS_ERR(folio))
		return PTR_ERR(folio) == -ENODATA ? 0 : PTR_ERR(folio);
	vmswap_page_dirty(region, folio);
	folio_zero_segment(folio, offset_in_page(from), offset_in_page(from) + (to - from));
	vmswap_folio_release(folio);
	return 0;
}

/*
 * New pages of the VM wait for so much at a time: what is done of a large range is not
 * locked while the rest is.  Some milliseconds, of which a flush of all vCPUs' TLBs is
 * a small part.
 */
#define DISCARD_STEP	((16ul << 20) >> PAGE_SHIFT)

/*
 * Discard [*@start, @end) in steps, of which *@start becomes the next.  What is written
 * to a part that is done stays, as it does after the call.  -EAGAIN as try_discard(),
 * for the step at *@start, for whose reads was waited @waits times.
 */
static int discard_steps(struct vmswap_region *region, pgoff_t *start, pgoff_t end,
			 unsigned int waits)
{
	long ret = 0;

	/* Nothing was ever in memory but where words are. */
	for (; ret >= 0; waits = 0) {
		pgoff_t next = vmswap_pagemap_next_leaf(&region->map, *start, end);
		pgoff_t stop = min(end, next + DISCARD_STEP);

		*start = next;
		if (next >= end)
			return 0;
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = try_discard(region, next, stop, waits);
		if (ret >= 0)
			*start = stop;
		cond_resched();
	}
	return ret;
}

/**
 * struct zeroing - a range that is to read as zero
 * @from: its first byte
 * @to: one after its last
 * @next: the whole pages before this one are discarded
 */
struct zeroing {
	loff_t from;
	loff_t to;
	pgoff_t next;
};

/*
 * Under the inode lock.  -EAGAIN as try_discard(); -ENOSPC as zero_partial(): the edges
 * come last, as the pages between them may make room.
 */
static int zero_range(struct vmswap_region *region, struct zeroing *z, unsigned int waits)
{
	loff_t to = min_t(loff_t, z->to, (loff_t)vmswap_region_pages(region) << PAGE_SHIFT);
	loff_t first = round_up(z->from, PAGE_SIZE), last = round_down(to, PAGE_SIZE);
	pgoff_t end = last >> PAGE_SHIFT;
	int ret;

	if (first > last)
		return zero_partial(region, z->from, to);
	ret = discard_steps(region, &z->next, end, waits);
	if (ret)
		return ret;
	ret = zero_partial(region, z->from, first);
	return ret ?: zero_partial(region, last, to);
}

/*
 * The page within which a file will end, or NULL.  It comes in even beyond the limit, as
 * nobody may wait for room here, with the inode lock; and does not leave before it is put.
 */
static struct folio *hold_tail(struct vmswap_region *region, loff_t size)
{
	pgoff_t index = size >> PAGE_SHIFT;
	struct folio *folio;

	if (!offset_in_page(size) || is_hole(region, index))
		return NULL;
	folio = vmswap_page_get_admitted(region, index);
	if (!IS_ERR(folio))
		folio_unlock(folio);
	return folio;
}

/*
 * Under invalidate_lock for writing: zero what the page has beyond the end.  -EAGAIN: a
 * discard took it, or it came, since hold_tail().
 */
static int zero_tail(struct vmswap_region *region, struct folio *folio, loff_t size)
{
	int ret = -EAGAIN;

	if (!offset_in_page(size))
		return 0;
	if (!folio)
		return looks_like_hole(region, size >> PAGE_SHIFT) ? 0 : -EAGAIN;
	folio_get(folio);
	folio_lock(folio);
	if (folio->mapping == region->inode.i_mapping) {
		vmswap_page_dirty(region, folio);
		folio_zero_segment(folio, offset_in_page(size), PAGE_SIZE);
		ret = 0;
	}
	vmswap_folio_release(folio);
	return ret;
}

/* Under invalidate_lock for writing.  Cannot fail: counting waits for nobody any more. */
static void cut_off(struct inode *inode, loff_t size)
{
	struct vmswap_region *region = vmswap_region_of(inode);
	pgoff_t start = DIV_ROUND_UP(size, PAGE_SIZE), end = vmswap_region_pages(region);
	long wordless = count_wordless(region, start, end, DISCARD_WAITS);

	vmswap_fs_reserve(inode, size);
	i_size_write(inode, size);
	truncate_pagecache(inode, size);
	discard_locked(region, start, end, wordless);
}

/* Nothing is zeroed before it is known that the file will shrink. */
static int shrink_once(struct inode *inode, loff_t size)
{
	struct vmswap_region *region = vmswap_region_of(inode);
	struct address_space *mapping = inode->i_mapping;
	struct folio *tail = hold_tail(region, size);
	int ret;

	if (IS_ERR(tail))
		return PTR_ERR(tail);
	ret = wait_for_reads(mapping, DIV_ROUND_UP(size, PAGE_SIZE),
			     vmswap_region_pages(region));
	if (ret)
		goto put;
	filemap_invalidate_lock(mapping);
	/* A mapping made after this test sees SIGBUS beyond the end, nothing worse. */
	ret = mapping_mapped(mapping) ? -ETXTBSY : zero_tail(region, tail, size);
	if (!ret)
		cut_off(inode, size);
	filemap_invalidate_unlock(mapping);
put:
	if (tail)
		folio_put(tail);
	return ret;
}

static int shrink_to(struct inode *inode, loff_t size)
{
	int ret;

	do {
		ret = shrink_once(inode, size);
	} while (ret == -EAGAIN);
	return ret;
}

/**
 * vmswap_file_resize() - set the size of a region
 * @inode: the region's inode, locked
 * @size: new size in bytes
 *
 * Return: 0; -ETXTBSY shrinking while it is mapped; -ENOSPC beyond the mount's
 * size=; -EFBIG; -EINTR.
 */
int vmswap_file_resize(struct inode *inode, loff_t size)
{
	loff_t old = i_size_read(inode);

	if (size > old)
		return extend_to(inode, size);
	if (size == old)
		return 0;
	if (mapping_mapped(inode->i_mapping))
		return -ETXTBSY;
	return shrink_to(inode, size);
}

static int extend_locked(struct inode *inode, loff_t size)
{
	int ret;

	inode_lock(inode);
	ret = extend_to(inode, size);
	inode_unlock(inode);
	return ret;
}

static int zero_once(struct inode *inode, struct zeroing *z, unsigned int waits)
{
	int ret;

	inode_lock(inode);
	ret = zero_range(vmswap_region_of(inode), z, waits);
	inode_unlock(inode);
	return ret;
}

/* Reads in flight, and room, are waited for without the inode lock: others need it. */
static int zero(struct inode *inode, struct zeroing *z)
{
	struct vmswap_vm *vm = vmswap_region_of(inode)->vm;
	pgoff_t end = DIV_ROUND_UP(z->to, PAGE_SIZE);
	unsigned int waits = 0;
	pgoff_t at = z->next;
	int ret = zero_once(inode, z, waits);

	while (ret == -EAGAIN || ret == -ENOSPC) {
		if (ret == -ENOSPC) {
			ret = vmswap_reclaim_wait(vm);
		} else {
			ret = wait_for_reads(inode->i_mapping, z->next,
					     min(end, z->next + DISCARD_STEP));
			/* The next step has been waited for once. */
			waits = z->next == at ? waits + 1 : 1;
			at = z->next;
		}
		if (!ret)
			ret = zero_once(inode, z, waits);
	}
	return ret;
}

static long vmswap_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct inode *inode = file_inode(file);
	struct zeroing z = {
		.from = offset,
		.to = offset + len,
		.next = DIV_ROUND_UP(offset, PAGE_SIZE),
	};
	int ret = 0;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		return -EOPNOTSUPP;
	if (!(mode & FALLOC_FL_KEEP_SIZE))
		ret = extend_locked(inode, z.to);
	if (!ret && mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		ret = zero(inode, &z);
	return ret;
}

/* ---------------------------------------------------------- seeking, advising */

static bool is_data(struct vmswap_region *region, pgoff_t index)
{
	return !is_hole(region, index);
}

/* New pages of the VM wait while so much is looked at: less than a millisecond. */
#define SEEK_STEP	((1ul << 30) >> PAGE_SHIFT)

/* With invalidate_lock no page comes in, so that none slips by between the looks. */
static pgoff_t next_data_locked(struct vmswap_region *region, pgoff_t start, pgoff_t end)
{
	struct address_space *mapping = region->inode.i_mapping;
	unsigned long cached = start;
	pgoff_t stored;

	filemap_invalidate_lock(mapping);
	if (!xa_find(&mapping->i_pages, &cached, end - 1, XA_PRESENT))
		cached = end;
	stored = vmswap_pagemap_next_data(&region->map, start, end);
	filemap_invalidate_unlock(mapping);
	return min_t(pgoff_t, cached, stored);
}

static pgoff_t next_data(struct vmswap_region *region, pgoff_t start, pgoff_t end)
{
	for (;;) {
		pgoff_t first = vmswap_pagemap_next_leaf(&region->map, start, end);

		if (first >= end)
			return end;
		start = min(end, first + SEEK_STEP);
		first = next_data_locked(region, first, start);
		if (first < start || fatal_signal_pending(current))
			return first;
		cond_resched();
	}
}

static pgoff_t next_hole(struct vmswap_region *region, pgoff_t start, pgoff_t end)
{
	while (start < end && is_data(region, start)) {
		start++;
		cond_resched();
	}
	return start;
}

static loff_t vmswap_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file_inode(file);
	struct vmswap_region *region = vmswap_region_of(inode);
	loff_t size, found;
	pgoff_t index, end;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return generic_file_llseek(file, offset, whence);
	inode_lock_shared(inode);
	size = i_size_read(inode);
	found = -ENXIO;
	if (offset < 0 || offset >= size)
		goto unlock;
	end = DIV_ROUND_UP(size, PAGE_SIZE);
	index = offset >> PAGE_SHIFT;
	index = whence == SEEK_DATA ? next_data(region, index, end) :
				      next_hole(region, index, end);
	found = max(offset, (loff_t)index << PAGE_SHIFT);
	if (index >= end)
		found = whence == SEEK_DATA ? -ENXIO : size;
	else if (found > size)
		found = size;
	if (found >= 0)
		found = vfs_setpos(file, found, inode->i_sb->s_maxbytes);
unlock:
	inode_unlock_shared(inode);
	return found;
}

/*
 * Who may only read the file may not slow its guest down, as with the ioctls that do the
 * same.  It is advice: nothing is an answer to it.
 */
static int vmswap_fadvise(struct file *file, loff_t offset, loff_t len, int advice)
{
	struct vmswap_region *region = vmswap_region_of(file_inode(file));
	loff_t size = i_size_read(file_inode(file));
	bool heard = file->f_mode & FMODE_WRITE;
	struct vmswap_evict_result res = {};
	unsigned long done = 0, no_room = 0;
	pgoff_t start, end;

	if (offset < 0 || len < 0)
		return -EINVAL;
	start = offset >> PAGE_SHIFT;
	end = DIV_ROUND_UP(!len || len > size - offset ? size : offset + len, PAGE_SIZE);
	switch (advice) {
	case POSIX_FADV_WILLNEED:
		return heard ? vmswap_prefetch(region, start, end, &done, &no_room) : 0;
	case POSIX_FADV_DONTNEED:
		return heard ? vmswap_evict_range(region, start, end, &res) : 0;
	case POSIX_FADV_NORMAL:
	case POSIX_FADV_RANDOM:
	case POSIX_FADV_SEQUENTIAL:
	case POSIX_FADV_NOREUSE:
		return 0;
	}
	return -EINVAL;
}

/* ------------------------------------------------------------------- mapping */

static int vmswap_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct inode *inode = file_inode(file);

	if (!(vma->vm_flags & VM_SHARED) && !vmswap_fs_private_allowed(inode->i_sb)) {
		/* Copies of a private mapping would be ordinary memory, out of our sight. */
		if (vma->vm_flags & VM_WRITE) {
			pr_info_ratelimited("%s[%d]: private writable mapping refused: use share=on (MAP_SHARED), or mount with private=allow\n",
					    current->comm, task_pid_nr(current));
			return -EINVAL;
		}
		vm_flags_clear(vma, VM_MAYWRITE);
	}
	vmswap_vm_bind(vmswap_region_of(inode)->vm, vma->vm_mm);
	vma->vm_ops = &vmswap_mmap_ops;
	return 0;
}

const struct file_operations vmswap_file_ops = {
	.owner		= THIS_MODULE,
	.llseek		= vmswap_llseek,
	.read_iter	= vmswap_read_iter,
	.write_iter	= vmswap_write_iter,
	.mmap		= vmswap_mmap,
	.get_unmapped_area = thp_get_unmapped_area,
	.fsync		= noop_fsync,
	.splice_read	= copy_splice_read,
	.splice_write	= iter_file_splice_write,
	.fallocate	= vmswap_fallocate,
	.fadvise	= vmswap_fadvise,
	.unlocked_ioctl	= vmswap_ioctl_region,
	.compat_ioctl	= compat_ptr_ioctl,
};

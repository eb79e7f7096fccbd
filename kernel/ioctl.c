// SPDX-License-Identifier: GPL-2.0
/*
 * ioctl.c - the ioctls of a region, whichever door it came by, and GET_INFO, which the
 * device answers as well.  uapi/linux/vmswap.h is the manual.
 */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "evict.h"
#include "fs.h"
#include "ioctl.h"
#include "page.h"
#include "reclaim.h"
#include "vm.h"

/* How much of a range is worked on between looks at pending signals. */
#define STEP_PAGES	1024

long vmswap_ioctl_get_info(void __user *arg)
{
	struct vmswap_info info = {
		.abi_version	= VMSWAP_ABI_VERSION,
		.page_size	= VMSWAP_PAGE_SIZE,
		.features	= VMSWAP_FEATURES_ALL,
		.max_size	= MAX_LFS_FILESIZE & PAGE_MASK,
		.max_ranges	= VMSWAP_MAX_RANGES,
	};

	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/* ------------------------------------------------- EVICT, PREFETCH, DISCARD */

typedef int (*range_fn)(struct vmswap_region *region, pgoff_t start, pgoff_t end,
			struct vmswap_evict_result *res);

static int prefetch_fn(struct vmswap_region *region, pgoff_t start, pgoff_t end,
		       struct vmswap_evict_result *res)
{
	return vmswap_prefetch(region, start, end, &res->evicted, &res->no_room);
}

static int discard_fn(struct vmswap_region *region, pgoff_t start, pgoff_t end,
		      struct vmswap_evict_result *res)
{
	long n = vmswap_file_discard(region, start, end);

	res->evicted += max(n, 0L);
	return min(n, 0L);
}

static int check_range(u64 offset, u64 length)
{
	u64 end;

	if (!PAGE_ALIGNED(offset) || !PAGE_ALIGNED(length))
		return -EINVAL;
	if (check_add_overflow(offset, length, &end) || end > S64_MAX)
		return -EOVERFLOW;
	return 0;
}

static bool ranges_args_ok(const struct vmswap_ranges *args)
{
	return !(args->flags & ~VMSWAP_RANGES_FLAGS_ALL) &&
	       !memchr_inv(args->reserved, 0, sizeof(args->reserved)) &&
	       args->nr_ranges && args->nr_ranges <= VMSWAP_MAX_RANGES &&
	       PAGE_ALIGNED(args->done_bytes);
}

/*
 * Work on one range from @skip bytes on; progress is added to args->done_bytes.  Each
 * call gets something done, so that whoever is interrupted all the time gets on.
 */
static int do_range(struct vmswap_region *region, const struct vmswap_range *range,
		    u64 skip, range_fn fn, struct vmswap_ranges *args,
		    struct vmswap_evict_result *res)
{
	u64 size = (u64)vmswap_region_pages(region) << PAGE_SHIFT;
	u64 pos = range->offset + skip, end = range->offset + range->length;
	u64 stop = min(end, size);
	int ret;

	while (pos < stop) {
		u64 n = min_t(u64, stop - pos, STEP_PAGES << PAGE_SHIFT);

		ret = fn(region, pos >> PAGE_SHIFT, (pos + n) >> PAGE_SHIFT, res);
		if (ret)
			return ret;
		pos += n;
		args->done_bytes += n;
		if (signal_pending(current) && pos < end)
			return -EINTR;
	}
	args->done_bytes += end - max(pos, range->offset + skip);
	return 0;
}

static int check_ranges(const struct vmswap_range *ranges, u32 nr)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < nr && !ret; i++)
		ret = check_range(ranges[i].offset, ranges[i].length);
	return ret;
}

static int do_ranges(struct vmswap_region *region, const struct vmswap_range *ranges,
		     range_fn fn, struct vmswap_ranges *args)
{
	struct vmswap_evict_result res = {};
	u64 skip = args->done_bytes;
	bool begun = false;
	int ret;
	u32 i;

	ret = check_ranges(ranges, args->nr_ranges);
	if (ret)
		return ret;
	for (i = 0; i < args->nr_ranges && !ret; i++) {
		if (skip >= ranges[i].length) {
			skip -= ranges[i].length;
			continue;
		}
		if (begun && signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		begun = true;
		ret = do_range(region, &ranges[i], skip, fn, args, &res);
		skip = 0;
	}
	args->done_pages = res.evicted;
	args->kept_pinned = res.pinned;
	args->kept_busy = res.busy;
	args->kept_no_room = res.no_room;
	return ret;
}

static long ranges_ioctl(struct file *file, void __user *arg, range_fn fn)
{
	struct vmswap_region *region = vmswap_region_of(file_inode(file));
	struct vmswap_range *ranges;
	struct vmswap_ranges args;
	long ret;

	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (!ranges_args_ok(&args))
		return -EINVAL;
	ranges = memdup_user(u64_to_user_ptr(args.ranges), args.nr_ranges * sizeof(*ranges));
	if (IS_ERR(ranges))
		return PTR_ERR(ranges);
	ret = do_ranges(region, ranges, fn, &args);
	kfree(ranges);
	if (copy_to_user(arg, &args, sizeof(args)))
		return -EFAULT;
	return ret;
}

/* ---------------------------------------------------------------- PAGE_STATE */

static u16 folio_state(struct folio *folio)
{
	u16 state = VMSWAP_PAGE_RESIDENT;

	if (folio_test_dirty(folio))
		state |= VMSWAP_PAGE_DIRTY;
	if (vmswap_folio_pinned(folio))
		state |= VMSWAP_PAGE_PINNED;
	return state;
}

static u16 page_state(struct vmswap_region *region, pgoff_t index, pgoff_t end)
{
	struct folio *folio;
	u16 state = 0;
	u64 word;

	if (index >= end)
		return VMSWAP_PAGE_BEYOND;
	/*
	 * A page that comes in after it was not found has given up its slot before
	 * the word is read, and would look like a hole: it must not have changed.
	 */
	do {
		word = vmswap_word_read(&region->map, index);
		folio = filemap_get_folio(region->inode.i_mapping, index);
	} while (IS_ERR(folio) && word != vmswap_word_read(&region->map, index));
	if (!IS_ERR(folio)) {
		state = folio_state(folio);
		folio_put(folio);
	}
	switch (vmswap_word_state(word)) {
	case VMSWAP_WORD_ZERO:
		return state ?: VMSWAP_PAGE_ZERO;
	case VMSWAP_WORD_SAME:
		return state | VMSWAP_PAGE_SAME;
	case VMSWAP_WORD_SLOT:
		return state | VMSWAP_PAGE_SLOT |
		       vmswap_word_tier(word) << VMSWAP_PAGE_TIER_SHIFT;
	case VMSWAP_WORD_POISON:
		return state | VMSWAP_PAGE_POISONED;
	}
	return state;
}

static int put_states(struct vmswap_region *region, struct vmswap_page_state *args)
{
	u16 __user *out = u64_to_user_ptr(args->states);
	pgoff_t first = args->offset >> PAGE_SHIFT, n = args->length >> PAGE_SHIFT, i;
	pgoff_t end = vmswap_region_pages(region);
	u16 states[256];

	for (i = 0; i < n; i++) {
		unsigned int k = i % ARRAY_SIZE(states);

		states[k] = page_state(region, first + i, end);
		if (k + 1 < ARRAY_SIZE(states) && i + 1 < n)
			continue;
		if (copy_to_user(out + i - k, states, (k + 1) * sizeof(*states)))
			return -EFAULT;
		args->done_pages = i + 1;
		if (signal_pending(current) && i + 1 < n)
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static long page_state_ioctl(struct file *file, void __user *arg)
{
	struct vmswap_page_state args;
	long ret;

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~VMSWAP_PAGE_STATE_FLAGS_ALL || args.reserved0 ||
	    memchr_inv(args.reserved, 0, sizeof(args.reserved)))
		return -EINVAL;
	ret = check_range(args.offset, args.length);
	if (ret)
		return ret;
	args.done_pages = 0;
	ret = put_states(vmswap_region_of(file_inode(file)), &args);
	if (copy_to_user(arg, &args, sizeof(args)))
		return -EFAULT;
	return ret;
}

/* ------------------------------------------------------------------- VM_STAT */

static long vm_stat_ioctl(struct file *file, void __user *arg)
{
	struct vmswap_vm *vm = vmswap_region_of(file_inode(file))->vm;
	struct vmswap_vm_stat stat = {};
	struct vmswap_gauges g;
	unsigned long effective;

	vmswap_gauges_read(vm, &g);
	stat.id = vm->id;
	stat.size = g.size;
	stat.limit = vmswap_vm_limit(vm);
	effective = vmswap_reclaim_limit(vm);
	stat.limit_effective = effective == ULONG_MAX ? ~0ull : (u64)effective << PAGE_SHIFT;
	stat.resident = g.resident;
	stat.swapped = g.swapped;
	stat.same = g.same;
	stat.zero = g.zero;
	stat.poisoned = g.poisoned;
	stat.dirty = g.dirty;
	stat.pinned = g.pinned;
	stat.hinted = g.hinted;
	stat.overhead = g.overhead;
	stat.faults_zero = vmswap_counter_sum(vm, VC_FAULTS_ZERO);
	stat.faults_minor = vmswap_counter_sum(vm, VC_FAULTS_MINOR);
	stat.faults_major = vmswap_counter_sum(vm, VC_FAULTS_MAJOR);
	stat.faults_async = vmswap_counter_sum(vm, VC_FAULTS_ASYNC);
	stat.swapin_pages = vmswap_counter_sum(vm, VC_SWAPIN);
	stat.swapout_pages = vmswap_counter_sum(vm, VC_SWAPOUT);
	stat.swapout_skipped_clean = vmswap_counter_sum(vm, VC_SKIPPED_CLEAN);
	stat.discarded_pages = vmswap_counter_sum(vm, VC_DISCARDED);
	stat.hint_discarded_pages = vmswap_counter_sum(vm, VC_HINT_DISCARDED);
	stat.io_errors = vmswap_counter_sum(vm, VC_IO_ERRORS);
	stat.stalled = vmswap_counter_sum(vm, VC_STALLED);
	return copy_to_user(arg, &stat, sizeof(stat)) ? -EFAULT : 0;
}

long vmswap_ioctl_region(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *p = (void __user *)arg;

	switch (cmd) {
	case VMSWAP_IOC_GET_INFO:
		return vmswap_ioctl_get_info(p);
	case VMSWAP_IOC_EVICT:
		return ranges_ioctl(file, p, vmswap_evict_range);
	case VMSWAP_IOC_PREFETCH:
		return ranges_ioctl(file, p, prefetch_fn);
	case VMSWAP_IOC_DISCARD:
		return ranges_ioctl(file, p, discard_fn);
	case VMSWAP_IOC_PAGE_STATE:
		return page_state_ioctl(file, p);
	case VMSWAP_IOC_VM_STAT:
		return vm_stat_ioctl(file, p);
	}
	return -ENOTTY;
}

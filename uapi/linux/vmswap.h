/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * vmswap: guest memory that may exceed the memory of its host.
 *
 * MANUAL
 *
 * Guest memory lives in regular files of the file system "vmswapfs".  A file
 * is reached through either of two doors:
 *
 *  - a mount: mount -t vmswapfs none DIR, then open(2) and ftruncate(2) a file
 *    below DIR.  Any VMM that takes a memory-backend path can do this;
 *
 *  - /dev/vmswap: VMSWAP_IOC_CREATE_VM returns a file descriptor on a new file
 *    that has no name in any mount.  It can be mapped, passed over a socket,
 *    and opened again as /proc/self/fd/N.
 *
 * Either way the descriptor is mapped MAP_SHARED and used as memory.  Pages
 * leave memory for the tiers under the policy set over generic netlink (see
 * vmswap_netlink.h) and return when touched.
 *
 * The ioctls below marked [dev] are for a descriptor of /dev/vmswap; those
 * marked [file] for a descriptor of a vmswapfs file, from either door.
 *
 * Rules that hold for all of them:
 *
 *  - Offsets and lengths are bytes, multiples of VMSWAP_PAGE_SIZE; EINVAL
 *    otherwise.  A range that ends beyond 2^63-1 is EOVERFLOW.  A range may end
 *    beyond the end of the file: the part beyond holds nothing.
 *  - Reserved fields and unknown flags must be zero; EINVAL otherwise.
 *  - Pointers are __u64, so that 32-bit callers need no translation; EFAULT
 *    when they cannot be read or written.
 *  - An unknown ioctl is ENOTTY.
 *  - No ioctl needs a capability: who may open the file, or /dev/vmswap (mode
 *    0660), may use them.  EBADF when the descriptor is not open for what the
 *    ioctl needs.
 *
 * The interface grows by feature bits returned from GET_INFO, never by version
 * numbers that user space has to guess about; the ABI version changes only
 * when an existing meaning does.
 */
#ifndef _UAPI_LINUX_VMSWAP_H
#define _UAPI_LINUX_VMSWAP_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define VMSWAP_ABI_VERSION	1

/* The unit of everything; independent of the page size of the host. */
#define VMSWAP_PAGE_SHIFT	12
#define VMSWAP_PAGE_SIZE	(1u << VMSWAP_PAGE_SHIFT)

/* f_type in statfs(2) of a vmswapfs file: "vswp". */
#define VMSWAPFS_MAGIC		0x76737770

/* Longest name of a VM, without the terminating zero. */
#define VMSWAP_NAME_MAX		63

/*
 * VMSWAP_IOC_GET_INFO [dev, file]: what this module is and can do.
 *
 * The caller sets nothing; the kernel writes all of the structure.
 *
 * @abi_version:	VMSWAP_ABI_VERSION of the kernel
 * @features:		VMSWAP_FEATURE_*
 * @page_size:		VMSWAP_PAGE_SIZE
 * @max_ranges:		most ranges in one struct vmswap_ranges
 * @max_size:		largest file in bytes
 */
struct vmswap_info {
	__u32 abi_version;
	__u32 page_size;
	__u64 features;
	__u64 max_size;
	__u32 max_ranges;
	__u32 reserved[7];
};

#define VMSWAP_FEATURE_RANGES		(1ull << 0)	/* EVICT PREFETCH DISCARD */
#define VMSWAP_FEATURE_PAGE_STATE	(1ull << 1)	/* PAGE_STATE */
#define VMSWAP_FEATURE_VM_STAT		(1ull << 2)	/* VM_STAT */
#define VMSWAP_FEATURES_ALL		((1ull << 3) - 1)

/*
 * VMSWAP_IOC_CREATE_VM [dev]: make a VM of one region; returns a descriptor.
 *
 * @size:	bytes, a multiple of the page size, at most max_size; 0 makes an
 *		empty file to be sized by ftruncate(2)
 * @flags:	VMSWAP_CREATE_*; O_CLOEXEC is always set on the descriptor
 * @name:	zero-terminated, 0 to VMSWAP_NAME_MAX bytes of [A-Za-z0-9._-] that
 *		do not end in ".hints"; other VMs may have it, too; an empty one
 *		becomes "vm-ID"
 * @id:		out: the number of the VM
 *
 * The VM lives until the last descriptor and mapping of it is gone.
 * EINVAL a bad size, name, flag or reserved field; EFBIG @size is above
 * RLIMIT_FSIZE; ENOSPC there are 4096 VMs; EAGAIN the host has no more threads,
 * of which a VM takes one; ENOMEM; EMFILE, ENFILE.
 */
struct vmswap_create_vm {
	__u64 size;
	__u32 flags;
	__u32 reserved0;
	char  name[VMSWAP_NAME_MAX + 1];
	__u64 id;
	__u64 reserved[3];
};

#define VMSWAP_CREATE_FLAGS_ALL		0u	/* none defined */

/* A part of a file. */
struct vmswap_range {
	__u64 offset;
	__u64 length;
};

/*
 * VMSWAP_IOC_EVICT, _PREFETCH, _DISCARD [file, open for writing]: work on a
 * list of ranges.
 *
 * EVICT writes the pages to the tiers and drops them; a page that is pinned,
 * locked in memory, in use at that moment, or that no tier takes, stays.
 * PREFETCH brings swapped pages in, within the limit of the VM.  DISCARD
 * makes the ranges read as zero and frees pages and slots, like
 * fallocate(FALLOC_FL_PUNCH_HOLE).
 *
 * @ranges:	pointer to struct vmswap_range[@nr_ranges]
 * @nr_ranges:	1 to max_ranges
 * @flags:	must be 0
 * @done_bytes:	in: bytes of the ranges, counted from the first, to skip; out:
 *		bytes done so far, those skipped included.  Set it to 0 to begin,
 *		also when the structure is used again after a success: else all
 *		is skipped, which is no error.  After EINTR pass it back
 *		unchanged, to go on from there
 * @done_pages:	out: pages that this call evicted, made resident, or discarded
 * @kept_pinned: out: EVICT: pages that are pinned for DMA or locked in memory
 * @kept_busy:	out: EVICT: pages in use at that moment
 * @kept_no_room: out: EVICT: pages that no tier took, for want of room or as
 *		writing failed; PREFETCH: pages not brought in, for want of room
 *		within the limit
 *
 * All counts are of this call: whoever goes on after EINTR adds them up.  Those
 * that an ioctl does not name are 0.
 *
 * Returns 0 when all ranges were worked on, also if pages stayed.  EINTR a signal
 * came; ENOMEM, of which PREFETCH may run out half way, is told in the same manner.
 */
struct vmswap_ranges {
	__u64 ranges;
	__u32 nr_ranges;
	__u32 flags;
	__u64 done_bytes;
	__u64 done_pages;
	__u64 kept_pinned;
	__u64 kept_busy;
	__u64 kept_no_room;
	__u64 reserved[3];
};

#define VMSWAP_RANGES_FLAGS_ALL		0u	/* none defined */
#define VMSWAP_MAX_RANGES		1024u

/*
 * VMSWAP_IOC_PAGE_STATE [file, open for reading]: where the pages of a range
 * are.  Makes nothing resident.  Each answer was true at one moment; unless the
 * caller stops the VM, it may be outdated when it arrives.  A page that is mapped can
 * be written without the kernel's knowledge, when a read has mapped it: without DIRTY
 * its copy may be older all the same.  Only that of a page that is not RESIDENT is
 * known to be current.
 *
 * @offset, @length:	the range
 * @states:	pointer to __u16[length / page size], one VMSWAP_PAGE_* set each
 * @flags:	must be 0
 * @done_pages:	out: states written (fewer than asked only with EINTR, EFAULT)
 */
struct vmswap_page_state {
	__u64 offset;
	__u64 length;
	__u64 states;
	__u32 flags;
	__u32 reserved0;
	__u64 done_pages;
	__u64 reserved[2];
};

#define VMSWAP_PAGE_STATE_FLAGS_ALL	0u	/* none defined */

#define VMSWAP_PAGE_RESIDENT	(1u << 0)	/* in memory */
#define VMSWAP_PAGE_DIRTY	(1u << 1)	/* in memory, known to have no current copy */
#define VMSWAP_PAGE_PINNED	(1u << 2)	/* in memory, and may not leave */
#define VMSWAP_PAGE_ZERO	(1u << 3)	/* absent, reads as zero */
#define VMSWAP_PAGE_SAME	(1u << 4)	/* known to repeat one word; no tier space */
#define VMSWAP_PAGE_SLOT	(1u << 5)	/* a tier holds a copy; see TIER */
#define VMSWAP_PAGE_POISONED	(1u << 6)	/* its content is lost; reads fail */
#define VMSWAP_PAGE_BEYOND	(1u << 7)	/* beyond the end of the file */
/* Id of the tier that holds the copy; meaningful with VMSWAP_PAGE_SLOT. */
#define VMSWAP_PAGE_TIER_SHIFT	8
#define VMSWAP_PAGE_TIER_MASK	(0x1fu << VMSWAP_PAGE_TIER_SHIFT)
#define VMSWAP_PAGE_TIER(state)	(((state) >> VMSWAP_PAGE_TIER_SHIFT) & 0x1f)

/*
 * VMSWAP_IOC_VM_STAT [file]: the state of the VM that owns the file.
 *
 * The caller sets nothing; the kernel writes all of the structure.
 *
 * Gauges are bytes.  Each page of the VM is in exactly one of @resident, @swapped,
 * @same, @zero and @poisoned; @dirty, @pinned and @hinted are parts of @resident.
 * They are exact while the VM is idle, a moment's view otherwise; @dirty leaves
 * out what was written through a mapping that a read has made.
 *
 * Counters only grow, from the creation of the VM on.  They count pages, but for
 * @io_errors and @stalled.
 *
 * Each call looks at every page that is in memory: do not call it in a loop; once a
 * second is often for a large VM.
 *
 * @id:		the number of the VM
 * @size:	of all its files, each rounded up to pages
 * @limit:	what the operator allows it to have in memory; ~0: no limit
 * @limit_effective: the lower of @limit and what its memory cgroup leaves it;
 *		~0: neither limits
 * @resident:	in memory
 * @swapped:	the only copy is in a tier
 * @same:	not in memory; repeats one word, and takes no room
 * @zero:	absent, reads as zero: never written, discarded, or found to be zero
 * @poisoned:	lost
 * @dirty:	in memory, and known to have no current copy; see VMSWAP_PAGE_DIRTY
 * @pinned:	in memory, and may not leave: pinned for DMA, or locked
 * @hinted:	0: reserved for free-page hints
 * @overhead:	memory for the page words and structures of the VM
 * @faults_zero: faults that made a new page, or one that repeats a word
 * @faults_minor: faults that found the page in memory
 * @faults_major: faults for a page that was in a tier
 * @faults_async: faults that KVM asked not to wait, and that were told to come again
 * @swapin_pages: read from tiers, by whomever: faults, system calls, prefetch,
 *		the removal of a tier
 * @swapout_pages: written to tiers
 * @swapout_skipped_clean: dropped without a write, since the copy was current
 * @discarded_pages: given back: punched, DISCARD, cut off with the end of a file; absent
 *		ones do not count
 * @hint_discarded_pages: 0: reserved for free-page hints
 * @io_errors:	reads and writes that failed
 * @stalled:	times that a fault, or a system call on its file (read, write, punching a
 *		hole), had to wait as nothing of the VM could leave; who waits tries again
 *		about every 0.1 s, and counts each time
 */
struct vmswap_vm_stat {
	__u64 id;
	__u64 size;
	__u64 limit;
	__u64 limit_effective;
	__u64 resident;
	__u64 swapped;
	__u64 same;
	__u64 zero;
	__u64 poisoned;
	__u64 dirty;
	__u64 pinned;
	__u64 hinted;
	__u64 overhead;
	__u64 faults_zero;
	__u64 faults_minor;
	__u64 faults_major;
	__u64 faults_async;
	__u64 swapin_pages;
	__u64 swapout_pages;
	__u64 swapout_skipped_clean;
	__u64 discarded_pages;
	__u64 hint_discarded_pages;
	__u64 io_errors;
	__u64 stalled;
	__u64 reserved[8];
};

#define VMSWAP_IOC_MAGIC	0xb7

#define VMSWAP_IOC_GET_INFO	_IOR(VMSWAP_IOC_MAGIC, 0x00, struct vmswap_info)
#define VMSWAP_IOC_CREATE_VM	_IOWR(VMSWAP_IOC_MAGIC, 0x01, struct vmswap_create_vm)
#define VMSWAP_IOC_EVICT	_IOWR(VMSWAP_IOC_MAGIC, 0x10, struct vmswap_ranges)
#define VMSWAP_IOC_PREFETCH	_IOWR(VMSWAP_IOC_MAGIC, 0x11, struct vmswap_ranges)
#define VMSWAP_IOC_DISCARD	_IOWR(VMSWAP_IOC_MAGIC, 0x12, struct vmswap_ranges)
#define VMSWAP_IOC_PAGE_STATE	_IOWR(VMSWAP_IOC_MAGIC, 0x13, struct vmswap_page_state)
#define VMSWAP_IOC_VM_STAT	_IOR(VMSWAP_IOC_MAGIC, 0x14, struct vmswap_vm_stat)

#endif /* _UAPI_LINUX_VMSWAP_H */

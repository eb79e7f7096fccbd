// SPDX-License-Identifier: GPL-2.0
/*
 * fill.c - give a locked folio the bytes that its word names.
 *
 * Who runs at the same time: nobody that touches this folio or its word, for the
 * folio is locked.  A read from a device ends in any context, and unlocks it.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>

#include "compat.h"
#include "fill.h"
#include "tier.h"
#include "vm.h"

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
static void drop_copy_after_load(struct vmswap_region *region, struct folio *folio, u64 *word,
				 unsigned int len)
{
	folio_set_dirty(folio);
	vmswap_word_set_loaded(region, word, vmswap_word_arrival(READ_ONCE(*word)), len);
}

/*
 * It is lost only to whoever asked for it: of a page that was read ahead nothing is
 * known but that it could not be read now.  Who touches it reads it again.
 */
static int load_failed(struct vmswap_region *region, struct folio *folio, u64 *word, int err)
{
	u64 old = READ_ONCE(*word);

	if (vmswap_word_is_ahead(old)) {
		vmswap_word_set_flags(word, VMSWAP_WORD_FLAGS, 0);
		return err;
	}
	vmswap_count(region->vm, VC_IO_ERRORS, 1);
	vmswap_tier_load_failed(region, folio->index, old, err);
	vmswap_word_set(region, word, VMSWAP_WORD_POISON);
	return -EHWPOISON;
}

/* What was read is good, or lost. */
static int load_result(struct vmswap_region *region, struct folio *folio, u64 *word, int err,
		       unsigned int len)
{
	struct vmswap_vm *vm = region->vm;
	u64 old = READ_ONCE(*word);

	if (err)
		return load_failed(region, folio, word, err);
	vmswap_count(vm, VC_SWAPIN, 1);
	folio_mark_uptodate(folio);
	if (vmswap_tier_keeps_copy(old))
		vmswap_word_set_flags(word, VMSWAP_WORD_FLAGS, vmswap_word_arrival(old));
	else
		drop_copy_after_load(region, folio, word, len);
	return 0;
}

static int fill_from_slot(struct vmswap_region *region, struct folio *folio, u64 *word,
			  unsigned int how)
{
	struct vmswap_load load = {
		.folio = folio, .word = READ_ONCE(*word),
		.fault = how & VMSWAP_FILL_FAULT, .nowait = how & VMSWAP_FILL_NOWAIT,
	};
	int ret;

	/* Whoever waits for it waits for memory: PSI and delay accounting look at this. */
	folio_set_workingset(folio);
	ret = vmswap_tier_load(&load);
	/* With the first vmswap_load_done() owns the lock; with the second nothing was done. */
	if (ret == -EINPROGRESS || ret == -EAGAIN)
		return ret;
	return load_result(region, folio, word, ret, load.len);
}

/**
 * vmswap_load_done() - a load that a tier finishes later has ended
 * @folio: the page; locked, is unlocked here
 * @start: ktime of the request of a fault; 0: none has asked for it
 * @err: 0, or why the content cannot be had; then in process context only
 *
 * Any context.  Nothing of the region may be touched after the unlock.
 */
void vmswap_load_done(struct folio *folio, u64 start, int err)
{
	struct address_space *mapping = folio->mapping;
	struct vmswap_region *region = vmswap_region_of(mapping->host);
	u64 *at = vmswap_word_at(&region->map, folio->index);

	if (start)
		vmswap_count_latency(region->vm, ktime_get_ns() - start);
	folio_get(folio);
	if (load_result(region, folio, at, err, 0)) {
		/* Out of the page cache it no longer keeps the inode, which goes by RCU. */
		rcu_read_lock();
		generic_error_remove_folio(mapping, folio);
		rcu_read_unlock();
	}
	vmswap_folio_release(folio);
}

/**
 * vmswap_fill_word() - give a folio the bytes that its word names
 * @region: where it is
 * @folio: locked and not uptodate
 * @word: its word
 * @how: VMSWAP_FILL_*
 * @kind: out: where the bytes came from
 *
 * Return: 0, filled, still locked; -EINPROGRESS it is unlocked when it is filled;
 * -EHWPOISON the content is lost; -EAGAIN there is no memory to read it with now, and
 * @how says not to wait; another error: it was read ahead, and could not be.
 */
int vmswap_fill_word(struct vmswap_region *region, struct folio *folio, u64 *word,
		     unsigned int how, enum vmswap_fault_kind *kind)
{
	u64 w = READ_ONCE(*word);

	switch (vmswap_word_state(w)) {
	case VMSWAP_WORD_SLOT:
		*kind = VMSWAP_FAULT_MAJOR;
		return fill_from_slot(region, folio, word, how);
	case VMSWAP_WORD_POISON:
		return -EHWPOISON;
	case VMSWAP_WORD_SAME:
		fill_same(folio, vmswap_word_decode_same(w));
		break;
	case VMSWAP_WORD_ZERO:
		if (!(how & VMSWAP_FILL_ZEROED))
			fill_same(folio, 0);
		break;
	}
	*kind = VMSWAP_FAULT_ZERO;
	folio_mark_uptodate(folio);
	vmswap_word_set_flags(word, VMSWAP_WORD_FLAGS, vmswap_word_arrival(w));
	return 0;
}

/* It may be the first of its 2 MiB.  The VM's cgroup pays for the leaf, whoever reads. */
static u64 *get_word(struct vmswap_region *region, pgoff_t index)
{
	struct mem_cgroup *memcg = set_active_memcg(region->vm->memcg);
	/* A cgroup that is full shall not kill for it: the read fails. */
	u64 *word = vmswap_word_at_alloc(&region->map, index, GFP_NOFS | __GFP_ACCOUNT |
					 __GFP_NORETRY | __GFP_NOWARN);

	set_active_memcg(memcg);
	return word;
}

/*
 * For a folio that generic code has inserted.  It gets a word, or is not filled: a page
 * that can be written must be able to leave memory, and to be marked lost.
 */
int vmswap_fill(struct vmswap_region *region, struct folio *folio)
{
	enum vmswap_fault_kind kind;
	u64 *word = get_word(region, folio->index);
	int ret;

	if (!word)
		return -ENOMEM;
	ret = vmswap_fill_word(region, folio, word, 0, &kind);
	return ret == -EHWPOISON ? -EIO : ret;
}

// SPDX-License-Identifier: GPL-2.0
/* aops.c - what the memory management may ask of a region's page cache. */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/migrate.h>

#include "compat.h"
#include "event.h"
#include "fill.h"
#include "fs.h"
#include "vm.h"

/*
 * For generic code (uprobes, build ids); our own paths fill folios themselves.  It
 * inserts without invalidate_lock, so that a discard may be between emptying the page
 * cache and changing the word, or be waiting for this folio with that lock held; or the
 * removal of a lost tier be changing the word: then this is refused.  AOP_TRUNCATED_PAGE
 * would make the caller look for the page again, for ever when it holds that lock shared,
 * as the reader of build ids does, and the discard waits for it.  A read that has begun
 * keeps the folio locked, which the next discard waits for before it frees the slot.
 */
static int vmswap_read_folio(struct file *file, struct folio *folio)
{
	struct address_space *mapping = folio->mapping;
	int ret;

	if (!filemap_invalidate_trylock_shared(mapping)) {
		folio_unlock(folio);
		return -EBUSY;
	}
	ret = vmswap_fill(vmswap_region_of(mapping->host), folio);
	filemap_invalidate_unlock_shared(mapping);
	if (ret == -EINPROGRESS)
		return 0;
	folio_unlock(folio);
	return ret;
}

/*
 * The memory of this folio is broken; it is locked and unmapped.  When its bytes can be
 * had again from where the word says, drop the folio alone; else they are lost for good.
 * A folio that nobody has filled has none, one that was filled has a word.
 *
 * Page tables have entries by now that say it is broken.  They stay for a page that is
 * lost, until a discard.  Others go, so that nobody sees the error.  Copies of private
 * mappings would go with them: a mount that allows those keeps the entries.
 */
static int error_remove_folio(struct address_space *mapping, struct folio *folio)
{
	struct vmswap_region *region = vmswap_region_of(mapping->host);
	u64 *word = vmswap_word_at(&region->map, folio->index);
	bool lost = folio_test_dirty(folio);

	/* Without the folio it would read as zero: it stays, and fails. */
	if (WARN_ON_ONCE(lost && !word))
		return -EIO;
	if (lost) {
		vmswap_word_set(region, word, VMSWAP_WORD_POISON);
		vmswap_event_lost(region, folio->index);
	} else if (!vmswap_fs_private_allowed(mapping->host->i_sb)) {
		unmap_mapping_pages(mapping, folio->index, 1, true);
	}
	return generic_error_remove_folio(mapping, folio);
}

#ifdef VMSWAP_ERROR_REMOVE_PAGE
static int vmswap_error_remove_page(struct address_space *mapping, struct page *page)
{
	return error_remove_folio(mapping, page_folio(page));
}
#endif

const struct address_space_operations vmswap_aops = {
	.read_folio	= vmswap_read_folio,
	.dirty_folio	= noop_dirty_folio,
	.migrate_folio	= filemap_migrate_folio,
#ifdef VMSWAP_ERROR_REMOVE_PAGE
	.error_remove_page = vmswap_error_remove_page,
#else
	.error_remove_folio = error_remove_folio,
#endif
};

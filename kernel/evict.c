// SPDX-License-Identifier: GPL-2.0
/*
 * evict.c - how pages leave memory: lock, unmap, prove alone, write, drop.
 *
 *  1. Lock a run of folios (trylock, ascending).  What is pinned, locked in
 *     memory, or not up to date is left alone, before anything is unmapped:
 *     unmapping an mlocked folio would take its mlock away.
 *  2. Unmap them while they are locked, once per stretch of neighbours.  Nobody
 *     can map a locked folio, so from here no CPU and no guest can write to it,
 *     and what they wrote has reached the folio's dirty flag.
 *  3. Prove each alone: not mapped, and referenced by the page cache and us only.
 *     Whoever looked it up earlier (GUP, DMA, a TLB flush not yet done, a per-CPU
 *     LRU batch) holds a reference.  Only now is the dirty flag cleared: without
 *     a writeback bdi that write-protects nothing, so doing it to a folio that is
 *     mapped would lose the writes that follow.
 *  4. Write the content, or find that it need not be written, and let the word
 *     name the slot - still under the folio lock, which is held until the write has
 *     ended.  On failure the folio is dirty again before it is unlocked.
 *  5. Unlock and drop through invalidate_mapping_pages(), which freezes the
 *     reference count and looks at the dirty flag again: a page touched since the
 *     unlock stays, and the copy just written is stale but harmless, as a dirty
 *     folio overrules its word.
 *
 * Up to VMSWAP_EVICT_RUNS runs of an evictor are between 4 and 5 at a time: their
 * writes are under way, their folios locked, while the next run is at 1; those of their
 * pages that are not written have left by then.  As all locks are tried, two evictors
 * never wait for each other's folios.
 *
 * Who runs at the same time: faults find the folio locked (2-4) and wait, or get
 * it after 5 has failed or before 5 has begun; another eviction fails to lock;
 * truncation waits for the lock, and 5 finds no such page; migration needs the
 * lock, and copies the dirty flag under it; drop_caches may do 5 for us.
 */
#include <linux/blkdev.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "evict.h"
#include "page.h"
#include "tier.h"
#include "trace.h"
#include "vm.h"

enum page_fate {
	STAYS,
	WRITING,	/* locked until the batch is done */
	CLEANED,	/* may be dropped */
};

struct vmswap_evict_run {
	struct vmswap_region *region;
	const struct vmswap_evict_how *how;
	struct vmswap_evict_result *res;
	unsigned int nr;
	unsigned int writing;			/* of them */
	struct folio *folios[VMSWAP_RUN_MAX];
	pgoff_t index[VMSWAP_RUN_MAX];
	u64 *word[VMSWAP_RUN_MAX];		/* leaves stay as long as the region */
	u64 new[VMSWAP_RUN_MAX];		/* words of pages being written */
	u8 fate[VMSWAP_RUN_MAX];
	DECLARE_BITMAP(sampled, VMSWAP_RUN_MAX);
	struct vmswap_store_batch batch;
};

/*
 * Under the folio lock: is it this page's turn?  A page that is not cold was used
 * since the last look, or is looked at for the first time: it is made cold, and
 * unmapped by the caller, so that a touch shows.
 */
static bool is_victim(u64 *word, enum vmswap_evict_mode mode)
{
	u64 w = READ_ONCE(*word);

	switch (mode) {
	case VMSWAP_EVICT_ALL:
		return true;
	case VMSWAP_EVICT_FORCE:
		vmswap_word_set_flags(word, VMSWAP_WORD_FRESH, 0);
		return (w & VMSWAP_WORD_FLAGS) != VMSWAP_WORD_FRESH;
	case VMSWAP_EVICT_COLD:
		vmswap_word_set_flags(word, VMSWAP_WORD_FRESH, VMSWAP_WORD_COLD);
		return w & VMSWAP_WORD_COLD;
	}
	return false;
}

/*
 * Lock one page of the run.  Returns it with a reference, or NULL; *@wordp is its
 * word.  *@sample is set when it only has to be unmapped.
 */
static struct folio *lock_one(struct vmswap_region *region, pgoff_t index,
			      const struct vmswap_evict_how *how, u64 **wordp,
			      bool *sample, struct vmswap_evict_result *res)
{
	struct folio *folio = filemap_get_folio(region->inode.i_mapping, index);
	u64 *word;

	if (IS_ERR(folio))
		return NULL;
	if (how->nid != NUMA_NO_NODE && folio_nid(folio) != how->nid)
		goto put;
	if (!folio_trylock(folio)) {
		res->busy++;
		goto put;
	}
	if (folio->mapping != region->inode.i_mapping)
		goto unlock;
	word = vmswap_word_at(&region->map, index);
	if (!word || !folio_test_uptodate(folio) || folio_test_writeback(folio) ||
	    folio_test_hwpoison(folio)) {
		res->busy++;
		goto unlock;
	}
	if (vmswap_folio_pinned(folio)) {
		res->pinned++;
		goto unlock;
	}
	*wordp = word;
	*sample = !is_victim(word, how->mode);
	if (*sample)
		res->spared++;
	return folio;
unlock:
	folio_unlock(folio);
put:
	folio_put(folio);
	return NULL;
}

/* Unmap stretches of neighbours with one call, that is one flush, each. */
static void unmap_run(struct vmswap_evict_run *run)
{
	struct address_space *mapping = run->region->inode.i_mapping;
	unsigned int i, first = 0;

	for (i = 1; i <= run->nr; i++) {
		if (i < run->nr &&
		    run->folios[i]->index == run->folios[i - 1]->index + 1)
			continue;
		unmap_mapping_pages(mapping, run->folios[first]->index, i - first, false);
		first = i;
	}
}

/*
 * What was mapped may have been written without a trace: KVM's gfn_to_pfn_cache (the
 * guest's clock) takes a page by a fast GUP, which sets nothing dirty, keeps no
 * reference, and writes until the page is unmapped.  So it counts as dirty, and is
 * compared with its copy.  Whoever else unmaps (munmap, exit) has no guest any more.
 */
static bool dirty_mapped(struct vmswap_evict_run *run)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < run->nr; i++) {
		if (!folio_mapped(run->folios[i]))
			continue;
		any = true;
		if (!folio_test_dirty(run->folios[i]))
			folio_mark_dirty(run->folios[i]);
	}
	return any;
}

/* The one value that all 64-bit words of the page have, if so. */
static bool is_same_filled(const u64 *page, u64 *value)
{
	unsigned int last = PAGE_SIZE / sizeof(u64) - 1, i;

	/* The last word differs in most pages that begin with equal words. */
	if (page[0] != page[last])
		return false;
#pragma GCC unroll 16
	for (i = 1; i < last; i++)
		if (page[i] != page[0])
			return false;
	*value = page[0];
	return true;
}

static bool encode_content(struct folio *folio, u64 *new)
{
	void *addr = kmap_local_folio(folio, 0);
	u64 value;
	bool same = is_same_filled(addr, &value);

	kunmap_local(addr);
	if (!same)
		return false;
	if (value)
		return vmswap_word_encode_same(value, new);
	*new = VMSWAP_WORD_ZERO;
	return true;
}

static bool is_alone(struct folio *folio)
{
	/* One reference is the page cache's, one is ours. */
	return !folio_mapped(folio) && folio_ref_count(folio) == 2;
}

/* The folio counts, whatever copy there may be.  @why: what it is counted as. */
static void keep(struct vmswap_evict_run *run, unsigned int i, unsigned long *why)
{
	folio_mark_dirty(run->folios[i]);
	(*why)++;
	run->fate[i] = STAYS;
}

static void stored(struct vmswap_evict_run *run, unsigned int i)
{
	vmswap_count(run->region->vm, VC_SWAPOUT, 1);
	vmswap_word_set(run->region, run->word[i], run->new[i]);
	run->fate[i] = CLEANED;
}

/*
 * The copy is current: the folio may go.  While the device answers with errors it stays,
 * and the copy, too, which will do once it can be read again.
 */
static void rely_on_copy(struct vmswap_evict_run *run, unsigned int i)
{
	if (vmswap_tier_in_doubt(READ_ONCE(*run->word[i]))) {
		keep(run, i, &run->res->no_room);
		return;
	}
	vmswap_count(run->region->vm, VC_SKIPPED_CLEAN, 1);
	run->fate[i] = CLEANED;
}

/* The folio was dirty: find a home for its bytes. */
static void store_content(struct vmswap_evict_run *run, unsigned int i)
{
	struct vmswap_region *region = run->region;
	struct folio *folio = run->folios[i];
	struct vmswap_store store = {
		.region = region, .folio = folio, .batch = &run->batch, .index = i,
		.left = run->nr - i, .where = run->how->store,
	};
	u64 *word = run->word[i], old = READ_ONCE(*word), new;

	run->fate[i] = CLEANED;
	if (encode_content(folio, &new)) {
		vmswap_word_set(region, word, new);
		return;
	}
	if (vmswap_word_state(old) == VMSWAP_WORD_SLOT) {
		if (vmswap_tier_equal(old, folio)) {
			rely_on_copy(run, i);
			return;
		}
		/* Outdated.  Its room may be what the new copy needs. */
		folio_mark_dirty(folio);
		vmswap_word_set(region, word, VMSWAP_WORD_ZERO);
		folio_clear_dirty_for_io(folio);
	}
	switch (vmswap_tier_store(&store, &run->new[i])) {
	case 0:
		stored(run, i);
		break;
	case -EINPROGRESS:
		run->fate[i] = WRITING;
		break;
	case -E2BIG:
		run->res->no_gain++;
		fallthrough;
	default:
		keep(run, i, &run->res->no_room);
	}
}

/* The device is gone: a clean page is the only copy as well. */
static bool copy_is_lost(u64 word)
{
	return vmswap_word_state(word) == VMSWAP_WORD_SLOT && !vmswap_tier_readable(word);
}

/* Steps 3 and 4. */
static void clean_one(struct vmswap_evict_run *run, unsigned int i)
{
	struct folio *folio = run->folios[i];
	u64 *word = run->word[i];

	if (!is_alone(folio)) {
		run->res->busy++;
		return;
	}
	if (folio_clear_dirty_for_io(folio) || copy_is_lost(READ_ONCE(*word))) {
		store_content(run, i);
		return;
	}
	if (vmswap_word_state(READ_ONCE(*word)) == VMSWAP_WORD_SLOT)
		rely_on_copy(run, i);
	else
		run->fate[i] = CLEANED;
}

/*
 * It was written well, and then the device went.  Whoever looks after what memory has of
 * that (tier_lost.c) sees either that the word names the slot, and waits for our lock, or
 * has told us of the loss before we look here: vmswap_word_set() is a full barrier.
 */
static void keep_alone(struct vmswap_evict_run *run, unsigned int i)
{
	keep(run, i, &run->res->no_room);
	vmswap_word_set(run->region, run->word[i], VMSWAP_WORD_ZERO);
}

/*
 * The write has ended.  Nobody could touch the page, but this is where we look.  A
 * reference that was taken meanwhile is one of the page cache's users: it cannot
 * map or write the folio without its lock, and dropping it fails then.
 */
static void written_one(struct vmswap_evict_run *run, unsigned int i)
{
	struct folio *folio = run->folios[i];
	struct vmswap_store store = { .region = run->region, .folio = folio };
	int err = run->batch.err[i];

	if (err) {
		vmswap_tier_store_failed(&store, run->new[i], err);
		keep(run, i, &run->res->no_room);
	} else if (folio_test_dirty(folio) || folio_mapped(folio)) {
		vmswap_tier_free_slot(run->region->vm, run->new[i], 0);
		keep(run, i, &run->res->busy);
	} else {
		stored(run, i);
		if (copy_is_lost(run->new[i]))
			keep_alone(run, i);
		else
			vmswap_tier_store_succeeded(run->new[i]);
	}
}

/* Step 5, for neighbours that were all cleaned. */
static void drop_stretch(struct vmswap_evict_run *run, pgoff_t first, unsigned int nr)
{
	struct vmswap_region *region = run->region;
	unsigned long n;

	n = invalidate_mapping_pages(region->inode.i_mapping, first, first + nr - 1);
	n = min_t(unsigned long, n, nr);
	run->res->evicted += n;
	run->res->busy += nr - n;
	trace_vmswap_evict(region->vm->id, region->index, first, nr, n);
}

/* Between those that go may be clean ones that were just spared: they stay. */
static void drop_run(struct vmswap_evict_run *run)
{
	unsigned int i, nr = 0;
	pgoff_t first = 0;

	for (i = 0; i < run->nr; i++) {
		if (nr && (run->fate[i] != CLEANED || run->index[i] != first + nr)) {
			drop_stretch(run, first, nr);
			nr = 0;
		}
		if (run->fate[i] != CLEANED)
			continue;
		run->fate[i] = STAYS;	/* or it stays after all: once is enough */
		if (!nr++)
			first = run->index[i];
	}
	if (nr)
		drop_stretch(run, first, nr);
}

static void lock_run(struct vmswap_evict_run *run, pgoff_t start, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		bool sample = false;
		struct folio *folio = lock_one(run->region, start + i, run->how,
					       &run->word[run->nr], &sample, run->res);

		if (!folio)
			continue;
		if (sample)
			__set_bit(run->nr, run->sampled);
		run->fate[run->nr] = STAYS;
		run->folios[run->nr++] = folio;
	}
}

/* Clean all; what is not being written is unlocked at once.  Returns what is. */
static unsigned int clean_run(struct vmswap_evict_run *run)
{
	unsigned int writing = 0, i;
	struct blk_plug plug;

	blk_start_plug(&plug);
	for (i = 0; i < run->nr; i++) {
		if (!test_bit(i, run->sampled))
			clean_one(run, i);
		if (run->fate[i] == WRITING)
			writing++;
		else
			vmswap_folio_release(run->folios[i]);
		/* A run takes a compressor a millisecond: a fault shall not wait for it. */
		cond_resched();
	}
	blk_finish_plug(&plug);
	return writing;
}

static void finish_run(struct vmswap_evict_run *run)
{
	unsigned int i;

	vmswap_store_batch_wait(&run->batch);
	for (i = 0; i < run->nr; i++) {
		if (run->fate[i] != WRITING)
			continue;
		written_one(run, i);
		vmswap_folio_release(run->folios[i]);
	}
	drop_run(run);
}

/**
 * vmswap_evict_where() - where a caller may store that no memory reclaim has called
 *
 * Whoever may not wait for I/O, or frees memory itself, must not enter a file system.
 *
 * Return: VMSWAP_STORE_SAFE for them, VMSWAP_STORE_ANY for all others.
 */
enum vmswap_store_where vmswap_evict_where(void)
{
	if (current->flags & (PF_MEMALLOC | PF_MEMALLOC_NOIO | PF_MEMALLOC_NOFS))
		return VMSWAP_STORE_SAFE;
	return VMSWAP_STORE_ANY;
}

/* --------------------------------------------------------------- runs in flight */

/*
 * A pool for each place to store: who waits for a run waits for what its owner waits
 * for.  Memory reclaim may hold what a file system needs, and the block layer may be
 * what reclaims without I/O.  Where that may be a device, the pool is the VM's: that of
 * another VM may not answer.
 */
#define NR_DEVICE_POOLS	(VMSWAP_STORE_SAFE + 1)

static mempool_t memory_pool[VMSWAP_STORE_NR - NR_DEVICE_POOLS];

static mempool_t *pool_of(struct vmswap_vm *vm, enum vmswap_store_where where)
{
	if (where < NR_DEVICE_POOLS)
		return &vm->run_pools[where];
	return &memory_pool[where - NR_DEVICE_POOLS];
}

/* An evictor that has a run in flight does not wait for another: it may be the last. */
static struct vmswap_evict_run *run_alloc(struct vmswap_evictor *ev, struct vmswap_vm *vm)
{
	if (ev->nr == VMSWAP_EVICT_RUNS)
		return NULL;
	return mempool_alloc(pool_of(vm, ev->how->store),
			     ev->nr ? GFP_NOWAIT | __GFP_NOWARN : GFP_NOIO);
}

static void run_free(struct vmswap_evict_run *run)
{
	mempool_free(run, pool_of(run->region->vm, run->how->store));
}

static void run_init(struct vmswap_evict_run *run, struct vmswap_evictor *ev,
		     struct vmswap_region *region)
{
	run->region = region;
	run->how = ev->how;
	run->res = ev->res;
	run->nr = 0;
	run->writing = 0;
	bitmap_zero(run->sampled, VMSWAP_RUN_MAX);
	vmswap_store_batch_init(&run->batch);
}

/**
 * vmswap_evict_begin() - begin to evict what can go of up to VMSWAP_RUN_MAX pages
 * @ev: the evictor; waits for its oldest run when too many are in flight
 * @region: the region; must stay until that run is waited for
 * @start: first page
 * @nr: how many
 *
 * Needs no memory: waits for a run of others who may store in the same tiers.
 */
void vmswap_evict_begin(struct vmswap_evictor *ev, struct vmswap_region *region,
			pgoff_t start, unsigned int nr)
{
	unsigned int noreclaim = memalloc_noreclaim_save(), i;
	struct vmswap_evict_run *run;

	while (!(run = run_alloc(ev, region->vm)))
		vmswap_evict_wait(ev);
	run_init(run, ev, region);
	lock_run(run, start, nr);
	if (run->nr && dirty_mapped(run))
		unmap_run(run);
	/* The folios may be gone once they are unlocked: their places are kept. */
	for (i = 0; i < run->nr; i++)
		run->index[i] = run->folios[i]->index;
	run->writing = clean_run(run);
	if (run->writing) {
		/* Long after now their copies may not be what they were thought to be. */
		drop_run(run);
		ev->pending += run->writing;
		ev->runs[(ev->first + ev->nr++) % VMSWAP_EVICT_RUNS] = run;
	} else {
		finish_run(run);
		run_free(run);
	}
	memalloc_noreclaim_restore(noreclaim);
}

/**
 * vmswap_evict_wait() - wait for the oldest run and drop its pages
 * @ev: the evictor
 *
 * Return: false when none was in flight.
 */
bool vmswap_evict_wait(struct vmswap_evictor *ev)
{
	struct vmswap_evict_run *run = ev->runs[ev->first];
	unsigned int noreclaim;

	if (!ev->nr)
		return false;
	ev->nr--;
	ev->first = (ev->first + 1) % VMSWAP_EVICT_RUNS;
	ev->pending -= run->writing;
	noreclaim = memalloc_noreclaim_save();
	finish_run(run);
	memalloc_noreclaim_restore(noreclaim);
	run_free(run);
	return true;
}

void vmswap_evict_end(struct vmswap_evictor *ev)
{
	while (vmswap_evict_wait(ev))
		;
}

static int evict_pass(struct vmswap_region *region, pgoff_t start, pgoff_t end,
		      struct vmswap_evict_result *res)
{
	struct address_space *mapping = region->inode.i_mapping;
	const struct vmswap_evict_how how = {
		.mode = VMSWAP_EVICT_ALL, .store = vmswap_evict_where(), .nid = NUMA_NO_NODE,
	};
	struct vmswap_evictor ev = { .how = &how, .res = res };
	unsigned long index = start;
	int ret = 0;

	while (!ret && index < end &&
	       xa_find(&mapping->i_pages, &index, end - 1, XA_PRESENT)) {
		unsigned int nr = min_t(pgoff_t, VMSWAP_RUN_MAX, end - index);

		vmswap_evict_begin(&ev, region, index, nr);
		index += nr;
		if (fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	vmswap_evict_end(&ev);
	return ret;
}

/* -------------------------------------------------- draining the LRU batches */

static struct work_struct __percpu *lru_drain_work;
static DEFINE_MUTEX(lru_drain_lock);

/* Releasing a batch of folios drains this CPU's LRU batches first. */
static void drain_this_cpu(struct work_struct *work)
{
	struct folio *folio = folio_alloc(GFP_KERNEL | __GFP_NOWARN, 0);
	struct folio_batch batch;

	if (!folio)
		return;
	folio_batch_init(&batch);
	folio_batch_add(&batch, folio);
	folio_batch_release(&batch);
}

static void drain_lru_batches(void)
{
	int cpu;

	mutex_lock(&lru_drain_lock);
	cpus_read_lock();
	for_each_online_cpu(cpu)
		queue_work_on(cpu, system_highpri_wq, per_cpu_ptr(lru_drain_work, cpu));
	for_each_online_cpu(cpu)
		flush_work(per_cpu_ptr(lru_drain_work, cpu));
	cpus_read_unlock();
	mutex_unlock(&lru_drain_lock);
}

/**
 * vmswap_evict_range() - evict a range
 * @region: the region
 * @start: first page
 * @end: one after the last page
 * @res: what became of them is added here
 *
 * All pages leave that can.  A page just brought in sits in some CPU's LRU batch,
 * which holds a reference: what stayed busy is tried once more after the batches
 * were drained.
 *
 * Return: 0, or -EINTR when the task is being killed.
 */
int vmswap_evict_range(struct vmswap_region *region, pgoff_t start, pgoff_t end,
		       struct vmswap_evict_result *res)
{
	struct vmswap_evict_result once = {}, again = {};
	int ret;

	ret = evict_pass(region, start, end, &once);
	if (!ret && once.busy) {
		drain_lru_batches();
		ret = evict_pass(region, start, end, &again);
		/* What stayed the first time was looked at again. */
		again.evicted += once.evicted;
		once = again;
	}
	vmswap_evict_add(res, &once);
	return ret;
}

static void exit_pools(mempool_t *pools, int nr)
{
	/* No harm to those never made. */
	while (nr--)
		mempool_exit(&pools[nr]);
}

/* For as many evictors without memory as @runs are enough for; others wait for them. */
static int init_pools(mempool_t *pools, int nr, int runs)
{
	int ret = 0, i;

	for (i = 0; i < nr && !ret; i++)
		ret = mempool_init_kmalloc_pool(&pools[i], runs,
						sizeof(struct vmswap_evict_run));
	if (ret)
		exit_pools(pools, nr);
	return ret;
}

int vmswap_evict_vm_init(struct vmswap_vm *vm)
{
	int ret;

	vm->run_pools = kcalloc(NR_DEVICE_POOLS, sizeof(*vm->run_pools), GFP_KERNEL);
	if (!vm->run_pools)
		return -ENOMEM;
	ret = init_pools(vm->run_pools, NR_DEVICE_POOLS, VMSWAP_EVICT_RUNS);
	if (ret)
		kfree(vm->run_pools);
	return ret;
}

void vmswap_evict_vm_exit(struct vmswap_vm *vm)
{
	exit_pools(vm->run_pools, NR_DEVICE_POOLS);
	kfree(vm->run_pools);
}

int vmswap_evict_init(void)
{
	int cpu, ret;

	ret = init_pools(memory_pool, ARRAY_SIZE(memory_pool), 2 * VMSWAP_EVICT_RUNS);
	if (ret)
		return ret;
	ret = -ENOMEM;
	lru_drain_work = alloc_percpu(struct work_struct);
	if (!lru_drain_work)
		goto pools;
	for_each_possible_cpu(cpu)
		INIT_WORK(per_cpu_ptr(lru_drain_work, cpu), drain_this_cpu);
	return 0;
pools:
	exit_pools(memory_pool, ARRAY_SIZE(memory_pool));
	return ret;
}

void vmswap_evict_exit(void)
{
	free_percpu(lru_drain_work);
	exit_pools(memory_pool, ARRAY_SIZE(memory_pool));
}

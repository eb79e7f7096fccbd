// SPDX-License-Identifier: GPL-2.0
/*
 * tier_ram.c - compressed memory of this host.
 *
 * A slot is a zsmalloc object: a small header, then the compressed bytes.  Its
 * handle is the payload of the page's word.  A page that does not compress is
 * kept as a page of its own (the word's spec bit; payload: page frame number), if
 * no other tier is left to take it; zsmalloc would spend a whole page as well.
 *
 * Pages of a pool may mix owners, and a zspage is charged to one cgroup, so each
 * cgroup has a pool of its own; VMs in the root cgroup share the tier's.
 *
 * A slot is read and freed under the lock of the folio it belongs to, or after
 * that page's discard has made sure that there is none: no read of a freed slot.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/refcount.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/xxhash.h>
#include <linux/zsmalloc.h>

#include "compat.h"
#include "compress.h"
#include "tier.h"

struct ram_pool {
	struct zs_pool *zs;
	struct mem_cgroup *memcg;	/* only compared; the VMs hold it */
	atomic_long_t accounted;	/* pages already in tier->used */
	unsigned int users;		/* VMs attached; under ram->lock */
	struct list_head node;
};

struct ram {
	struct mutex lock;		/* protects pools and their users */
	struct list_head pools;
};

/* Before the compressed bytes.  The checksum covers what follows it. */
struct ram_header {
	u64 sum;
	u16 len;
	u8 algo;
	u8 zero;
} __packed __aligned(4);

/*
 * The most compressed bytes that zsmalloc stores in less than a page.  That depends on the
 * kernel and its configuration, and is the same for all pools: known with the first.
 */
static unsigned int max_len;

static void learn_max_len(struct zs_pool *zs)
{
	size_t first_huge = zs_huge_class_size(zs);

	WRITE_ONCE(max_len, min_t(size_t, first_huge - 1, PAGE_SIZE) - sizeof(struct ram_header));
}

/*
 * Reclaim must neither recurse nor empty the reserves that others need to free memory.
 * It gives back more than it takes: it may go on where others have to stop, as far as
 * an interrupt may, also when a boost of the watermarks has put them above what is free.
 */
#define RAM_GFP	(GFP_ATOMIC | __GFP_NOWARN | __GFP_NOMEMALLOC | __GFP_HIGHMEM | __GFP_ACCOUNT)

/* Evictors are marked as those who free memory: all of it is theirs unless they decline. */
static gfp_t ram_gfp(const struct vmswap_store *store)
{
	return store->where == VMSWAP_STORE_RESERVE ? RAM_GFP & ~__GFP_NOMEMALLOC : RAM_GFP;
}

static u64 header_sum(const struct ram_header *h, u64 seed)
{
	return xxh64(&h->len, sizeof(*h) - offsetof(struct ram_header, len) + h->len, seed);
}

/* ---------------------------------------------------------------------- pools */

/*
 * Make tier->used follow what the pool really takes, which seldom changes.  Faults do that
 * at the same time, so without a lock.  Growth counts before it is published, and what has
 * gone after, so that used is never less than what is published of all pools, and who finds
 * his own growth published finds it counted.  Each looks again, as what it published may be
 * outdated; whoever changes the pool later finds that (both barriers are full).
 */
static void account_pool(struct vmswap_tier *tier, struct ram_pool *pool)
{
	long now, was;
	s64 growth;

	smp_mb();	/* after what the caller did to the pool; pairs with another's cmpxchg */
	while ((now = zs_get_total_pages(pool->zs)) !=
	       (was = atomic_long_read(&pool->accounted))) {
		growth = (s64)(now - was) << PAGE_SHIFT;
		if (growth > 0)
			atomic64_add(growth, &tier->used);
		if (atomic_long_cmpxchg(&pool->accounted, was, now) != was)
			growth = -max_t(s64, growth, 0);	/* somebody was faster */
		else
			growth = min_t(s64, growth, 0);
		atomic64_add(growth, &tier->used);
	}
}

static bool is_over(struct vmswap_tier *tier)
{
	return atomic64_read(&tier->used) > READ_ONCE(tier->size);
}

static struct ram_pool *pool_create(struct mem_cgroup *memcg)
{
	static atomic_t pool_nr;
	struct ram_pool *pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	char name[24];

	if (!pool)
		return NULL;
	/* zsmalloc names slab caches after it. */
	snprintf(name, sizeof(name), "vmswap-%d", atomic_inc_return(&pool_nr));
	pool->zs = zs_create_pool(name);
	if (!pool->zs) {
		kfree(pool);
		return NULL;
	}
	learn_max_len(pool->zs);
	pool->memcg = memcg;
	return pool;
}

static void pool_put(struct vmswap_tier *tier, struct ram_pool *pool)
{
	struct ram *ram = tier->priv;

	lockdep_assert_held(&ram->lock);
	if (--pool->users)
		return;
	list_del(&pool->node);
	/* zsmalloc may hold pages that it frees only now. */
	atomic64_sub((s64)atomic_long_read(&pool->accounted) << PAGE_SHIFT, &tier->used);
	zs_destroy_pool(pool->zs);
	kfree(pool);
}

static struct mem_cgroup *memcg_key(struct vmswap_vm *vm)
{
	/* The root cgroup, which has no limit, is as good as none. */
	if (vm->memcg && vm->memcg->css.parent)
		return vm->memcg;
	return NULL;
}

static struct ram_pool *pool_get(struct ram *ram, struct mem_cgroup *memcg)
{
	struct ram_pool *pool;

	lockdep_assert_held(&ram->lock);
	list_for_each_entry(pool, &ram->pools, node)
		if (pool->memcg == memcg)
			goto found;
	pool = pool_create(memcg);
	if (!pool)
		return NULL;
	list_add(&pool->node, &ram->pools);
found:
	pool->users++;
	return pool;
}

static int ram_attach(struct vmswap_tier *tier, struct vmswap_vm *vm)
{
	struct ram *ram = tier->priv;
	struct ram_pool *pool;

	mutex_lock(&ram->lock);
	pool = pool_get(ram, memcg_key(vm));
	mutex_unlock(&ram->lock);
	vm->tier[tier->id].priv = pool;
	return pool ? 0 : -ENOMEM;
}

static void ram_detach(struct vmswap_tier *tier, struct vmswap_vm *vm)
{
	struct ram *ram = tier->priv;

	mutex_lock(&ram->lock);
	pool_put(tier, vm->tier[tier->id].priv);
	mutex_unlock(&ram->lock);
	vm->tier[tier->id].priv = NULL;
}

static int ram_create(struct vmswap_tier *tier, const struct vmswap_tier_params *params,
		      struct netlink_ext_ack *extack)
{
	struct ram *ram;
	int ret;

	tier->algo = params->algo;
	tier->size = params->size ?: (u64)totalram_pages() * PAGE_SIZE / 5;
	ret = vmswap_compress_enable(params->algo);
	if (ret)
		return ret;
	ram = kzalloc(sizeof(*ram), GFP_KERNEL);
	if (!ram)
		return -ENOMEM;
	mutex_init(&ram->lock);
	INIT_LIST_HEAD(&ram->pools);
	tier->priv = ram;
	return 0;
}

static void ram_destroy(struct vmswap_tier *tier)
{
	struct ram *ram = tier->priv;

	WARN_ON(!list_empty(&ram->pools));
	kfree(ram);
}

/* ---------------------------------------------------------------------- slots */

static bool is_raw(u64 word)
{
	return word & VMSWAP_WORD_SPEC;
}

static struct page *raw_page(u64 word)
{
	return pfn_to_page(vmswap_word_payload(word));
}

/* Bits 56 to 3 of a kernel address; those above repeat bit 56 (or 47). */
static u64 payload_of_handle(unsigned long handle)
{
	return (handle >> 3) & GENMASK_ULL(53, 0);
}

static unsigned long handle_of(u64 word)
{
	return sign_extend64(vmswap_word_payload(word) << 3, 56);
}

static int store_raw(struct vmswap_tier *tier, struct vmswap_region *region,
		     struct folio *folio, u64 *payload)
{
	struct page *page = NULL;
	void *from, *to;
	bool over;

	atomic64_add(PAGE_SIZE, &tier->used);
	over = is_over(tier);
	if (!over)
		page = alloc_page(RAM_GFP);
	if (!page) {
		atomic64_sub(PAGE_SIZE, &tier->used);
		return over ? -ENOSPC : -ENOMEM;
	}
	from = kmap_local_folio(folio, 0);
	to = kmap_local_page(page);
	copy_page(to, from);
	set_page_private(page, xxh64(to, PAGE_SIZE, vmswap_checksum_seed(region, folio->index)));
	kunmap_local(to);
	kunmap_local(from);
	*payload = page_to_pfn(page);
	vmswap_tier_account(tier, region->vm, 1, PAGE_SIZE);
	return 0;
}

/* The length of an object's compressed bytes, of which a damaged one has too many. */
static unsigned int object_len(struct ram_pool *pool, unsigned long handle)
{
	struct ram_header copy, *h = zs_obj_read_begin(pool->zs, handle, sizeof(*h), &copy);
	unsigned int len = h->len;

	zs_obj_read_end(pool->zs, handle, sizeof(*h), h);
	return len;
}

/*
 * How many pages the pool grows by is known afterwards only: what makes the tier
 * exceed its size is given back, so it does for the moment of a store, at most by
 * the few pages that zsmalloc takes at once, for each CPU that stores.
 * @bytes have the compressor's headroom before them.
 */
static int store_compressed(struct vmswap_tier *tier, const struct vmswap_store *store,
			    void *bytes, unsigned int len, u64 *payload)
{
	struct vmswap_region *region = store->region;
	struct ram_pool *pool = region->vm->tier[tier->id].priv;
	unsigned int size = sizeof(struct ram_header) + len;
	unsigned long handle = zs_malloc(pool->zs, size, ram_gfp(store), numa_node_id());
	struct ram_header *h = bytes - sizeof(*h);

	BUILD_BUG_ON(sizeof(*h) > VMSWAP_HEADROOM);
	if (IS_ERR_VALUE(handle) || !handle)
		return -ENOMEM;
	account_pool(tier, pool);
	if (is_over(tier)) {
		zs_free(pool->zs, handle);
		account_pool(tier, pool);
		return -ENOSPC;
	}
	h->len = len;
	h->algo = tier->algo;
	h->zero = 0;
	h->sum = header_sum(h, vmswap_checksum_seed(region, store->folio->index));
	zs_obj_write(pool->zs, handle, h, size);
	*payload = payload_of_handle(handle);
	vmswap_tier_account(tier, region->vm, 1, len);
	return 0;
}

/* Of pages that do not compress one in so many is not prejudged: what came may be others. */
#define DENSE_TURN	16

/*
 * -E2BIG: it does not pay.  Pages of a kind lie together, so what one was like is the guess
 * for the next.  Evictors of one VM share the guess without a lock: a wrong one costs time,
 * or the room of a page that might have compressed.
 */
static int compress_and_store(struct vmswap_tier *tier, struct vmswap_store *store, u64 *payload)
{
	struct vmswap_vm_tier *vt = &store->region->vm->tier[tier->id];
	u8 dense = READ_ONCE(vt->dense), now;
	struct vmswap_stream *s;
	void *page, *bytes;
	int ret;

	page = kmap_local_folio(store->folio, 0);
	ret = vmswap_compress(tier->algo, page, READ_ONCE(max_len), dense > 0, &s, &bytes);
	kunmap_local(page);
	now = ret > 0 ? 0 : (dense + 1) % DENSE_TURN;
	if (now != dense)
		WRITE_ONCE(vt->dense, now);
	if (ret > 0)
		ret = store_compressed(tier, store, bytes, ret, payload);
	vmswap_compress_done(s);
	return ret;
}

static int ram_store(struct vmswap_tier *tier, struct vmswap_store *store, u64 *payload,
		     bool *spec)
{
	struct mem_cgroup *memcg;
	int ret;

	if (atomic64_read(&tier->used) + PAGE_SIZE > tier->size)
		return -ENOSPC;
	memcg = set_active_memcg(store->region->vm->memcg);
	/* The last resort was asked before, and has found that it does not pay. */
	*spec = store->last;
	if (store->last)
		ret = store_raw(tier, store->region, store->folio, payload);
	else
		ret = compress_and_store(tier, store, payload);
	set_active_memcg(memcg);
	return ret;
}

static int load_raw(struct vmswap_region *region, u64 word, struct folio *folio)
{
	struct page *page = raw_page(word);
	void *from = kmap_local_page(page), *to = kmap_local_folio(folio, 0);
	int ret = 0;

	copy_page(to, from);
	if (xxh64(to, PAGE_SIZE, vmswap_checksum_seed(region, folio->index)) != page_private(page))
		ret = -EBADMSG;
	kunmap_local(to);
	kunmap_local(from);
	return ret;
}

/* Decompress the slot of @index into @page, after checking what can be checked. */
static int load_compressed(struct vmswap_tier *tier, struct vmswap_region *region,
			   u64 word, pgoff_t index, void *page, unsigned int *len)
{
	struct ram_pool *pool = region->vm->tier[tier->id].priv;
	unsigned long handle = handle_of(word);
	struct ram_header *h;
	int ret = -EBADMSG;
	size_t size = 0;

	if (!vmswap_zs_knows_length()) {
		size = sizeof(*h) + object_len(pool, handle);
		if (size > sizeof(*h) + READ_ONCE(max_len))
			return ret;
	}
	h = zs_obj_read_begin(pool->zs, handle, size, vmswap_copy_get());
	if (h->len <= READ_ONCE(max_len) &&
	    h->sum == header_sum(h, vmswap_checksum_seed(region, index))) {
		*len = h->len;
		ret = vmswap_decompress(h->algo, h + 1, h->len, page);
	}
	zs_obj_read_end(pool->zs, handle, size, h);
	vmswap_copy_put();
	return ret;
}

static int ram_load(struct vmswap_tier *tier, struct vmswap_load *load)
{
	struct folio *folio = load->folio;
	struct vmswap_region *region = vmswap_region_of(folio->mapping->host);
	void *page;
	int ret;

	if (is_raw(load->word))
		return load_raw(region, load->word, folio);
	page = kmap_local_folio(folio, 0);
	ret = load_compressed(tier, region, load->word, folio->index, page, &load->len);
	kunmap_local(page);
	return ret;
}

static void ram_free(struct vmswap_tier *tier, struct vmswap_vm *vm, u64 word,
		     unsigned int len)
{
	struct ram_pool *pool = vm->tier[tier->id].priv;
	unsigned long handle;

	if (is_raw(word)) {
		struct page *page = raw_page(word);

		set_page_private(page, 0);
		__free_page(page);
		atomic64_sub(PAGE_SIZE, &tier->used);
		vmswap_tier_account(tier, vm, -1, -(s64)PAGE_SIZE);
		return;
	}
	handle = handle_of(word);
	if (!len)
		len = object_len(pool, handle);
	zs_free(pool->zs, handle);
	account_pool(tier, pool);
	vmswap_tier_account(tier, vm, -1, -(s64)len);
}

const struct vmswap_tier_ops vmswap_tier_ram_ops = {
	.kind		= VMSWAP_TIER_KIND_RAM,
	.keeps_copy	= false,
	.reclaim_safe	= true,
	.create		= ram_create,
	.destroy	= ram_destroy,
	.attach		= ram_attach,
	.detach		= ram_detach,
	.store		= ram_store,
	.load		= ram_load,
	.free		= ram_free,
};

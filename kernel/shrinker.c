// SPDX-License-Identifier: GPL-2.0
/*
 * shrinker.c - how the kernel's memory reclaim asks VMs for pages.
 *
 * Their pages are on no list that reclaim looks at.  It finds a VM by a token: an
 * object per node in a list_lru, charged to the VM's cgroup, so that a reclaim for
 * a cgroup meets just the VMs below it.
 *
 * Reclaim asks again and again, with rising urgency, until it has what it wants or
 * has asked for everything: what was freed counts for it only sometimes.  And
 * drop_caches asks for everything at once.  So the answer depends on what is
 * missing, not on what is asked: while the cgroup has room and the node has free
 * memory a VM has nothing to give.  Who gives is drawn by lot; a VM's chance is
 * its part of what is resident.
 *
 * Who runs at the same time: anything may have been interrupted to reclaim, with
 * any lock held, so locks are only tried.  shrinker_rwsem may be held, for which
 * mounts wait: devices are written to for a cgroup, which needs it at once, a run
 * at a time; for the host that is left to pressure.c's worker.
 */
#include <linux/list_lru.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/swap.h>

#include "cgroup.h"
#include "compat.h"
#include "pressure.h"
#include "reclaim.h"
#include "shrinker.h"
#include "vm.h"

/**
 * struct vmswap_token - a VM, as memory reclaim finds it
 * @lru: in the list of its node and of its cgroup, or of the closest ancestor of
 *	that which still exists
 * @vm: the VM; the token goes before the VM does
 * @next: the VM's token for another node
 */
struct vmswap_token {
	struct list_head lru;
	struct vmswap_vm *vm;
	struct vmswap_token *next;
};

static struct kmem_cache *tokens;
static struct list_lru token_lru;
static struct shrinker *shrinker;
static bool ready;	/* token_lru is; the shrinker is called before that */

/* What a call frees at most; reclaim calls again. */
#define SCAN_BATCH	VMSWAP_RUN_MAX

/* Tries of a call, as the VM drawn may have nothing to give. */
#define DRAWS		4

/* ----------------------------------------------------------------------- tokens */

/* The lists of a cgroup come with an object: one that nobody needs. */
static bool make_lists(void)
{
	struct vmswap_token *token = kmem_cache_alloc_lru(tokens, &token_lru, GFP_KERNEL);

	if (!token)
		return false;
	kmem_cache_free(tokens, token);
	return true;
}

/* It is found through the node of which it is memory. */
static void add_token(struct vmswap_vm *vm, int nid)
{
	struct vmswap_token *token;

	token = kmem_cache_alloc_node(tokens, GFP_KERNEL | __GFP_THISNODE, nid);
	if (!token)
		return;
	INIT_LIST_HEAD(&token->lru);
	token->vm = vm;
	token->next = vm->tokens;
	vm->tokens = token;
	list_lru_add_obj(&token_lru, &token->lru);
}

/**
 * vmswap_shrinker_add() - let memory reclaim find a VM
 * @vm: the VM; its cgroup is known; policy_lock held
 *
 * Without memory for it the VM is found by nobody, or not for all nodes, and gives
 * pages only for its own faults and for the host's worker.
 */
void vmswap_shrinker_add(struct vmswap_vm *vm)
{
	struct mem_cgroup *memcg;
	int nid;

	lockdep_assert_held(&vm->policy_lock);
	memcg = set_active_memcg(vm->memcg);
	if (make_lists())
		for_each_node_state(nid, N_MEMORY)
			add_token(vm, nid);
	set_active_memcg(memcg);
}

/* After this no reclaim that begins finds the VM; those under way hold it. */
void vmswap_shrinker_del(struct vmswap_vm *vm)
{
	struct vmswap_token *token;

	while ((token = vm->tokens)) {
		vm->tokens = token->next;
		list_lru_del_obj(&token_lru, &token->lru);
		kmem_cache_free(tokens, token);
	}
}

/* ------------------------------------------------------------------ the drawing */

struct draw {
	bool all;		/* in: also VMs that had nothing to give a moment ago */
	unsigned long at;	/* in: the page that is drawn */
	unsigned long total;	/* out: pages of all */
	struct vmswap_vm *vm;	/* out: whose it is, with a reference */
};

/* Under the lock of the list, which keeps the token and so the VM. */
static enum lru_status draw_one(VMSWAP_LRU_WALK_PARAMS)
{
	struct vmswap_vm *vm = container_of(item, struct vmswap_token, lru)->vm;
	struct draw *d = arg;
	unsigned long pages = d->all ? vmswap_vm_resident(vm) :
				       vmswap_reclaim_offer_direct(vm);

	if (!d->vm && d->at >= d->total && d->at < d->total + pages) {
		vmswap_vm_hold(vm);
		d->vm = vm;
	}
	d->total += pages;
	return LRU_SKIP;
}

static void draw(struct shrink_control *sc, struct draw *d)
{
	unsigned long all = ULONG_MAX;

	d->total = 0;
	d->vm = NULL;
	list_lru_walk_one(&token_lru, sc->nid, sc->memcg, draw_one, d, &all);
}

static unsigned long offered(struct shrink_control *sc, bool all)
{
	struct draw d = { .at = ULONG_MAX, .all = all };

	draw(sc, &d);
	return d.total;
}

/* May have changed since: NULL when the page drawn is nobody's now. */
static struct vmswap_vm *draw_vm(struct shrink_control *sc, unsigned long pages, bool all)
{
	struct draw d = { .at = get_random_u64() % pages, .all = all };

	draw(sc, &d);
	return d.vm;
}

/* ---------------------------------------------------------------- the shrinker */

struct want {
	bool by_cgroup;
	bool all;
	unsigned long pages;
	enum vmswap_store_where where;
	int nid;
};

/*
 * Is it a cgroup that reclaims?  The kernel asks for the host as well with one cgroup
 * after the other, and then one that is full, as with page cache many are all the
 * time, must not make kswapd wait for a device, or the driver's own recovery for the
 * device that it recovers.  A cgroup's reclaim always has the mask of user memory;
 * what user memory asks for on the host's account may wait, too.
 */
static bool is_for_cgroup(const struct shrink_control *sc)
{
	return sc->gfp_mask & __GFP_MOVABLE;
}

/* What is missing: to the cgroup, or one above it; else to the node. */
static bool is_wanted(struct shrink_control *sc, struct want *w)
{
	w->pages = is_for_cgroup(sc) ? vmswap_memcg_shortage(sc->memcg) : 0;
	w->by_cgroup = w->pages;
	/* A cgroup that gets nothing kills: it may ask again at once. */
	w->all = w->by_cgroup && vmswap_memcg_is_full(sc->memcg);
	if (w->by_cgroup) {
		w->where = sc->gfp_mask & __GFP_IO ? VMSWAP_STORE_SAFE : VMSWAP_STORE_MEMORY;
		w->nid = NUMA_NO_NODE;
		return true;
	}
	w->pages = vmswap_node_shortage(sc->nid);
	w->where = VMSWAP_STORE_MEMORY;
	w->nid = sc->nid;
	return w->pages;
}

static unsigned long count_objects(struct shrinker *s, struct shrink_control *sc)
{
	struct want w;

	/* Pairs with the release in vmswap_shrinker_init(). */
	if (!smp_load_acquire(&ready))
		return 0;
	if (!list_lru_shrink_count(&token_lru, sc))
		return SHRINK_EMPTY;
	/* All there is, not what is missing: reclaim asks for a part of it. */
	return is_wanted(sc, &w) ? offered(sc, w.all) : 0;
}

static unsigned long scan_objects(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long pages, freed = 0;
	struct vmswap_vm *vm;
	struct want w;
	int i;

	/* debugfs may ask without a count.  Pairs as in count_objects(). */
	if (!smp_load_acquire(&ready) || fatal_signal_pending(current))
		return SHRINK_STOP;
	for (i = 0; i < DRAWS && !freed && is_wanted(sc, &w); i++) {
		pages = offered(sc, w.all);
		vm = pages ? draw_vm(sc, pages, w.all) : NULL;
		if (!vm)
			continue;
		freed = vmswap_reclaim_direct(vm, min_t(unsigned long, w.pages, SCAN_BATCH),
					      w.where, w.nid);
		vmswap_vm_put(vm);
		if (!w.by_cgroup)
			vmswap_pressure_kick();
	}
	if (!freed)
		return SHRINK_STOP;
	mm_account_reclaimed_pages(freed);
	return freed;
}

int vmswap_shrinker_init(void)
{
	int ret = -ENOMEM;

	tokens = KMEM_CACHE(vmswap_token, SLAB_ACCOUNT);
	if (!tokens)
		return ret;
	shrinker = shrinker_alloc(SHRINKER_NUMA_AWARE | SHRINKER_MEMCG_AWARE, "vmswap");
	if (!shrinker)
		goto cache;
	shrinker->count_objects = count_objects;
	shrinker->scan_objects = scan_objects;
	shrinker->batch = SCAN_BATCH;
	ret = vmswap_shrinker_register(shrinker, "vmswap");
	if (ret)
		goto cache;
	/* Only a registered shrinker has the number that the lists need. */
	ret = list_lru_init_memcg(&token_lru, shrinker);
	if (ret)
		goto shrinker;
	/* Pairs with the acquire in count_objects(): the lists are there. */
	smp_store_release(&ready, true);
	return 0;
shrinker:
	shrinker_free(shrinker);
cache:
	kmem_cache_destroy(tokens);
	return ret;
}

void vmswap_shrinker_exit(void)
{
	shrinker_free(shrinker);
	list_lru_destroy(&token_lru);
	kmem_cache_destroy(tokens);
}

// SPDX-License-Identifier: GPL-2.0
/* vm.c - VMs: registry, lifetime, regions, settings. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/math64.h>
#include <linux/memcontrol.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "compat.h"
#include "event.h"
#include "evict.h"
#include "pressure.h"
#include "reclaim.h"
#include "shrinker.h"
#include "tier.h"
#include "vm.h"

/* By id; entries are removed before the VM's last reference is put. */
static DEFINE_XARRAY(vms);
static atomic64_t last_id;
static atomic_t nr_vms;		/* structures not yet freed; waited for at the end */
static struct workqueue_struct *free_wq;	/* where they are: a thread is waited for */

/* The kernel's isalnum() takes Latin-1 letters, too. */
static bool is_name_char(char c)
{
	return (isascii(c) && isalnum(c)) || c == '.' || c == '_' || c == '-';
}

bool vmswap_name_ok(const char *name)
{
	for (; *name; name++)
		if (!is_name_char(*name))
			return false;
	return true;
}

static void uncount_vm(void)
{
	if (atomic_dec_and_test(&nr_vms))
		wake_up_var(&nr_vms);
}

/*
 * A VM has a thread, which is charged to nobody: who may make files must not take all
 * that the host can have.
 */
static bool count_vm(void)
{
	if (atomic_inc_return(&nr_vms) <= VMSWAP_MAX_VMS)
		return true;
	uncount_vm();
	return false;
}

/* Bytes of all VMs' structures, also of those that are in no list any more. */
u64 vmswap_vm_held(void)
{
	return (u64)atomic_read(&nr_vms) *
	       (sizeof(struct vmswap_vm) + num_possible_cpus() * sizeof(struct vmswap_counters));
}

static void vm_settings_init(struct vmswap_settings *set)
{
	set->limit = VMSWAP_NO_LIMIT;
	set->tier_mask = ~0u;
	set->granule = VMSWAP_GRANULE;
	set->prefetch = VMSWAP_PREFETCH;
}

/*
 * A task whose page has come shall not wait for the eviction of others: at the same weight
 * it does, for about a millisecond.  When there is no time left for this thread, who takes
 * it all meets the limit and evicts for himself.  As ksmd.
 */
#define WORKER_NICE	5

static struct vmswap_vm *vm_alloc(u64 id)
{
	struct vmswap_vm *vm = kzalloc(sizeof(*vm), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!vm)
		return ERR_PTR(ret);
	vm->counters = alloc_percpu(struct vmswap_counters);
	if (!vm->counters)
		goto free;
	ret = vmswap_evict_vm_init(vm);
	if (ret)
		goto counters;
	vm->worker = kthread_run_worker(0, "vmswap-%llu", id);
	if (IS_ERR(vm->worker)) {
		ret = PTR_ERR(vm->worker);
		goto pools;
	}
	sched_set_normal(vm->worker->task, WORKER_NICE);
	vm->id = id;
	refcount_set(&vm->ref, 1);
	spin_lock_init(&vm->name_lock);
	init_rwsem(&vm->regions_sem);
	INIT_LIST_HEAD(&vm->regions);
	mutex_init(&vm->policy_lock);
	spin_lock_init(&vm->hand_lock);
	init_waitqueue_head(&vm->room);
	kthread_init_work(&vm->reclaim_work, vmswap_reclaim_worker);
	INIT_DELAYED_WORK(&vm->retry_work, vmswap_reclaim_retry);
	kthread_init_work(&vm->relief_work, vmswap_pressure_relieve);
	vm_settings_init(&vm->set);
	vm->key = get_random_u64();
	return vm;
pools:
	vmswap_evict_vm_exit(vm);
counters:
	free_percpu(vm->counters);
free:
	kfree(vm);
	return ERR_PTR(ret);
}

/* The last reference may have been put by its own thread, which ends here; or by a retry. */
static void vm_free(struct work_struct *work)
{
	struct vmswap_vm *vm = container_of(to_rcu_work(work), struct vmswap_vm, rwork);

	kthread_destroy_worker(vm->worker);
	cancel_delayed_work_sync(&vm->retry_work);	/* as that */
	vmswap_evict_vm_exit(vm);
	if (vm->memcg)
		mem_cgroup_put(vm->memcg);
	free_percpu(vm->counters);
	kfree(vm);
	uncount_vm();
}

void vmswap_vm_hold(struct vmswap_vm *vm)
{
	refcount_inc(&vm->ref);
}

void vmswap_vm_put(struct vmswap_vm *vm)
{
	if (!refcount_dec_and_test(&vm->ref))
		return;
	INIT_RCU_WORK(&vm->rwork, vm_free);
	queue_rcu_work(free_wq, &vm->rwork);
}

/**
 * vmswap_vm_create() - make a VM without regions
 * @name: its name, or an empty string for "vm-ID"
 * @dev: device number of its mount, 0 for none
 *
 * It is not found by anyone before its first region was added.
 *
 * Return: the VM with one reference, or an error pointer: -ENOMEM; -ENOSPC there are
 * VMSWAP_MAX_VMS; -EINTR; -EAGAIN the host has no more threads.
 */
struct vmswap_vm *vmswap_vm_create(const char *name, dev_t dev)
{
	struct vmswap_vm *vm;

	if (!count_vm())
		return ERR_PTR(-ENOSPC);
	vm = vm_alloc(atomic64_inc_return(&last_id));
	if (IS_ERR(vm)) {
		uncount_vm();
		return vm;
	}
	vm->dev = dev;
	if (*name)
		strscpy(vm->name, name, sizeof(vm->name));
	else
		snprintf(vm->name, sizeof(vm->name), "vm-%llu", vm->id);
	return vm;
}

void vmswap_vm_rename(struct vmswap_vm *vm, const char *name)
{
	spin_lock(&vm->name_lock);
	strscpy(vm->name, name, sizeof(vm->name));
	spin_unlock(&vm->name_lock);
}

static int vm_publish(struct vmswap_vm *vm)
{
	int ret = xa_insert(&vms, vm->id, vm, GFP_KERNEL);

	if (ret)
		return ret;
	pr_debug("vm %llu (%s) created\n", vm->id, vm->name);
	vmswap_event_vm(VMSWAP_EVENT_KIND_VM_CREATED, vm);
	return 0;
}

/*
 * Teardown of a VM, called when its last region is gone.  Who may still reach
 * it, and why each ends:
 *  - lookups by id: unpublished here; those under way hold a reference and find
 *    no region any more, and detached keeps them from attaching a tier again;
 *  - its thread, and what calls it again: work for the limit is cancelled here; what is
 *    queued later, and work for the host, holds a reference and finds no region, and so
 *    nothing to be called again for;
 *  - memory reclaim: its tokens go here; one under way holds a reference and finds
 *    no region;
 *  - faults, system calls: they hold a region's inode, and there is none;
 *  - tiers: detached here; the slots went with the regions' words.
 */
static void vm_unpublish(struct vmswap_vm *vm)
{
	if (kthread_cancel_work_sync(&vm->reclaim_work))
		vmswap_vm_put(vm);
	if (cancel_delayed_work_sync(&vm->retry_work))
		vmswap_vm_put(vm);
	vmswap_shrinker_del(vm);
	/* While it can be found, so that a tier being removed waits for this. */
	vmswap_tier_detach_vm(vm);
	xa_erase(&vms, vm->id);
	pr_debug("vm %llu (%s) gone\n", vm->id, vm->name);
	vmswap_event_vm(VMSWAP_EVENT_KIND_VM_DELETED, vm);
}

/**
 * vmswap_vm_region_add() - make a region part of a VM
 * @vm: the VM
 * @region: the new region; takes a reference on @vm
 *
 * Return: 0; -ESTALE when the last region of @vm went in the meantime, so that
 * the caller has to make a new VM; -ENOMEM.
 */
int vmswap_vm_region_add(struct vmswap_vm *vm, struct vmswap_region *region)
{
	bool first;
	int ret = 0;

	down_write(&vm->regions_sem);
	if (vm->dead) {
		ret = -ESTALE;
		goto unlock;
	}
	first = !vm->nr_regions;
	if (first) {
		ret = vm_publish(vm);
		if (ret)
			goto unlock;
	}
	region->vm = vm;
	region->index = vm->next_region++;
	vm->nr_regions++;
	vmswap_vm_hold(vm);
	list_add_tail_rcu(&region->vm_node, &vm->regions);
unlock:
	up_write(&vm->regions_sem);
	return ret;
}

/**
 * vmswap_vm_region_del() - take a region out of its VM
 * @region: its inode is on its way out: no file, no mapping, no folio
 *
 * Process context, may sleep.  Its words and slots go; the VM ends with its last
 * region.  The caller frees its memory after an RCU grace period, as the list walks
 * need it.
 */
void vmswap_vm_region_del(struct vmswap_region *region)
{
	struct vmswap_vm *vm = region->vm;
	bool last;

	down_write(&vm->regions_sem);
	list_del_rcu(&region->vm_node);
	last = !--vm->nr_regions;
	if (last)
		vm->dead = true;
	up_write(&vm->regions_sem);
	vmswap_pagemap_destroy(region);
	if (last)
		vm_unpublish(vm);
	vmswap_vm_put(vm);
}

/* An inode alone does not keep its super block: an umount would go on under it. */
static bool region_tryget(struct vmswap_region *region)
{
	struct super_block *sb = region->inode.i_sb;

	if (!atomic_inc_not_zero(&sb->s_active))
		return false;
	if (igrab(&region->inode))
		return true;
	deactivate_super(sb);
	return false;
}

/**
 * vmswap_vm_region_next() - walk the regions of a VM, free to sleep in between
 * @vm: the VM
 * @index: the lowest index wanted
 *
 * Return: the first region with at least that index, with a reference to be given
 * back by vmswap_region_put(), outside all locks but drain_lock; or NULL.
 */
struct vmswap_region *vmswap_vm_region_next(struct vmswap_vm *vm, u32 index)
{
	struct vmswap_region *region, *found = NULL;

	down_read(&vm->regions_sem);
	list_for_each_entry(region, &vm->regions, vm_node)
		if (region->index >= index && region_tryget(region)) {
			found = region;
			break;
		}
	up_read(&vm->regions_sem);
	return found;
}

/* May be the last reference of the file, the VM and the mount. */
void vmswap_region_put(struct vmswap_region *region)
{
	struct super_block *sb = region->inode.i_sb;

	iput(&region->inode);
	deactivate_super(sb);
}

struct vmswap_region *vmswap_vm_region_get(struct vmswap_vm *vm, u32 index)
{
	struct vmswap_region *region = vmswap_vm_region_next(vm, index);

	if (!region || region->index == index)
		return region;
	vmswap_region_put(region);
	return NULL;
}

struct vmswap_vm *vmswap_vm_get(u64 id)
{
	struct vmswap_vm *vm;

	rcu_read_lock();
	vm = xa_load(&vms, id);
	if (vm && !refcount_inc_not_zero(&vm->ref))
		vm = NULL;
	rcu_read_unlock();
	return vm;
}

/**
 * vmswap_vm_next() - walk the VMs in the order of their ids
 * @id: in: where to start; out: the id found
 *
 * Return: the first VM with an id of at least *@id, with a reference, or NULL.
 */
struct vmswap_vm *vmswap_vm_next(u64 *id)
{
	unsigned long index = *id;
	struct vmswap_vm *vm;

	rcu_read_lock();
	do {
		vm = xa_find(&vms, &index, ULONG_MAX, XA_PRESENT);
		if (!vm || refcount_inc_not_zero(&vm->ref))
			break;
		index++;
	} while (true);
	rcu_read_unlock();
	*id = index;
	return vm;
}

/**
 * vmswap_vm_bind() - decide whom the VM's memory is charged to
 * @vm: the VM
 * @mm: the address space of whoever maps or writes it
 *
 * The first to map or to write decides, for the life of the VM: its memory cgroup
 * pays for every page and compressed copy, whoever touches them.
 */
void vmswap_vm_bind(struct vmswap_vm *vm, struct mm_struct *mm)
{
	if (READ_ONCE(vm->bound))
		return;
	mutex_lock(&vm->policy_lock);
	if (!vm->bound) {
		WRITE_ONCE(vm->memcg, get_mem_cgroup_from_mm(mm));
		vmswap_shrinker_add(vm);
		WRITE_ONCE(vm->bound, true);
	}
	vmswap_tier_attach_vm(vm);
	mutex_unlock(&vm->policy_lock);
}

/*
 * A tier is new, or has more room: attach all that there are, so that eviction need
 * not allocate, and try again what had nowhere to go.
 */
void vmswap_vm_tiers_changed(struct vmswap_vm *vm)
{
	mutex_lock(&vm->policy_lock);
	vmswap_tier_attach_vm(vm);
	mutex_unlock(&vm->policy_lock);
	vmswap_reclaim_unstick(vm);
}

unsigned long vmswap_vm_resident(struct vmswap_vm *vm)
{
	struct vmswap_region *region;
	unsigned long n = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(region, &vm->regions, vm_node)
		n += READ_ONCE(region->inode.i_mapping->nrpages);
	rcu_read_unlock();
	return n;
}

u64 vmswap_vm_size(struct vmswap_vm *vm)
{
	struct vmswap_region *region;
	u64 pages = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(region, &vm->regions, vm_node)
		pages += vmswap_region_pages(region);
	rcu_read_unlock();
	return pages << PAGE_SHIFT;
}

u64 vmswap_vm_limit(struct vmswap_vm *vm)
{
	u32 percent = READ_ONCE(vm->set.limit_percent);

	if (percent)
		return round_up(mul_u64_u32_div(vmswap_vm_size(vm), percent, 100), PAGE_SIZE);
	return READ_ONCE(vm->set.limit);
}

/* What is in use for so long when nobody can use it has leaked, or a CPU stands still. */
#define LEAK_AFTER	(60 * HZ)

int vmswap_vm_init(void)
{
	free_wq = alloc_workqueue("vmswap_free", WQ_UNBOUND, 0);
	return free_wq ? 0 : -ENOMEM;
}

void vmswap_vm_exit(void)
{
	/*
	 * A VM's own thread may still hold the last reference, and put it here.  Without
	 * a region it does nothing before that, so no other part of the module is needed.
	 */
	while (!wait_var_event_timeout(&nr_vms, !atomic_read(&nr_vms), LEAK_AFTER))
		pr_err("leak: waiting for %d VM structures\n", atomic_read(&nr_vms));
	destroy_workqueue(free_wq);
	xa_destroy(&vms);
}

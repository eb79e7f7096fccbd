// SPDX-License-Identifier: GPL-2.0
/*
 * cgroup.c - the memory cgroup that a VM's memory is charged to.
 *
 * The kernel's own answer to a cgroup at its limit is to reclaim from LRU lists,
 * where vmswap's pages are not, and then to kill.  So a fault looks at the limits
 * before it charges, and makes its VM give up pages first.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/page_counter.h>

#include "cgroup.h"
#include "vm.h"

#ifdef CONFIG_MEMCG
/* memory.max and memory.high of one level, in pages. */
static unsigned long level_limit(struct mem_cgroup *memcg)
{
	return min(READ_ONCE(memcg->memory.max), READ_ONCE(memcg->memory.high));
}

/**
 * vmswap_cgroup_room() - pages that the VM's cgroup can still be charged with
 * @vm: the VM
 *
 * The lowest room of the cgroup and its ancestors.  Others charge at the same
 * time: the answer may be outdated, and the charge itself decides.
 *
 * Return: pages; ULONG_MAX when nothing limits.
 */
unsigned long vmswap_cgroup_room(struct vmswap_vm *vm)
{
	struct mem_cgroup *memcg = READ_ONCE(vm->memcg);
	unsigned long room = ULONG_MAX;

	for (; memcg; memcg = parent_mem_cgroup(memcg)) {
		unsigned long limit = level_limit(memcg);
		unsigned long used = page_counter_read(&memcg->memory);

		if (limit < PAGE_COUNTER_MAX)
			room = min(room, limit - min(limit, used));
	}
	return room;
}
#else
unsigned long vmswap_cgroup_room(struct vmswap_vm *vm)
{
	return ULONG_MAX;
}
#endif

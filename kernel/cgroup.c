// SPDX-License-Identifier: GPL-2.0
/*
 * cgroup.c - the memory cgroup that a VM's memory is charged to.
 *
 * The kernel's own answer to a cgroup at its limit is to reclaim from LRU lists,
 * where vmswap's pages are not, and then to kill.  So a fault looks at the limits
 * before it charges, and makes its VM give up pages first; for others that charge
 * the cgroup, reclaim asks through shrinker.c.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/page_counter.h>

#include "cgroup.h"
#include "vm.h"

/* memory.max of one level, @high: or memory.high, in pages. */
static unsigned long level_limit(struct mem_cgroup *memcg, bool high)
{
	unsigned long limit = READ_ONCE(memcg->memory.max);

	return high ? min(limit, READ_ONCE(memcg->memory.high)) : limit;
}

/* The lowest room of the cgroup and its ancestors; negative: beyond a limit. */
static long memcg_room(struct mem_cgroup *memcg, bool high)
{
	long room = LONG_MAX;

	for (; memcg; memcg = parent_mem_cgroup(memcg)) {
		unsigned long limit = level_limit(memcg, high);

		if (limit < PAGE_COUNTER_MAX)
			room = min_t(long, room, limit - page_counter_read(&memcg->memory));
	}
	return room;
}

/**
 * vmswap_cgroup_room() - pages that the VM's cgroup can still be charged with
 * @vm: the VM
 *
 * Others charge at the same time: the answer may be outdated, and the charge itself
 * decides.
 *
 * Return: pages; ULONG_MAX when nothing limits.
 */
unsigned long vmswap_cgroup_room(struct vmswap_vm *vm)
{
	long room = memcg_room(READ_ONCE(vm->memcg), true);

	return room == LONG_MAX ? ULONG_MAX : max(room, 0l);
}

/*
 * Room that reclaim leaves behind: who charges takes 64 pages at a time, or less
 * when there is less.
 */
#define MARGIN	64

/**
 * vmswap_memcg_shortage() - pages that a cgroup has too many
 * @memcg: the cgroup, or NULL
 *
 * Return: how many must go, from it or one above it, until it has some room; 0 when
 * it has.
 */
unsigned long vmswap_memcg_shortage(struct mem_cgroup *memcg)
{
	long room = memcg_room(memcg, true);

	return room < MARGIN ? MARGIN - room : 0;
}

/* It would kill: memory.high alone slows down. */
bool vmswap_memcg_is_full(struct mem_cgroup *memcg)
{
	return memcg_room(memcg, false) < MARGIN;
}

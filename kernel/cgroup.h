/* SPDX-License-Identifier: GPL-2.0 */
/* cgroup.h - the memory cgroup that a VM's memory is charged to. */
#ifndef VMSWAP_CGROUP_H
#define VMSWAP_CGROUP_H

struct mem_cgroup;
struct vmswap_vm;

/* Any context. */
unsigned long vmswap_cgroup_room(struct vmswap_vm *vm);
unsigned long vmswap_memcg_shortage(struct mem_cgroup *memcg);
bool vmswap_memcg_is_full(struct mem_cgroup *memcg);

#endif /* VMSWAP_CGROUP_H */

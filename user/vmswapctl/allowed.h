/* SPDX-License-Identifier: GPL-2.0 */
/* Which tiers a VM may use, and the commands that let it use others. */
#ifndef VMSWAPCTL_ALLOWED_H
#define VMSWAPCTL_ALLOWED_H

#include <stdbool.h>
#include <stddef.h>

#include "vmswap.h"

bool ctl_vm_may_use(const struct vmswap_vm *vm, const char *name);

/*
 * Each lists tiers, as in "a,b", to be freed, or returns NULL when there are none: those
 * with room that @vm may use; those that it may use, but are full; and those with room
 * that it may not use.
 */
char *ctl_tiers_open_to(const struct vmswap_vm *vm,
			struct vmswap_tier *const *tiers, size_t nr_tiers);
char *ctl_tiers_full_for(const struct vmswap_vm *vm,
			 struct vmswap_tier *const *tiers, size_t nr_tiers);
char *ctl_tiers_kept_from(const struct vmswap_vm *vm,
			  struct vmswap_tier *const *tiers, size_t nr_tiers);

/* Room for advice that has names and numbers in it: those of 32 tiers, too. */
#define ADVICE_LEN	1280

/* The command that allows it @names beside those of its list, which it has. */
void ctl_advise_tier(char *advice, size_t size, const struct vmswap_vm *vm,
		     const char *names);
/* Add a ram tier; a VM that has a list must be allowed it, too. */
void ctl_advise_new_tier(char *advice, size_t size, const struct vmswap_vm *vm,
			 struct vmswap_tier *const *tiers, size_t nr_tiers);
/* A name for a ram tier that no tier has yet. */
#define NEW_TIER_LEN	16
const char *ctl_new_tier(struct vmswap_tier *const *tiers, size_t count,
			 char name[NEW_TIER_LEN]);

#endif

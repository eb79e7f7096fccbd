/* SPDX-License-Identifier: GPL-2.0 */
/* tier_table.h - the table of tiers, for the files that work on all of it. */
#ifndef VMSWAP_TIER_TABLE_H
#define VMSWAP_TIER_TABLE_H

#include <linux/lockdep.h>
#include <linux/mutex.h>

#include "tier.h"

extern struct mutex vmswap_tier_lock;	/* the table, the order, all settings of tiers */
/* Written under it; who has a word that names a slot reads its tier without. */
extern struct vmswap_tier *vmswap_tiers[VMSWAP_MAX_TIERS];

typedef void (*vmswap_vm_fn)(struct vmswap_vm *vm, void *arg);

/* tier.c.  Process context, may sleep; find and cmp under the tier lock. */
struct vmswap_tier *vmswap_tier_find(const char *name);
int vmswap_tier_rank_cmp(const struct vmswap_tier *a, const struct vmswap_tier *b);
void vmswap_tier_with_each_vm(vmswap_vm_fn fn, void *arg);
void vmswap_tier_tell_vms(void);
void vmswap_tier_detach_vms(struct vmswap_tier *tier);
void vmswap_tier_destroy(struct vmswap_tier *tier);

/* tier_lost.c.  Process context; exit may sleep. */
void vmswap_tier_lost_init(struct vmswap_tier *tier);
void vmswap_tier_lost_exit(struct vmswap_tier *tier);

/* Any context: does the word name a slot of it? */
static inline bool vmswap_tier_has(const struct vmswap_tier *tier, u64 word)
{
	return vmswap_word_state(word) == VMSWAP_WORD_SLOT && vmswap_word_tier(word) == tier->id;
}

/* tier_place.c.  Under the folio's lock; it is up to date. */
void vmswap_tier_give_up(struct vmswap_tier *tier, struct vmswap_region *region,
			 struct folio *folio);

/* tier_place.c.  Process context, may sleep; publish under the tier lock. */
int vmswap_order_publish(void);
unsigned long vmswap_order_users(void);
bool vmswap_order_users_done(unsigned long users);
void vmswap_order_exit(void);
bool vmswap_tier_takes_pages(const struct vmswap_tier *tier);

#endif /* VMSWAP_TIER_TABLE_H */

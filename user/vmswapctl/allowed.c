// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allowed.h"
#include "ctl.h"

static bool has_list(const struct vmswap_vm *vm)
{
	return vm->tiers && *vm->tiers;
}

bool ctl_vm_may_use(const struct vmswap_vm *vm, const char *name)
{
	const char *list = vm->tiers, *at = list;
	size_t len = strlen(name);

	if (!has_list(vm))
		return true;
	while ((at = strstr(at, name))) {
		if ((at == list || at[-1] == ',') &&
		    (!at[len] || at[len] == ','))
			return true;
		at += len;
	}
	return false;
}

typedef bool (*tier_fn)(const struct vmswap_vm *vm, const struct vmswap_tier *t);

static bool has_room(const struct vmswap_tier *t)
{
	return t->state == VMSWAP_TIER_STATE_ONLINE ||
	       t->state == VMSWAP_TIER_STATE_DEGRADED;
}

static bool is_open_to(const struct vmswap_vm *vm, const struct vmswap_tier *t)
{
	return ctl_vm_may_use(vm, t->name) && has_room(t);
}

/* One that fails or goes takes nothing, but is not full. */
static bool is_full_for(const struct vmswap_vm *vm, const struct vmswap_tier *t)
{
	return ctl_vm_may_use(vm, t->name) &&
	       t->state == VMSWAP_TIER_STATE_FULL;
}

static bool is_kept_from(const struct vmswap_vm *vm, const struct vmswap_tier *t)
{
	return !ctl_vm_may_use(vm, t->name) && has_room(t);
}

/* "a,b": the names of those that fit, to be freed; NULL when none does. */
static char *list_tiers(const struct vmswap_vm *vm, tier_fn fits,
			struct vmswap_tier *const *tiers, size_t nr_tiers)
{
	const char **names = calloc(nr_tiers + 1, sizeof(*names));
	size_t i, count = 0;
	char *list;

	if (!names)
		abort();
	for (i = 0; i < nr_tiers; i++) {
		if (fits(vm, tiers[i]))
			names[count++] = tiers[i]->name;
	}
	list = count ? ctl_join_words(names, count, ",") : NULL;
	free(names);
	return list;
}

char *ctl_tiers_open_to(const struct vmswap_vm *vm,
			struct vmswap_tier *const *tiers, size_t nr_tiers)
{
	return list_tiers(vm, is_open_to, tiers, nr_tiers);
}

char *ctl_tiers_full_for(const struct vmswap_vm *vm,
			 struct vmswap_tier *const *tiers, size_t nr_tiers)
{
	return list_tiers(vm, is_full_for, tiers, nr_tiers);
}

char *ctl_tiers_kept_from(const struct vmswap_vm *vm,
			  struct vmswap_tier *const *tiers, size_t nr_tiers)
{
	return list_tiers(vm, is_kept_from, tiers, nr_tiers);
}

const char *ctl_new_tier(struct vmswap_tier *const *tiers, size_t count,
			 char name[NEW_TIER_LEN])
{
	unsigned int number = 0;
	size_t i;

	do {
		snprintf(name, NEW_TIER_LEN, "ram%u", number++);
		for (i = 0; i < count && strcmp(tiers[i]->name, name); i++)
			;
	} while (i < count);
	return name;
}

void ctl_advise_tier(char *advice, size_t size, const struct vmswap_vm *vm,
		     const char *names)
{
	bool has_some = strcmp(vm->tiers, "none");

	snprintf(advice, size, "vmswapctl vm set %llu tiers %s%s%s",
		 (unsigned long long)vm->id, names, has_some ? "," : "",
		 has_some ? vm->tiers : "");
}

void ctl_advise_new_tier(char *advice, size_t size, const struct vmswap_vm *vm,
			 struct vmswap_tier *const *tiers, size_t nr_tiers)
{
	char name[NEW_TIER_LEN];
	int len;

	ctl_new_tier(tiers, nr_tiers, name);
	len = snprintf(advice, size, "vmswapctl tier add %s ram", name);
	if (!has_list(vm))
		return;
	len += snprintf(advice + len, size - len, "\nthen: ");
	ctl_advise_tier(advice + len, size - len, vm, name);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Whether a VM waits, or is over its limit, as nothing of it can leave, and what would
 * let it go on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allowed.h"
#include "findings.h"
#include "size.h"

/* One granule per faulting thread, plus 1 MiB; 64 threads are assumed. */
#define SLACK(vm)	((1ull << 20) + 64ull * (vm)->granule * VMSWAP_PAGE_SIZE)

/* What has room already comes first: another tier would not be allowed it either. */
static void advise(char *advice, size_t size, const struct vmswap_vm *vm,
		   bool is_open, struct vmswap_tier *const *tiers,
		   size_t nr_tiers)
{
	char *others = ctl_tiers_kept_from(vm, tiers, nr_tiers);
	size_t len;

	if (is_open)
		snprintf(advice, size,
			 "for what is pinned see: vmswapctl vm show %llu",
			 (unsigned long long)vm->id);
	else if (others)
		ctl_advise_tier(advice, size, vm, others);
	else
		ctl_advise_new_tier(advice, size, vm, tiers, nr_tiers);
	free(others);
	len = strlen(advice);
	snprintf(advice + len, size - len, "\nor raise its limit");
}

static bool is_at_limit(const struct vmswap_vm *vm)
{
	return VMSWAP_HAS(vm, VM, LIMIT_EFFECTIVE) &&
	       vm->stats.resident >= vm->limit_effective;
}

/* Nobody waits for the limit of its cgroup, nor with all of it in memory. */
static bool may_wait(const struct vmswap_vm *vm)
{
	return is_at_limit(vm) && VMSWAP_HAS(vm, VM, LIMIT) &&
	       vm->limit == vm->limit_effective && vm->limit < vm->size;
}

/* "is 1M over its limit of 32M and waits". */
static char *describe(const struct vmswap_vm *vm, bool waits)
{
	char over[CTL_SIZE_LEN], limit[CTL_SIZE_LEN];
	char *text;
	int ret;

	if (!is_at_limit(vm)) {
		text = strdup("waits");
		ret = text ? 0 : -1;
	} else {
		uint64_t more = vm->stats.resident - vm->limit_effective;

		ret = asprintf(&text, "is %s%s its limit of %s%s",
			       more ? ctl_format_size(more, false, over) : "at",
			       more ? " over" : "",
			       ctl_format_size(vm->limit_effective, false, limit),
			       waits ? " and waits" : "");
	}
	if (ret < 0)
		abort();
	return text;
}

static void find_stall(struct findings *f, const struct vmswap_vm *vm,
		       const char *who, bool waits, const char *open,
		       struct vmswap_tier *const *tiers, size_t nr_tiers)
{
	char *full = ctl_tiers_full_for(vm, tiers, nr_tiers);
	char *state = describe(vm, waits);
	char advice[ADVICE_LEN];

	advise(advice, sizeof(advice), vm, open, tiers, nr_tiers);
	if (open)
		ctl_finding(f, FINDING_PROBLEM, "stalled", advice,
			    "%s %s: what is in memory of it is pinned or in use",
			    who, state);
	else if (full)
		ctl_finding(f, FINDING_PROBLEM, "stalled", advice,
			    "%s %s: all tiers that it may use (%s) are full",
			    who, state, full);
	else
		ctl_finding(f, FINDING_PROBLEM, "stalled", advice,
			    "%s %s: no tier that it may use takes pages", who,
			    state);
	free(state);
	free(full);
}

static void find_past(struct findings *f, const struct vmswap_vm *vm)
{
	ctl_finding(f, FINDING_NOTE, "stalled",
		    "if that comes again: add a tier, make one larger, or raise its limit",
		    "it waited %llu time%s in the past, when nothing of it could leave; it does not wait now",
		    (unsigned long long)vm->stats.stalled,
		    ctl_plural(vm->stats.stalled));
}

static void check_resident(struct findings *f, const struct vmswap_vm *vm)
{
	const struct vmswap_vm_stats *s = &vm->stats;
	char resident[CTL_SIZE_LEN], limit[CTL_SIZE_LEN], advice[ADVICE_LEN];

	if (!VMSWAP_HAS(vm, VM, LIMIT_EFFECTIVE) ||
	    s->resident <= vm->limit_effective + SLACK(vm))
		return;
	snprintf(advice, sizeof(advice),
		 "for room in the tiers see: vmswapctl tier list\nfor what is pinned see: vmswapctl vm show %llu",
		 (unsigned long long)vm->id);
	ctl_finding(f, FINDING_PROBLEM, "resident", advice,
		    "%s are in memory, more than the limit of %s",
		    ctl_format_size(s->resident, false, resident),
		    ctl_format_size(vm->limit_effective, false, limit));
}

/* The pages may be on their way, or pinned; or its cgroup holds it. */
static void check_without_stall(struct findings *f, const struct vmswap_vm *vm)
{
	check_resident(f, vm);
	if (vm->stats.stalled)
		find_past(f, vm);
}

void ctl_doctor_stall(struct findings *f, const struct vmswap_vm *vm,
		      bool waits, bool among_others,
		      struct vmswap_tier *const *tiers, size_t nr_tiers)
{
	char *open = ctl_tiers_open_to(vm, tiers, nr_tiers);
	char who[96] = "it";

	if (among_others)
		snprintf(who, sizeof(who), "VM %llu, %s,",
			 (unsigned long long)vm->id, vm->name ? vm->name : "");
	/* It names the cause and what helps, and says how much is over the limit. */
	if (waits || (!open && may_wait(vm)))
		find_stall(f, vm, who, waits, open, tiers, nr_tiers);
	else if (!among_others)
		check_without_stall(f, vm);
	free(open);
}

// SPDX-License-Identifier: GPL-2.0
/* What may stand in the way of one VM. */
#include <stdio.h>
#include <string.h>

#include "allowed.h"
#include "findings.h"
#include "size.h"

/* What the operator did not ask for: less than the size, and than a limit. */
static bool is_held_by_cgroup(const struct vmswap_vm *vm)
{
	return vm->limit_effective < vm->size &&
	       !(VMSWAP_HAS(vm, VM, LIMIT) && vm->limit <= vm->limit_effective);
}

static void check_limit(struct findings *f, const struct vmswap_vm *vm)
{
	char bound[CTL_SIZE_LEN], effective[CTL_SIZE_LEN], advice[ADVICE_LEN];
	bool has_limit = VMSWAP_HAS(vm, VM, LIMIT);

	snprintf(advice, sizeof(advice),
		 "vmswapctl vm set %llu limit 50%%\nor another part of its size",
		 (unsigned long long)vm->id);
	if (!VMSWAP_HAS(vm, VM, LIMIT_EFFECTIVE)) {
		ctl_finding(f, FINDING_NOTE, "limit", advice,
			    "it has no limit: its pages leave only when the host is short of memory");
		return;
	}
	ctl_format_size(vm->limit_effective, false, effective);
	if (is_held_by_cgroup(vm))
		ctl_finding(f, FINDING_NOTE, "cgroup",
			    "raise memory.high or memory.max of its cgroup, or set a lower limit",
			    "its cgroup has room for %s only, less than its %s of %s",
			    effective, has_limit ? "limit" : "size",
			    ctl_format_size(has_limit ? vm->limit : vm->size,
					    false, bound));
	else if (has_limit && vm->limit > vm->size)
		ctl_finding(f, FINDING_NOTE, "limit", advice,
			    "its limit of %s is more than its size of %s: it never meets it",
			    ctl_format_size(vm->limit, false, bound),
			    ctl_format_size(vm->size, false, effective));
	else
		ctl_finding(f, FINDING_OK, "limit", NULL,
			    "it may have %s of memory", effective);
}

static void check_pinned(struct findings *f, const struct vmswap_vm *vm)
{
	const struct vmswap_vm_stats *s = &vm->stats;
	char pinned[CTL_SIZE_LEN];
	bool too_many;

	if (!s->pinned)
		return;
	ctl_format_size(s->pinned, false, pinned);
	too_many = VMSWAP_HAS(vm, VM, LIMIT_EFFECTIVE) &&
		   s->pinned > vm->limit_effective;
	ctl_finding(f, too_many ? FINDING_PROBLEM : FINDING_NOTE, "pinned",
		    "a device passed through (VFIO), mlock, or O_DIRECT in flight (Linux 6.3 and later) holds them; do without, or set a limit above them",
		    "%s are pinned and cannot leave memory%s", pinned,
		    too_many ? ": more than its limit" : "");
}

static void check_damage(struct findings *f, const struct vmswap_vm *vm)
{
	const struct vmswap_vm_stats *s = &vm->stats;
	char poisoned[CTL_SIZE_LEN];

	if (s->poisoned)
		ctl_finding(f, FINDING_PROBLEM, "poisoned",
			    "the guest gets a machine check when it touches them; the kernel log tells what broke, a device or memory; for devices see: vmswapctl tier list",
			    "%s of its memory are lost",
			    ctl_format_size(s->poisoned, false, poisoned));
	if (s->io_errors)
		ctl_finding(f, FINDING_NOTE, "io-errors",
			    "see which tier has errors: vmswapctl tier list",
			    "%llu read%s or write%s of its pages failed",
			    (unsigned long long)s->io_errors,
			    ctl_plural(s->io_errors), ctl_plural(s->io_errors));
}

static void find_no_tier(struct findings *f, const struct vmswap_vm *vm)
{
	char advice[ADVICE_LEN];

	snprintf(advice, sizeof(advice), "vmswapctl vm set %llu tiers all",
		 (unsigned long long)vm->id);
	ctl_finding(f, FINDING_PROBLEM, "vm-tiers", advice,
		    "none of the tiers that it may use is there");
}

/* Allow it the first that is safe; or add one. */
static void find_unsafe(struct findings *f, const struct vmswap_vm *vm,
			struct vmswap_tier *const *tiers, size_t nr_tiers)
{
	char advice[ADVICE_LEN];
	const struct vmswap_tier *safe = NULL;
	size_t i;

	for (i = 0; i < nr_tiers && !safe; i++) {
		if (tiers[i]->reclaim_safe &&
		    tiers[i]->state != VMSWAP_TIER_STATE_FAILED)
			safe = tiers[i];
	}
	if (safe)
		ctl_advise_tier(advice, sizeof(advice), vm, safe->name);
	else
		ctl_advise_new_tier(advice, sizeof(advice), vm, tiers,
				    nr_tiers);
	ctl_finding(f, FINDING_PROBLEM, "vm-reclaim-safe", advice,
		    "none of its tiers can be written to when memory is short");
}

static void check_tiers(struct findings *f, const struct vmswap_vm *vm,
			struct vmswap_tier *const *tiers, size_t nr_tiers)
{
	size_t i, usable = 0, safe = 0;

	for (i = 0; i < nr_tiers; i++) {
		const struct vmswap_tier *t = tiers[i];

		if (!ctl_vm_may_use(vm, t->name) ||
		    t->state == VMSWAP_TIER_STATE_FAILED)
			continue;
		usable++;
		safe += t->reclaim_safe;
	}
	/* That the host has none was said. */
	if (!usable && nr_tiers)
		find_no_tier(f, vm);
	else if (usable && !safe)
		find_unsafe(f, vm, tiers, nr_tiers);
}

void ctl_doctor_vm(struct findings *f, const struct vmswap_vm *vm,
		   struct vmswap_tier *const *tiers, size_t nr_tiers)
{
	ctl_finding(f, FINDING_OK, "vm", NULL, "VM %llu, %s%s",
		    (unsigned long long)vm->id, vm->name ? vm->name : "",
		    vm->deleted ? " (deleted)" : "");
	ctl_doctor_vmms(f, vm);
	check_tiers(f, vm, tiers, nr_tiers);
	check_limit(f, vm);
	check_pinned(f, vm);
	check_damage(f, vm);
}

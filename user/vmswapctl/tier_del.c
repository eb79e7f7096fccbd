// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allowed.h"
#include "tier_keys.h"

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	stopped = 1;
}

static int show_left(uint64_t left, void *arg)
{
	if (isatty(STDERR_FILENO)) {
		fprintf(stderr, "\rtier del: %llu page%s left\033[K",
			(unsigned long long)left, ctl_plural(left));
		fflush(stderr);
	}
	return stopped;
}

/* What there was before; without it (count 0) nobody is warned. */
struct before {
	struct vmswap_tier **tiers;
	struct vmswap_vm **vms;
	size_t nr_vms;
	size_t nr_tiers;
};

static void look(struct ctl *ctl, struct before *b)
{
	*b = (struct before){ 0 };
	if (vmswap_tier_list(ctl->h, &b->tiers, &b->nr_tiers)) {
		b->nr_tiers = 0;
		return;
	}
	if (vmswap_vm_list(ctl->h, &b->vms, &b->nr_vms))
		b->nr_vms = 0;
}

/* Whether @name is the only tier that @vm may use. */
static bool depends_on(const struct vmswap_vm *vm, const char *name,
		       size_t nr_tiers)
{
	if (!vm->tiers || !*vm->tiers)
		return nr_tiers == 1;
	return !strcmp(vm->tiers, name);
}

/* Those that may use all tiers need one more; the others have none allowed now. */
static void warn_of(const struct ctl *ctl, const struct vmswap_vm *vm,
		    bool is_last)
{
	unsigned long long id = vm->id;
	bool allowed = !vm->tiers || !*vm->tiers;
	char then[80] = "";

	if (!allowed)
		snprintf(then, sizeof(then), "%svmswapctl vm set %llu tiers all",
			 is_last ? " && " : "", id);
	ctl_warn(ctl, "vm %s (id %llu): no tier is left to it: only pages without content can leave memory%s; to give it one: %s%s",
		 vm->name, id,
		 VMSWAP_HAS(vm, VM, LIMIT) ?
		 ", and at its limit it waits, or grows beyond it (host set full)" :
		 "",
		 is_last ? "vmswapctl tier add ram0 ram" : "", then);
}

static void warn_of_vms(const struct ctl *ctl, const struct before *b,
			const char *name)
{
	size_t i;

	for (i = 0; i < b->nr_vms; i++) {
		if (depends_on(b->vms[i], name, b->nr_tiers))
			warn_of(ctl, b->vms[i], b->nr_tiers == 1);
	}
}

static bool has_pages_in(const struct vmswap_vm *vm, const char *name)
{
	size_t i;

	for (i = 0; i < vm->stats.nr_tiers; i++) {
		const struct vmswap_vm_tier *t = &vm->stats.tiers[i];

		if (t->pages && t->name && !strcmp(t->name, name))
			return true;
	}
	return false;
}

/* Without the one called @name.  Returns how many are left. */
static size_t leave_out(struct vmswap_tier **tiers, size_t nr_tiers, const char *name,
			struct vmswap_tier **others)
{
	size_t i, count = 0;

	for (i = 0; i < nr_tiers; i++) {
		if (strcmp(tiers[i]->name, name))
			others[count++] = tiers[i];
	}
	return count;
}

static void tell_kept_vm(const struct ctl *ctl, const struct vmswap_vm *vm,
			 const char *name, struct vmswap_tier **tiers,
			 size_t nr_tiers)
{
	char *others = ctl_tiers_kept_from(vm, tiers, nr_tiers);
	char advice[ADVICE_LEN];

	if (!others)
		return;
	ctl_advise_tier(advice, sizeof(advice), vm, others);
	ctl_warn(ctl, "vm %s (id %llu): it has pages in tier %s and may not use tiers with room; to allow it: %s",
		 vm->name, (unsigned long long)vm->id, name, advice);
	free(others);
}

/*
 * The room that there is may be in tiers that a VM with pages in this one may not use.  As
 * it is now: what was tried may have filled some.
 */
static void tell_kept(const struct ctl *ctl, const struct before *b,
		      const char *name)
{
	struct vmswap_tier **tiers, **others;
	size_t nr_tiers, nr_others, i;

	if (vmswap_tier_list(ctl->h, &tiers, &nr_tiers))
		return;
	others = calloc(nr_tiers + 1, sizeof(*others));
	if (!others)
		abort();
	nr_others = leave_out(tiers, nr_tiers, name, others);
	for (i = 0; i < b->nr_vms; i++) {
		if (has_pages_in(b->vms[i], name))
			tell_kept_vm(ctl, b->vms[i], name, others, nr_others);
	}
	free(others);
	vmswap_tier_list_free(tiers, nr_tiers);
}

/* Another one goes: which, and who is to be asked. */
static int tell_other(struct ctl *ctl, int error, const struct before *b,
		      const char *name)
{
	size_t i;

	for (i = 0; i < b->nr_tiers; i++) {
		if (b->tiers[i]->state == VMSWAP_TIER_STATE_DRAINING)
			return ctl_fail(ctl, error, "tier %s: tier %s is being removed: wait for its end, or stop the vmswapctl that removes it",
					name, b->tiers[i]->name);
	}
	return ctl_fail_of_tier(ctl, error, name);
}

static int del(struct ctl *ctl, const char *name, const struct before *b)
{
	int ret;

	/* The step under way ends, then the rest is cancelled. */
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	ret = vmswap_tier_del(ctl->h, name, show_left, NULL);
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	if (ret == -ENOSPC) {
		ctl_fail(ctl, ret, "tier %s: %s; add a tier or raise the limits of VMs first",
			 name, vmswap_strerror_ext(ctl->h));
		tell_kept(ctl, b, name);
		return CTL_FAILED;
	}
	if (ret == -EBUSY)
		return tell_other(ctl, ret, b, name);
	if (ret)
		return ctl_fail_of_tier(ctl, ret, name);
	return CTL_DONE;
}

int ctl_tier_del(struct ctl *ctl)
{
	const char *name = ctl->argv[0];
	struct before before;
	int ret;

	ret = ctl_check_tier_name(ctl, name);
	if (ret)
		return ret;
	if (ctl_open(ctl))
		return CTL_FAILED;
	look(ctl, &before);
	ret = del(ctl, name, &before);
	if (!ret)
		warn_of_vms(ctl, &before, name);
	vmswap_tier_list_free(before.tiers, before.nr_tiers);
	vmswap_vm_list_free(before.vms, before.nr_vms);
	return ret;
}

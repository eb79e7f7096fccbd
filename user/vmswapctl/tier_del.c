// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
	struct vmswap_vm **vms;
	size_t nr_vms;
	size_t nr_tiers;
};

static void look(struct ctl *ctl, struct before *b)
{
	struct vmswap_tier **tiers;

	*b = (struct before){ 0 };
	if (vmswap_tier_list(ctl->h, &tiers, &b->nr_tiers))
		return;
	vmswap_tier_list_free(tiers, b->nr_tiers);
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

static int del(struct ctl *ctl, const char *name)
{
	int ret;

	/* The step under way ends, then the rest is cancelled. */
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	ret = vmswap_tier_del(ctl->h, name, show_left, NULL);
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	if (ret == -ENOSPC)
		return ctl_fail(ctl, ret, "tier %s: %s; add a tier or raise the limits of VMs first",
				name, vmswap_strerror_ext(ctl->h));
	if (ret)
		return ctl_fail_lib(ctl, ret, "tier %s", name);
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
	ret = del(ctl, name);
	if (!ret)
		warn_of_vms(ctl, &before, name);
	vmswap_vm_list_free(before.vms, before.nr_vms);
	return ret;
}

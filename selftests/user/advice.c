// SPDX-License-Identifier: GPL-2.0
/* What doctor advises can be pasted: nothing but the command follows on its line. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "findings.h"
#include "ktap.h"

#define MAX_WORDS	8

/* What stands behind the last ": ", or all. */
static const char *command_of(const char *line)
{
	const char *at = line, *next;

	while ((next = strstr(at, ": ")))
		at = next + 2;
	return at;
}

/* Does vmswapctl know what these words mean?  1: it does, but has no module. */
static bool is_understood(const char *command)
{
	char *copy = strdup(command), *rest = copy, *argv[MAX_WORDS], *word;
	int argc = 0, ret;

	while ((word = strsep(&rest, " ")) && argc < MAX_WORDS)
		argv[argc++] = word;
	ret = word ? CTL_USAGE : ctl_run(argc, argv);
	free(copy);
	return ret == CTL_FAILED;
}

static bool is_advice(const char *line)
{
	const char *command = strstr(line, "vmswapctl");

	if (!command)
		return true;
	if (command != command_of(line))
		return false;
	/* With the module it would be done. */
	return ctl_module_is_loaded() || is_understood(command);
}

static bool all_are_advice(const char *advice)
{
	char *copy = strdup(advice), *rest = copy, *line;
	bool all = true;

	while ((line = strsep(&rest, "\n"))) {
		if (is_advice(line))
			continue;
		printf("# cannot be pasted: %s\n", line);
		all = false;
	}
	free(copy);
	return all;
}

/* @check was found, and what was found has such advice; @part is in that of @check. */
static void check_advice(struct findings *f, const char *check_name,
			 const char *part)
{
	bool well = true, found = false;
	size_t i;

	for (i = 0; i < f->count; i++) {
		const struct finding *finding = &f->list[i];

		if (!finding->advice)
			continue;
		well &= all_are_advice(finding->advice);
		found |= !strcmp(finding->check, check_name) &&
			 strstr(finding->advice, part);
	}
	if (!found)
		printf("# no advice of %s has: %s\n", check_name, part);
	check(well && found, check_name);
	ctl_findings_free(f);
}

static struct vmswap_tier safe = {
	.name = "fast", .reclaim_safe = 1, .size = 1 << 20,
};

static struct vmswap_tier unsafe = {
	.name = "ram0", .kind = VMSWAP_TIER_KIND_BLOCK,
};

static void test_tiers(void)
{
	struct vmswap_tier full = safe, failed = unsafe;
	struct vmswap_tier *const tiers[] = { &full, &failed };
	struct findings f = { 0 };

	full.state = VMSWAP_TIER_STATE_FULL;
	failed.state = VMSWAP_TIER_STATE_FAILED;
	ctl_doctor_tiers(&f, tiers, 0);
	check_advice(&f, "tiers", "vmswapctl tier add disk0 block PATH");
	ctl_doctor_tiers(&f, tiers, 2);
	check_advice(&f, "tier-state", "vmswapctl tier set fast size 2M\n");
	ctl_doctor_tiers(&f, tiers + 1, 1);
	check_advice(&f, "reclaim-safe", "vmswapctl tier add ram1 ram");
}

/* No process has it. */
static struct vmswap_vm vm = { .id = 3, .name = "a", .size = 1 << 20 };

static void test_vm_tiers(void)
{
	struct vmswap_tier *const tiers[] = { &unsafe, &safe };
	struct findings f = { 0 };

	vm.tiers = "gone";
	ctl_doctor_vm(&f, &vm, tiers, 2);
	check_advice(&f, "vm-tiers", "vmswapctl vm set 3 tiers all");
	vm.tiers = "ram0";
	ctl_doctor_vm(&f, &vm, tiers, 2);
	check_advice(&f, "vm-reclaim-safe", "vmswapctl vm set 3 tiers fast,ram0");
	ctl_doctor_vm(&f, &vm, tiers, 1);
	check_advice(&f, "vm-reclaim-safe",
		     "vmswapctl tier add ram1 ram\nthen: vmswapctl vm set 3 tiers ram1,ram0");
	vm.tiers = "";
}

static void test_vm(void)
{
	struct findings f = { 0 };

	ctl_doctor_vm(&f, &vm, NULL, 0);
	check_advice(&f, "limit", "vmswapctl vm set 3 limit 50%\n");
	VMSWAP_SET(&vm, VM, LIMIT_EFFECTIVE, limit_effective, 4096);
	vm.stats = (struct vmswap_vm_stats){
		.resident = 1 << 30, .pinned = 4096, .poisoned = 4096,
		.io_errors = 1,
	};
	ctl_doctor_stall(&f, &vm, false, false, NULL, 0);
	check_advice(&f, "resident", "vmswapctl vm show 3");
	ctl_doctor_vm(&f, &vm, NULL, 0);
	check_advice(&f, "io-errors", "vmswapctl tier list");
}

/* Is this what is said of its limit, and of nothing else? */
static bool says(const struct vmswap_vm *of, const char *check_name,
		 const char *part)
{
	struct findings f = { 0 };
	bool said = false;
	size_t i;

	ctl_doctor_vm(&f, of, NULL, 0);
	for (i = 0; i < f.count; i++) {
		const struct finding *finding = &f.list[i];

		if (!strcmp(finding->check, "cgroup") ||
		    !strcmp(finding->check, "limit"))
			said = !strcmp(finding->check, check_name) &&
			       strstr(finding->text, part);
	}
	ctl_findings_free(&f);
	return said;
}

static void test_cgroup(void)
{
	struct vmswap_vm held = { .id = 3, .name = "a", .size = 4 << 20 };

	VMSWAP_SET(&held, VM, LIMIT_EFFECTIVE, limit_effective, 1 << 20);
	check(says(&held, "cgroup", "room for 1M only, less than its size of 4M"),
	      "a cgroup smaller than the VM");
	VMSWAP_SET(&held, VM, LIMIT, limit, 2 << 20);
	check(says(&held, "cgroup", "room for 1M only, less than its limit of 2M"),
	      "a cgroup smaller than the limit");
	held.limit = 8 << 20;
	check(says(&held, "cgroup", "less than its limit of 8M"),
	      "a cgroup smaller than VM and limit");
	held.limit_effective = 6 << 20;
	check(says(&held, "limit", "8M is more than its size of 4M"),
	      "a cgroup with room for all of it");
	held.limit = 1 << 20;
	held.limit_effective = 1 << 20;
	check(says(&held, "limit", "it may have 1M"), "a limit that holds");
	held = (struct vmswap_vm){ .id = 3, .name = "a", .size = 4 << 20 };
	VMSWAP_SET(&held, VM, LIMIT_EFFECTIVE, limit_effective, 6 << 20);
	check(says(&held, "limit", "it may have 6M"), "a cgroup alone with room");
}

/* Is @text said of how it waits, with this advice?  Without @text: nothing is. */
static void check_stall(const struct vmswap_vm *of, bool waits, bool among_others,
			struct vmswap_tier *const *tiers, const char *text,
			const char *advice)
{
	struct findings f = { 0 };
	size_t nr_tiers = 0;
	bool well;

	while (tiers[nr_tiers])
		nr_tiers++;
	ctl_doctor_stall(&f, of, waits, among_others, tiers, nr_tiers);
	well = f.count == !!text;
	if (well && text)
		well = !strcmp(f.list[0].text, text) &&
		       !strcmp(f.list[0].advice, advice) &&
		       all_are_advice(f.list[0].advice);
	if (!well && f.count)
		printf("# %s -> %s\n", f.list[0].text, f.list[0].advice);
	check(well, text ? text : "no word about waiting");
	ctl_findings_free(&f);
}

static void test_stall(void)
{
	struct vmswap_tier tiny = { .name = "tiny", .state = VMSWAP_TIER_STATE_FULL };
	struct vmswap_tier more = { .name = "more" }, slow = { .name = "slow" };
	struct vmswap_tier *all[] = { &tiny, &more, &slow, NULL };
	struct vmswap_tier *alone[] = { &tiny, NULL }, *none[] = { NULL };
	struct vmswap_vm held = {
		.id = 2, .name = "vm1", .size = 64 << 20, .tiers = "tiny",
		.stats = { .resident = 33 << 20, .stalled = 181 },
	};

	VMSWAP_SET(&held, VM, LIMIT_EFFECTIVE, limit_effective, 32 << 20);
	VMSWAP_SET(&held, VM, LIMIT, limit, 32 << 20);
	check_stall(&held, true, false, all,
		    "it is 1M over its limit of 32M and waits: all tiers that it may use (tiny) are full",
		    "vmswapctl vm set 2 tiers more,slow,tiny\nor raise its limit");
	check_stall(&held, false, true, all,
		    "VM 2, vm1, is 1M over its limit of 32M: all tiers that it may use (tiny) are full",
		    "vmswapctl vm set 2 tiers more,slow,tiny\nor raise its limit");
	held.stats.resident = 40 << 20;
	check_stall(&held, true, false, all,
		    "it is 8M over its limit of 32M and waits: all tiers that it may use (tiny) are full",
		    "vmswapctl vm set 2 tiers more,slow,tiny\nor raise its limit");
	held.stats.resident = 33 << 20;
	check_stall(&held, true, false, alone,
		    "it is 1M over its limit of 32M and waits: all tiers that it may use (tiny) are full",
		    "vmswapctl tier add ram0 ram\nthen: vmswapctl vm set 2 tiers ram0,tiny\nor raise its limit");
	held.tiers = "none";
	check_stall(&held, true, false, all,
		    "it is 1M over its limit of 32M and waits: no tier that it may use takes pages",
		    "vmswapctl vm set 2 tiers more,slow\nor raise its limit");
	held.tiers = "";
	held.stats.resident = 32 << 20;
	check_stall(&held, true, false, none,
		    "it is at its limit of 32M and waits: no tier that it may use takes pages",
		    "vmswapctl tier add ram0 ram\nor raise its limit");
	check_stall(&held, true, false, all,
		    "it is at its limit of 32M and waits: what is in memory of it is pinned or in use",
		    "for what is pinned see: vmswapctl vm show 2\nor raise its limit");
	check_stall(&held, false, false, all,
		    "it waited 181 times in the past, when nothing of it could leave; it does not wait now",
		    "if that comes again: add a tier, make one larger, or raise its limit");
	check_stall(&held, false, true, all, NULL, NULL);
	held.stats.stalled = 0;
	check_stall(&held, false, false, all, NULL, NULL);
	held.stats.resident = 40 << 20;
	check_stall(&held, false, false, all, "40M are in memory, more than the limit of 32M",
		    "for room in the tiers see: vmswapctl tier list\nfor what is pinned see: vmswapctl vm show 2");
	check_stall(&held, false, true, all, NULL, NULL);
	held.stats.resident = 32 << 20;
	held.stats.resident -= 4096;
	check_stall(&held, false, false, alone, NULL, NULL);
	/* Nobody waits for the limit of its cgroup, nor when all of it may be in memory. */
	held.stats.resident += 4096;
	VMSWAP_SET(&held, VM, LIMIT, limit, 48 << 20);
	check_stall(&held, false, true, none, NULL, NULL);
	VMSWAP_SET(&held, VM, LIMIT, limit, 32 << 20);
	held.size = 32 << 20;
	check_stall(&held, false, true, none, NULL, NULL);
}

static void test_host(void)
{
	struct findings f = { 0 };

	check(!is_advice("vmswapctl tier add ram0 ram, or another") &&
	      !is_advice("see what vmswapctl tier list says") &&
	      is_advice("look: vmswapctl frobnicate") == ctl_module_is_loaded() &&
	      is_advice("add a tier"), "what can be pasted");
	ctl_doctor_host(&f);
	check(f.count == 3, "the host without a module");
	ctl_findings_free(&f);
}

int main(void)
{
	/* The commands complain that there is no module; a sanitizer is still heard. */
	stderr = fopen("/dev/null", "w");
	if (!stderr)
		return 1;
	test_host();
	test_tiers();
	test_vm_tiers();
	test_vm();
	test_cgroup();
	test_stall();
	return ktap_end();
}

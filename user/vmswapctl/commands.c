// SPDX-License-Identifier: GPL-2.0
/* Every word of the command line, and where it leads. */
#include "tier_keys.h"
#include "vm_keys.h"

#define LATER(n, v, a, o) { n, v, a, 0, -1, o, ctl_not_yet }

const struct command ctl_commands[] = {
	{ "tier", "add",
	  "NAME ram [size SIZE] [algo lz4|zstd] [rank N] [reclaim-safe yes|no] | NAME block PATH [size SIZE] [rank N] [reclaim-safe yes|no] [--force]",
	  2, -1, OPT_FORCE, ctl_tier_add, ctl_tier_keys, CTL_NR_TIER_KEYS },
	{ "tier", "set", "NAME KEY VALUE...", 2, -1, 0, ctl_tier_set,
	  ctl_tier_keys, CTL_NR_TIER_SET_KEYS },
	{ "tier", "del", "NAME", 1, 1, 0, ctl_tier_del },
	{ "tier", "list", "", 0, 0, 0, ctl_tier_list },
	{ "vm", "create", "PATH SIZE", 2, 2, 0, ctl_vm_create },
	{ "vm", "list", "", 0, 0, 0, ctl_vm_list },
	{ "vm", "show", "VM", 1, 1, 0, ctl_vm_show },
	{ "vm", "set", "VM KEY VALUE...", 2, -1, 0, ctl_vm_set,
	  ctl_vm_keys, CTL_NR_VM_KEYS },
	{ "vm", "evict", "VM all|OFFSET LENGTH", 2, 3, 0, ctl_vm_evict },
	{ "vm", "prefetch", "VM all|OFFSET LENGTH", 2, 3, 0, ctl_vm_prefetch },
	LATER("vm", "thaw", "VM FILE", 0),
	{ "host", "show", "", 0, 0, 0, ctl_host_show },
	{ "host", "set", "KEY VALUE...", 1, -1, 0, ctl_host_set,
	  ctl_host_keys, CTL_NR_HOST_KEYS },
	{ "doctor", NULL, "[VM]", 0, 1, 0, ctl_doctor },
	LATER("policy", "add", "...", 0),
	LATER("policy", "set", "...", 0),
	LATER("policy", "del", "...", 0),
	LATER("policy", "list", "", 0),
	LATER("save", NULL, "", 0),
	LATER("restore", NULL, "[--dry-run] FILE", OPT_DRY_RUN),
	{ "events", NULL, "[--count N] [--timeout S]", 0, 0,
	  OPT_COUNT | OPT_TIMEOUT | OPT_RING, ctl_events },
	LATER("trace", NULL, "VM FILE", 0),
	LATER("top", NULL, "", 0),
	LATER("map", NULL, "VM [--svg FILE]", OPT_SVG),
	LATER("why", NULL, "VM", 0),
	LATER("advise", NULL, "", 0),
	LATER("report", NULL, "--svg FILE", OPT_SVG),
	{ "version", NULL, "", 0, 0, 0, ctl_version },
};

const size_t ctl_nr_commands = sizeof(ctl_commands) / sizeof(ctl_commands[0]);

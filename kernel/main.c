// SPDX-License-Identifier: GPL-2.0
/* main.c - the module: what there is, in the order in which it may be used. */
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "compat.h"
#include "dev.h"
#include "drain.h"
#include "evict.h"
#include "fs.h"
#include "netlink.h"
#include "pressure.h"
#include "shrinker.h"
#include "tier.h"
#include "vm.h"

static const struct {
	int (*init)(void);
	void (*exit)(void);
} parts[] = {
	{ vmswap_vm_init,	vmswap_vm_exit },	/* waits for what others have left */
	{ vmswap_tier_init,	vmswap_tier_exit },
	{ vmswap_evict_init,	vmswap_evict_exit },
	{ vmswap_pressure_init,	vmswap_pressure_exit },
	{ vmswap_shrinker_init,	vmswap_shrinker_exit },
	{ vmswap_drain_init,	vmswap_drain_exit },
	{ vmswap_netlink_init,	vmswap_netlink_exit },
	{ vmswap_fs_init,	vmswap_fs_exit },
	{ vmswap_dev_init,	vmswap_dev_exit },
};

static void exit_parts(int n)
{
	while (n--)
		parts[n].exit();
}

static int __init vmswap_init(void)
{
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		ret = parts[i].init();
		if (ret) {
			exit_parts(i);
			return ret;
		}
	}
	return 0;
}

/*
 * Unloading is refused while a mount or a file of /dev/vmswap exists: each holds the
 * module.  So no VM exists at exit.  Netlink commands hold nothing: unregistering the
 * family waits for them, before what they use goes.
 */
static void __exit vmswap_exit(void)
{
	exit_parts(ARRAY_SIZE(parts));
	/*
	 * A block tier may go as soon as its last request is done.  A driver's worker that was
	 * preempted in our completion has instructions of ours left then, but touches
	 * nothing of the tier any more.
	 */
	synchronize_rcu_tasks();
}

module_init(vmswap_init);
module_exit(vmswap_exit);
MODULE_DESCRIPTION("Guest memory over-commitment with policy in user space");
MODULE_LICENSE("GPL");

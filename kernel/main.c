// SPDX-License-Identifier: GPL-2.0
/* main.c - the module: what there is, in the order in which it may be used. */
#include <linux/module.h>

#include "compat.h"
#include "dev.h"
#include "evict.h"
#include "fs.h"
#include "netlink.h"
#include "pressure.h"
#include "reclaim.h"
#include "shrinker.h"
#include "tier.h"
#include "vm.h"

/*
 * Unloading is refused while a mount or a file of /dev/vmswap exists: each holds the
 * module.  So no VM exists at exit.  Netlink commands hold nothing: unregistering the
 * family waits for them, before what they use goes.
 */
static void vmswap_exit_from(int stage)
{
	switch (stage) {
	case 9:
		vmswap_dev_exit();
		fallthrough;
	case 8:
		vmswap_fs_exit();
		fallthrough;
	case 7:
		vmswap_netlink_exit();
		fallthrough;
	case 6:
		vmswap_shrinker_exit();
		fallthrough;
	case 5:
		vmswap_pressure_exit();
		fallthrough;
	case 4:
		vmswap_reclaim_exit();
		fallthrough;
	case 3:
		vmswap_evict_exit();
		fallthrough;
	case 2:
		vmswap_tier_exit();
		fallthrough;
	case 1:
		vmswap_vm_exit();
	}
}

static int __init vmswap_init(void)
{
	static int (*const init[])(void) = {
		vmswap_vm_init,
		vmswap_tier_init,
		vmswap_evict_init,
		vmswap_reclaim_init,
		vmswap_pressure_init,
		vmswap_shrinker_init,
		vmswap_netlink_init,
		vmswap_fs_init,
		vmswap_dev_init,
	};
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(init); i++) {
		ret = init[i]();
		if (ret) {
			vmswap_exit_from(i);
			return ret;
		}
	}
	return 0;
}

static void __exit vmswap_exit(void)
{
	vmswap_exit_from(9);
}

module_init(vmswap_init);
module_exit(vmswap_exit);
MODULE_DESCRIPTION("Guest memory over-commitment with policy in user space");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0
/* splat.c - does to a kernel what the harness must see: "insmod splat.ko what=warn". */
#include <linux/module.h>
#include <linux/slab.h>

static char *what = "nothing";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "warn, oops, cache");

static int __init splat_init(void)
{
	if (!strcmp(what, "warn"))
		WARN(1, "splat: as asked\n");
	else if (!strcmp(what, "oops"))
		*(volatile int *)8 = 0;
	else if (!strcmp(what, "cache"))
		/* Left behind: vmswap would have forgotten to destroy it. */
		return kmem_cache_create("vmswap_splat", 24, 0, SLAB_POISON, NULL) ? 0 : -ENOMEM;
	return 0;
}

static void __exit splat_exit(void)
{
}

module_init(splat_init);
module_exit(splat_exit);
MODULE_DESCRIPTION("Breaks a kernel on request");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0
/*
 * The faults a kernel module may have, one at a time, to prove that the test
 * harness sees them. Loading is enough, but for how=line, how=slab and
 * how=memory, which are to be unloaded, too.
 */
#include <linux/init.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

static char *how = "none";
module_param(how, charp, 0);
MODULE_PARM_DESC(how, "warn, oops, hang, locks, line, slab or memory");

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);

static void splat_hang(void)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

/* Both orders, one after the other: harmless, and lockdep must say so. */
static void splat_locks(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

/* Never destroyed: stays in /proc/slabinfo after unload. */
static int splat_slab(void)
{
	return kmem_cache_create("vmswap_splat", 64, 0, 0, NULL) ? 0 : -ENOMEM;
}

/* More than one: kmemleak may find the last one's address on a stack. */
static int splat_memory(void)
{
	int i;

	for (i = 0; i < 16; i++)
		if (!kmalloc(1000, GFP_KERNEL | __GFP_ZERO))
			return -ENOMEM;
	return 0;
}

static int __init splat_init(void)
{
	if (!strcmp(how, "warn"))
		WARN(1, "splat: asked for\n");
	else if (!strcmp(how, "oops"))
		*(volatile int *)8 = 1;
	else if (!strcmp(how, "hang"))
		splat_hang();
	else if (!strcmp(how, "locks"))
		splat_locks();
	else if (!strcmp(how, "slab"))
		return splat_slab();
	else if (!strcmp(how, "memory"))
		return splat_memory();
	else if (strcmp(how, "line"))
		return -EINVAL;
	return 0;
}

/* How vmswap reports at unload a counter of its own that is not zero. */
static void __exit splat_exit(void)
{
	if (!strcmp(how, "line"))
		pr_err("vmswap: leak: 1 splat\n");
}

module_init(splat_init);
module_exit(splat_exit);
MODULE_DESCRIPTION("Faults on request, to prove the test harness");
MODULE_LICENSE("GPL");

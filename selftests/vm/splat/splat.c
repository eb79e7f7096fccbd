// SPDX-License-Identifier: GPL-2.0
/* splat.c - does to a kernel what the harness must see: "insmod splat.ko what=warn". */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>

static char *what = "nothing";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "warn, oops, cache, leak, inversion, hang");

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);

/* Some of them, for a word left on a stack may look like a pointer to one. */
static int leak(void)
{
	int i;

	for (i = 0; i < 8; i++)
		if (!kzalloc(128, GFP_KERNEL))
			return -ENOMEM;
	return 0;
}

static void take_both(struct mutex *outer, struct mutex *inner)
{
	mutex_lock(outer);
	mutex_lock(inner);
	mutex_unlock(inner);
	mutex_unlock(outer);
}

/* No dead lock: one after the other. */
static void invert(void)
{
	take_both(&first, &second);
	take_both(&second, &first);
}

static void hang(void)
{
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule();
	}
}

static int __init splat_init(void)
{
	if (!strcmp(what, "warn"))
		WARN(1, "splat: as asked\n");
	else if (!strcmp(what, "oops"))
		*(volatile int *)8 = 0;
	else if (!strcmp(what, "cache"))
		/* Left behind: vmswap would have forgotten to destroy it. */
		return kmem_cache_create("vmswap_splat", 24, 0, SLAB_POISON, NULL) ? 0 : -ENOMEM;
	else if (!strcmp(what, "leak"))
		return leak();
	else if (!strcmp(what, "inversion"))
		invert();
	else if (!strcmp(what, "hang"))
		hang();
	return 0;
}

static void __exit splat_exit(void)
{
}

module_init(splat_init);
module_exit(splat_exit);
MODULE_DESCRIPTION("Breaks a kernel on request");
MODULE_LICENSE("GPL");

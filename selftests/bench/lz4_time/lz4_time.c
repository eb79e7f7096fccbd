// SPDX-License-Identifier: GPL-2.0
/*
 * lz4_time.c - a device that times the kernel's LZ4 on the pages written to it,
 * so that a bench can tell the compressor's time from everything else.
 */
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/lz4.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "lz4_time.h"

#define BATCH	64	/* pages between two looks at the clock */

/* Per open file. */
struct lz4_timer {
	struct mutex lock;	/* all below */
	struct lz4_time sums;
	int length[BATCH];
	char work[LZ4_MEM_COMPRESS] __aligned(8);
	char page[PAGE_SIZE];
	char pages[BATCH][PAGE_SIZE];
	char packed[BATCH][2 * PAGE_SIZE];
};

static u64 time_search(struct lz4_timer *t, int n, int acceleration)
{
	u64 begin = ktime_get_ns();
	int i;

	for (i = 0; i < n; i++)
		t->length[i] = LZ4_compress_fast(t->pages[i], t->packed[i], PAGE_SIZE,
						 2 * PAGE_SIZE, acceleration, t->work);
	return ktime_get_ns() - begin;
}

static void time_decompress(struct lz4_timer *t, int n)
{
	u64 begin;
	int i, compressible = 0;

	for (i = 0; i < n; i++) {
		if (t->length[i] > LZ4_TIME_BOUND)
			t->length[i] = 0;
		compressible += t->length[i] > 0;
		t->sums.bytes += t->length[i];
	}
	t->sums.compressible += compressible;
	if (!compressible)
		return;
	begin = ktime_get_ns();
	for (i = 0; i < n; i++)
		if (t->length[i] > 0)
			LZ4_decompress_safe(t->packed[i], t->page, t->length[i], PAGE_SIZE);
	t->sums.decompress_ns += ktime_get_ns() - begin;
}

static ssize_t timer_write(struct file *file, const char __user *from, size_t size, loff_t *pos)
{
	struct lz4_timer *t = file->private_data;
	size_t n = min_t(size_t, size / PAGE_SIZE, BATCH);

	if (!n)
		return -EINVAL;
	mutex_lock(&t->lock);
	if (copy_from_user(t->pages, from, n * PAGE_SIZE)) {
		mutex_unlock(&t->lock);
		return -EFAULT;
	}
	t->sums.compress_ns += time_search(t, n, 1);
	time_decompress(t, n);
	t->sums.coarse_ns += time_search(t, n, LZ4_TIME_COARSE);
	t->sums.pages += n;
	mutex_unlock(&t->lock);
	return n * PAGE_SIZE;
}

static ssize_t timer_read(struct file *file, char __user *to, size_t size, loff_t *pos)
{
	struct lz4_timer *t = file->private_data;
	struct lz4_time sums;

	if (size < sizeof(sums))
		return -EINVAL;
	mutex_lock(&t->lock);
	sums = t->sums;
	mutex_unlock(&t->lock);
	return copy_to_user(to, &sums, sizeof(sums)) ? -EFAULT : sizeof(sums);
}

static int timer_open(struct inode *inode, struct file *file)
{
	struct lz4_timer *t = vzalloc(sizeof(*t));

	if (!t)
		return -ENOMEM;
	mutex_init(&t->lock);
	file->private_data = t;
	return 0;
}

static int timer_release(struct inode *inode, struct file *file)
{
	vfree(file->private_data);
	return 0;
}

static const struct file_operations timer_fops = {
	.owner		= THIS_MODULE,
	.open		= timer_open,
	.release	= timer_release,
	.read		= timer_read,
	.write		= timer_write,
};

static struct miscdevice timer_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= LZ4_TIME_NAME,
	.fops	= &timer_fops,
};

module_misc_device(timer_device);
MODULE_DESCRIPTION("Times the kernel's LZ4");
MODULE_LICENSE("GPL");

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * disk.h - a disk in memory (null_blk) whose requests take a moment, in which
 * others meet the pages that it reads or writes.
 */
#ifndef SELFTESTS_DISK_H
#define SELFTESTS_DISK_H

#include "test-lib.h"

#define DISK_CONFIG	"/sys/kernel/config/nullb"
#define DISK_DELAY_NS	"100000"

/* The parameters are those of cgroup.h: who comes first loads it for all. */
#define DISK_LOAD \
	"modprobe configfs && modprobe null_blk nr_devices=1 gb=1 memory_backed=1 && " \
	"{ mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config; }"

static inline int disk_set(const char *name, const char *key, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), DISK_CONFIG "/%s/%s", name, key);
	return write_file(path, value);
}

static inline int disk_remove(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), DISK_CONFIG "/%s", name);
	return rmdir(path) ? -errno : 0;
}

/*
 * /dev/NAME, whose requests take @delay nanoseconds, @depth of them at a time; -ENODEV
 * when the kernel has none.
 */
static inline int disk_make_shallow(const char *name, unsigned int mib, const char *delay,
				    const char *depth)
{
	char path[128], size[16];
	int ret;

	snprintf(path, sizeof(path), DISK_CONFIG "/%s", name);
	snprintf(size, sizeof(size), "%u", mib);
	if (access(DISK_CONFIG, F_OK) && (system(DISK_LOAD) || access(DISK_CONFIG, F_OK)))
		return -ENODEV;
	if (mkdir(path, 0755))
		return -errno;
	ret = disk_set(name, "size", size) ?: disk_set(name, "blocksize", "4096") ?:
	      disk_set(name, "memory_backed", "1") ?: disk_set(name, "irqmode", "2") ?:
	      disk_set(name, "completion_nsec", delay) ?:
	      disk_set(name, "hw_queue_depth", depth) ?: disk_set(name, "power", "1");
	if (ret)
		disk_remove(name);
	return ret;
}

static inline int disk_make_slow(const char *name, unsigned int mib, const char *delay)
{
	return disk_make_shallow(name, mib, delay, "64");
}

static inline int disk_make(const char *name, unsigned int mib)
{
	return disk_make_slow(name, mib, DISK_DELAY_NS);
}

#endif /* SELFTESTS_DISK_H */

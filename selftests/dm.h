/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dm.h - devices of the device mapper, which delay, fail or stop as a test asks, and a disk
 * in memory (brd) to put them on.
 */
#ifndef SELFTESTS_DM_H
#define SELFTESTS_DM_H

#include "test-lib.h"

#define DM_DIR		"/dev/mapper/"

#define BRD		"/dev/ram0"
#define BRD_SECTORS	32768

static inline bool brd_make(void)
{
	return run("modprobe brd rd_nr=1 rd_size=%d", BRD_SECTORS / 2);
}

static inline bool brd_remove(void)
{
	return run("modprobe -r brd");
}

/* /dev/mapper/NAME with this table, of one line. */
static inline bool __attribute__((format(printf, 2, 3)))
dm_make(const char *name, const char *format, ...)
{
	char table[256];
	va_list args;

	va_start(args, format);
	vsnprintf(table, sizeof(table), format, args);
	va_end(args);
	return run("modprobe dm-mod && dmsetup create %s --table '%s' && dmsetup mknodes", name,
		   table);
}

/* Another table, once what is on its way has ended. */
static inline bool dm_change(const char *name, const char *table)
{
	return run("dmsetup suspend %s && dmsetup load %s --table '%s' && dmsetup resume %s",
		   name, name, table, name);
}

/* From now on it answers nobody. */
static inline bool dm_suspend(const char *name)
{
	return run("dmsetup suspend --noflush --nolockfs %s", name);
}

static inline bool dm_resume(const char *name)
{
	return run("dmsetup resume %s", name);
}

static inline bool dm_remove(const char *name)
{
	return run("dmsetup remove --retry %s", name);
}

#endif /* SELFTESTS_DM_H */

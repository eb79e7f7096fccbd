/* SPDX-License-Identifier: GPL-2.0 */
/* module.h - the module, loaded and unloaded by a test. */
#ifndef SELFTESTS_MODULE_H
#define SELFTESTS_MODULE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline bool loaded(void)
{
	return !access("/sys/module/vmswap", F_OK);
}

static inline int load(void)
{
	return system("modprobe vmswap") ? -EIO : 0;
}

static inline int unload(void)
{
	return syscall(SYS_delete_module, "vmswap", O_NONBLOCK) ? -errno : 0;
}

/* A closed VM holds the module until a work item has ended it. */
static inline int unload_soon(void)
{
	int i, ret = -EAGAIN;

	for (i = 0; i < 500; i++) {
		ret = unload();
		if (ret != -EAGAIN && ret != -EBUSY)
			break;
		usleep(10000);
	}
	return ret;
}

#endif

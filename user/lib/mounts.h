/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* The vmswapfs mounts that this process sees, from /proc/self/mountinfo. */
#ifndef LIBVMSWAP_MOUNTS_H
#define LIBVMSWAP_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vmswap_mount {
	uint32_t major;
	uint32_t minor;
	bool vmswapfs;
	char *root;			/* what of the file system is mounted */
	char *dir;			/* where */
};

struct vmswap_mounts {
	struct vmswap_mount *mounts;
	size_t count;
};

/* Changes @line.  -EBADMSG: not a line of mountinfo. */
int vmswap_mount_parse(char *line, struct vmswap_mount *mount);

int vmswap_mounts_read(struct vmswap_mounts *mounts);
void vmswap_mounts_free(struct vmswap_mounts *mounts);

/*
 * The mount that @path, absolute and free of symbolic links, lies on; @inside
 * points at what follows the mount point, without a leading slash.
 */
const struct vmswap_mount *
vmswap_mounts_of_path(const struct vmswap_mounts *mounts, const char *path,
		      const char **inside);

/* Where @name, below the root of file system @major:@minor, is seen; malloc. */
int vmswap_mounts_path(const struct vmswap_mounts *mounts, uint32_t major,
		       uint32_t minor, const char *name, char **path);

#endif

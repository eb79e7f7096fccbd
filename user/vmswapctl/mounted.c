// SPDX-License-Identifier: GPL-2.0
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mounted.h"

char *ctl_mounted_vmswapfs(const char *table)
{
	FILE *file = setmntent(table, "re");
	struct mntent *mount;
	char *dir = NULL;

	if (!file)
		return NULL;
	while (!dir && (mount = getmntent(file))) {
		if (!strcmp(mount->mnt_type, "vmswapfs"))
			dir = strdup(mount->mnt_dir);
	}
	endmntent(file);
	return dir;
}

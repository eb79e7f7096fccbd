// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <blkid.h>

#include "probe.h"

static void describe(blkid_probe probe, char *what, size_t size)
{
	const char *type = NULL, *label = NULL;

	if (!blkid_probe_lookup_value(probe, "TYPE", &type, NULL)) {
		blkid_probe_lookup_value(probe, "LABEL", &label, NULL);
		snprintf(what, size, "%s%s%s%s", type, label ? " (label " : "",
			 label ? label : "", label ? ")" : "");
	} else if (!blkid_probe_lookup_value(probe, "PTTYPE", &type, NULL)) {
		snprintf(what, size, "a %s partition table", type);
	} else {
		snprintf(what, size, "an unnamed signature");
	}
}

static int probe_fd(int fd, char *what, size_t size)
{
	blkid_probe probe = blkid_new_probe();
	int ret;

	if (!probe)
		return -ENOMEM;
	if (blkid_probe_set_device(probe, fd, 0, 0)) {
		blkid_free_probe(probe);
		return -EIO;
	}
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE |
					  BLKID_SUBLKS_LABEL);
	blkid_probe_enable_partitions(probe, 1);
	ret = blkid_do_safeprobe(probe);
	if (!ret)
		describe(probe, what, size);
	else if (ret == -2)
		snprintf(what, size, "several signatures");
	blkid_free_probe(probe);
	if (!ret || ret == -2)
		return 1;
	return ret == 1 ? 0 : -EIO;
}

int ctl_probe_signature(const char *path, char *what, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int ret;

	if (fd < 0)
		return -errno;
	ret = probe_fd(fd, what, size);
	close(fd);
	return ret;
}

bool ctl_probe_in_use(const char *path)
{
	/* For a block device O_EXCL without O_CREAT means just this. */
	int fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno == EBUSY;
	close(fd);
	return false;
}

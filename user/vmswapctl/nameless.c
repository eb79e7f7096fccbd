// SPDX-License-Identifier: GPL-2.0
/*
 * The file of a VM of /dev/vmswap has no name, and netlink does not tell its device:
 * a process that has it open, or mapped, does. No other VM has files on that device.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "vmm.h"

/* What all of them are called in /proc. */
#define NAMELESS	"vmswap"
#define NAMELESS_LINK	"/" NAMELESS " (deleted)"

void ctl_proc_links(const char *pid, const char *in, ctl_link_fn fn, void *arg)
{
	char dir_name[64], path[384], target[256];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(dir_name, sizeof(dir_name), "/proc/%.20s/%.20s", pid, in);
	dir = opendir(dir_name);
	if (!dir)
		return;
	while (!found && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target,
				       sizeof(target) - 1);

		if (n < 0)
			continue;
		target[n] = 0;
		snprintf(path, sizeof(path), "%s/%s", dir_name, entry->d_name);
		found = fn(path, target, arg);
	}
	closedir(dir);
}

/* @arg is the VM looked for; its device is set when @path leads to its file. */
static bool is_its_file(const char *path, const char *target, void *arg)
{
	struct vmswap_vm_stat numbers;
	struct vmswap_vm *vm = arg;
	struct statfs fs;
	struct stat st;
	bool same;
	int fd;

	/* Anybody may give a file this name; what is not ours is not opened. */
	if (strcmp(target, NAMELESS_LINK) || statfs(path, &fs) ||
	    fs.f_type != VMSWAPFS_MAGIC)
		return false;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	same = !vmswap_file_stat(fd, &numbers) && numbers.id == vm->id &&
	       !fstat(fd, &st);
	close(fd);
	if (!same)
		return false;
	VMSWAP_SET(vm, VM, DEV_MAJOR, dev_major, major(st.st_dev));
	VMSWAP_SET(vm, VM, DEV_MINOR, dev_minor, minor(st.st_dev));
	vm->name = NAMELESS;
	return true;
}

bool ctl_nameless_find(const char *pid, struct vmswap_vm *vm)
{
	ctl_proc_links(pid, "fd", is_its_file, vm);
	if (!VMSWAP_HAS(vm, VM, DEV_MAJOR))
		ctl_proc_links(pid, "map_files", is_its_file, vm);
	return VMSWAP_HAS(vm, VM, DEV_MAJOR);
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "json.h"
#include "keys.h"
#include "mounted.h"
#include "size.h"

/* @path cannot be the file of a VM, for this @cause: say which could. */
static int refuse_place(const struct ctl *ctl, int error, const char *path,
			const char *cause)
{
	char *mounted = ctl_mounted_vmswapfs("/proc/self/mounts");
	const char *usual = "/run/vmswap";
	char *copy = strdup(path);
	const char *name = basename(copy);

	if (mounted)
		ctl_fail(ctl, error, "%s: %s; vmswapfs is mounted on %s: %s/%s is accepted",
			 path, cause, mounted, mounted, name);
	else
		ctl_fail(ctl, error, "%s: %s; no vmswapfs is mounted: %s/%s is accepted after: %smkdir -p %s && mount -t vmswapfs -o mode=0700 none %s",
			 path, cause, usual, name,
			 ctl_module_is_loaded() ? "" : "modprobe vmswap && ",
			 usual, usual);
	free(copy);
	free(mounted);
	return CTL_FAILED;
}

/* The directory of a new VM, open, and proven to be on a vmswapfs. */
static int open_dir(const struct ctl *ctl, const char *path, int *fd)
{
	char *copy = strdup(path);
	char *dir = dirname(copy);
	struct statfs fs;
	int ret = 0;

	*fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT)
		ret = refuse_place(ctl, -ENOENT, path,
				   "its directory does not exist");
	else if (*fd < 0 || fstatfs(*fd, &fs))
		ret = ctl_fail(ctl, -errno, "%s: %s", dir, strerror(errno));
	else if (fs.f_type != VMSWAPFS_MAGIC)
		ret = refuse_place(ctl, -EINVAL, path, "not on a vmswapfs");
	free(copy);
	if (ret && *fd >= 0)
		close(*fd);
	return ret;
}

static int create_at(const struct ctl *ctl, int dir, const char *path,
		     uint64_t size)
{
	char *copy = strdup(path);
	char *name = basename(copy);
	int ret = 0;
	int fd;

	fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		ret = ctl_fail(ctl, -errno, "%s: %s%s", path, strerror(errno),
			       errno == EOPNOTSUPP ?
			       "; names that end in .hints are reserved" : "");
	} else if (ftruncate(fd, size)) {
		ret = ctl_fail(ctl, -errno, "%s: size %llu: %s", path,
			       (unsigned long long)size, strerror(errno));
		unlinkat(dir, name, 0);
	}
	if (fd >= 0)
		close(fd);
	free(copy);
	return ret;
}

static int print_vm(struct ctl *ctl, const char *path)
{
	struct vmswap_vm *vm;
	char *real;
	int ret;

	if (ctl_open(ctl))
		return CTL_FAILED;
	real = realpath(path, NULL);
	if (!real)
		return ctl_fail(ctl, -errno, "%s: %s", path, strerror(errno));
	ret = vmswap_vm_find(ctl->h, real, &vm, &(uint32_t){ 0 });
	free(real);
	if (ret)
		return ctl_fail_lib(ctl, ret, "vm create");
	ctl_json_print(ctl_json_vm(vm));
	vmswap_vm_free(vm);
	return CTL_DONE;
}

static int parse_size(const struct ctl *ctl, uint64_t *size)
{
	const char *text = ctl->argv[1];
	char note[CTL_BYTES_NOTE_LEN];
	uint64_t below;

	if (ctl_parse_size(text, size) || !*size)
		return ctl_bad_usage(ctl, "vm create: size '%s': accepted: %s",
				     text, CTL_SIZE_ACCEPTED);
	below = *size - *size % VMSWAP_PAGE_SIZE;
	if (!below)
		return ctl_fail(ctl, -EINVAL, "vm create: size %s%s is less than a page; sizes are multiples of %u",
				text, ctl_bytes_note(text, note),
				VMSWAP_PAGE_SIZE);
	if (below != *size)
		return ctl_fail(ctl, -EINVAL, "vm create: size %s is not a multiple of %u; the nearest are %llu and %llu",
				text, VMSWAP_PAGE_SIZE,
				(unsigned long long)below,
				(unsigned long long)below + VMSWAP_PAGE_SIZE);
	ctl_warn_of_bytes(ctl, "vm create", text);
	return 0;
}

int ctl_vm_create(struct ctl *ctl)
{
	const char *path = ctl->argv[0];
	uint64_t size;
	int dir, ret;

	ret = parse_size(ctl, &size);
	if (!ret)
		ret = open_dir(ctl, path, &dir);
	if (ret)
		return ret;
	ret = create_at(ctl, dir, path, size);
	close(dir);
	if (!ret && ctl->json)
		ret = print_vm(ctl, path);
	return ret;
}

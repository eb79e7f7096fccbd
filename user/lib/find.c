// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* From what a person calls a VM to the VM. */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "mounts.h"
#include "spec.h"

int vmswap_vm_path(const struct vmswap_vm *vm, char **path)
{
	struct vmswap_mounts mounts;
	int ret;

	if (vm->deleted || !vm->name || !VMSWAP_HAS(vm, VM, DEV_MAJOR) ||
	    !VMSWAP_HAS(vm, VM, DEV_MINOR))
		return -ENOENT;
	ret = vmswap_mounts_read(&mounts);
	if (ret)
		return ret;
	ret = vmswap_mounts_path(&mounts, vm->dev_major, vm->dev_minor,
				 vm->name, path);
	vmswap_mounts_free(&mounts);
	return ret;
}

/*
 * Without symbolic links as far as the path exists: the file of a VM may be
 * unlinked, and its directory is there.
 */
static char *real_path(const char *path)
{
	char *real, *dir, *copy, *whole = NULL;

	real = realpath(path, NULL);
	if (real)
		return real;
	copy = strdup(path);
	if (!copy)
		return NULL;
	dir = realpath(dirname(copy), NULL);
	free(copy);
	copy = strdup(path);
	if (dir && copy && asprintf(&whole, "%s/%s", dir, basename(copy)) < 0)
		whole = NULL;
	free(dir);
	if (whole) {
		free(copy);
		return whole;
	}
	return copy;
}

/* "NAME" or "NAME/REGION", seen from the root of the file system. */
static int split_inside(struct vmswap_spec *spec,
			const struct vmswap_mount *mount, const char *inside)
{
	const char *root = mount->root + strspn(mount->root, "/");
	char *whole, *slash;

	if (asprintf(&whole, "%s%s%s", root, *root && *inside ? "/" : "",
		     inside) < 0)
		return -ENOMEM;
	slash = strchr(whole, '/');
	if (slash) {
		*slash = 0;
		if (slash[1]) {
			spec->region = strdup(slash + 1);
			if (!spec->region) {
				free(whole);
				return -ENOMEM;
			}
		}
	}
	free(spec->name);
	spec->name = whole;
	spec->major = mount->major;
	spec->minor = mount->minor;
	return 0;
}

static int resolve_on(struct vmswap *h, struct vmswap_spec *spec,
		      const struct vmswap_mounts *mounts, const char *path)
{
	const struct vmswap_mount *mount;
	const char *inside;

	mount = vmswap_mounts_of_path(mounts, path, &inside);
	if (!mount || !mount->vmswapfs) {
		vmswap_error_set(h, "%s: not on a mounted vmswapfs",
				 spec->name);
		return -ENOENT;
	}
	if (!*inside && !strcmp(mount->root, "/")) {
		vmswap_error_set(h, "%s: a mount point, not a VM below it",
				 spec->name);
		return -EISDIR;
	}
	return split_inside(spec, mount, inside);
}

static int resolve_path(struct vmswap *h, struct vmswap_spec *spec)
{
	struct vmswap_mounts mounts;
	char *path = real_path(spec->name);
	int ret;

	if (!path)
		return -ENOMEM;
	ret = vmswap_mounts_read(&mounts);
	if (!ret) {
		ret = resolve_on(h, spec, &mounts, path);
		vmswap_mounts_free(&mounts);
	}
	free(path);
	return ret;
}

static void append_candidate(char **list, const struct vmswap_vm *vm)
{
	char *path, *longer;

	if (vmswap_vm_path(vm, &path))
		path = NULL;
	if (asprintf(&longer, "%s\n  %llu %s", *list ? *list : "",
		     (unsigned long long)vm->id,
		     path ? path : vm->deleted ? "(deleted)" : "-") >= 0) {
		free(*list);
		*list = longer;
	}
	free(path);
}

static int refuse_ambiguous(struct vmswap *h, const char *text,
			    const struct vmswap_spec *spec,
			    struct vmswap_vm **vms, size_t count)
{
	char *list = NULL;
	size_t i;

	for (i = 0; i < count; i++) {
		if (vmswap_spec_fits(spec, vms[i]))
			append_candidate(&list, vms[i]);
	}
	vmswap_error_set(h, "%s: several VMs have this name; give the id or the path of one:%s",
			 text, list ? list : "");
	free(list);
	return -ENOTUNIQ;
}

/*
 * The one VM that fits, taken out of the list; a path that exists means the
 * VM that is there, not one that was there before.
 */
static int pick(struct vmswap *h, const char *text,
		const struct vmswap_spec *spec, struct vmswap_vm **vms,
		size_t count, struct vmswap_vm **vm)
{
	size_t i, fits = 0, live = 0, one = 0, one_live = 0;

	for (i = 0; i < count; i++) {
		if (!vmswap_spec_fits(spec, vms[i]))
			continue;
		fits++;
		one = i;
		if (!vms[i]->deleted) {
			live++;
			one_live = i;
		}
	}
	if (spec->kind == VMSWAP_SPEC_PATH && live == 1) {
		fits = 1;
		one = one_live;
	}
	if (!fits) {
		vmswap_error_set(h, "%s: there is no such VM%s", text,
				 *text == '.' ? "; a path begins with /" : "");
		return -ENOENT;
	}
	if (fits > 1)
		return refuse_ambiguous(h, text, spec, vms, count);
	*vm = vms[one];
	vms[one] = NULL;
	return 0;
}

static int find_by_name(struct vmswap *h, const char *text,
			const struct vmswap_spec *spec, struct vmswap_vm **vm)
{
	struct vmswap_vm **vms;
	size_t count;
	int ret;

	ret = vmswap_vm_list(h, &vms, &count);
	if (ret)
		return ret;
	ret = pick(h, text, spec, vms, count, vm);
	vmswap_vm_list_free(vms, count);
	return ret;
}

static int find_by_id(struct vmswap *h, const struct vmswap_spec *spec,
		      struct vmswap_vm **vm)
{
	struct vmswap_spec by_name = { .kind = VMSWAP_SPEC_NAME,
				       .name = spec->name };
	struct vmswap_vm *named;
	int ret;

	ret = vmswap_vm_get(h, spec->id, vm);
	if (ret != -ENOENT)
		return ret;
	if (!find_by_name(h, spec->name, &by_name, &named)) {
		vmswap_vm_free(named);
		vmswap_error_set(h, "%s: no VM has this id; for the VM with this name write name:%s",
				 spec->name, spec->name);
	} else {
		vmswap_error_set(h, "%s: no VM has this id", spec->name);
	}
	return -ENOENT;
}

static int find_region(struct vmswap *h, const struct vmswap_spec *spec,
		       const struct vmswap_vm *vm, uint32_t *region)
{
	size_t i;

	for (i = 0; i < vm->nr_regions; i++) {
		const struct vmswap_region *r = &vm->regions[i];

		if (r->name && !strcmp(r->name, spec->region)) {
			*region = r->index;
			return 0;
		}
	}
	vmswap_error_set(h, "%s: VM %llu (%s) has no region of this name",
			 spec->region, (unsigned long long)vm->id,
			 vm->name ? vm->name : "");
	return -ENOENT;
}

static int find_vm(struct vmswap *h, const char *text, struct vmswap_spec *spec,
		   struct vmswap_vm **vm)
{
	int ret = 0;

	if (spec->kind == VMSWAP_SPEC_ID)
		return find_by_id(h, spec, vm);
	if (spec->kind == VMSWAP_SPEC_PATH)
		ret = resolve_path(h, spec);
	return ret ? ret : find_by_name(h, text, spec, vm);
}

static int find_with_region(struct vmswap *h, const char *text,
			    struct vmswap_spec *spec, struct vmswap_vm **vm,
			    uint32_t *region)
{
	int ret;

	ret = find_vm(h, text, spec, vm);
	if (ret)
		return ret;
	if (region)
		*region = VMSWAP_NO_REGION;
	if (!spec->region)
		return 0;
	if (region) {
		ret = find_region(h, spec, *vm, region);
	} else {
		vmswap_error_set(h, "%s: names a region; a whole VM is expected",
				 text);
		ret = -EINVAL;
	}
	if (ret) {
		vmswap_vm_free(*vm);
		*vm = NULL;
	}
	return ret;
}

int vmswap_vm_find(struct vmswap *h, const char *text, struct vmswap_vm **vm,
		   uint32_t *region)
{
	struct vmswap_spec spec;
	int ret;

	vmswap_error_clear(h);
	ret = vmswap_spec_parse(text, &spec);
	if (ret) {
		vmswap_error_set(h, "'%s': not the name of a VM; accepted: ID, NAME, /PATH, name:NAME, and /REGION behind it",
				 text);
		return ret;
	}
	ret = find_with_region(h, text, &spec, vm, region);
	vmswap_spec_free(&spec);
	return ret;
}

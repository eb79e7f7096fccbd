// SPDX-License-Identifier: GPL-2.0
/* Lines of mountinfo, maps and cmdline, links of open files, and what follows from them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"
#include "mounted.h"
#include "mounts.h"
#include "vmm.h"

static struct vmswap_mount list[] = {
	{ .major = 8, .minor = 1, .root = "/", .dir = "/" },
	{ .minor = 40, .vmswapfs = true, .root = "/", .dir = "/run/v" },
	{ .minor = 41, .vmswapfs = true, .root = "/vm2", .dir = "/mnt/part" },
	{ .minor = 42, .vmswapfs = true, .root = "/", .dir = "/run/v/in" },
};

static const struct vmswap_mounts mounts = {
	.mounts = list, .count = sizeof(list) / sizeof(list[0]),
};

static int parse(const char *text, struct vmswap_mount *mount)
{
	char *line = strdup(text);
	int ret = vmswap_mount_parse(line, mount);

	free(line);
	return ret;
}

static void free_mount(struct vmswap_mount *mount)
{
	free(mount->root);
	free(mount->dir);
}

static void test_lines(void)
{
	struct vmswap_mount m;

	check(!parse("28 36 0:35 / /run/v rw,relatime shared:1 - vmswapfs none rw\n",
		     &m) && m.major == 0 && m.minor == 35 && m.vmswapfs &&
	      !strcmp(m.root, "/") && !strcmp(m.dir, "/run/v"), "a mount");
	free_mount(&m);
	check(!parse("1 2 0:3 / /a\\040b\\134c rw - vmswapfs none rw\n", &m) &&
	      !strcmp(m.dir, "/a b\\c"), "a mount point with a space");
	free_mount(&m);
	check(!parse("1 2 8:3 / / rw - ext4 /dev/x rw\n", &m) && !m.vmswapfs,
	      "another file system");
	free_mount(&m);
	check(parse("", &m) == -EBADMSG && parse(" - ", &m) == -EBADMSG &&
	      parse("1 2 3 / / - vmswapfs", &m) == -EBADMSG &&
	      parse("1 2 0:3 / /a rw vmswapfs none rw\n", &m) == -EBADMSG,
	      "what is no mount");
}

static bool path_is(unsigned int minor, const char *name, const char *expected)
{
	char *path = NULL;
	bool same;

	if (vmswap_mounts_path(&mounts, 0, minor, name, &path))
		return !expected;
	same = expected && !strcmp(path, expected);
	free(path);
	return same;
}

static bool lies_on(const char *path, unsigned int minor, const char *inside)
{
	const struct vmswap_mount *mount;
	const char *rest;

	mount = vmswap_mounts_of_path(&mounts, path, &rest);
	return mount && mount->minor == minor && !strcmp(rest, inside);
}

static void test_paths(void)
{
	check(path_is(40, "vm1", "/run/v/vm1"), "path of a VM");
	check(path_is(41, "vm2", "/mnt/part"), "path of a VM that is mounted");
	check(path_is(41, "vm3", NULL) && path_is(77, "vm1", NULL),
	      "no path of what is not mounted");
	check(lies_on("/run/v/vm1/ram", 40, "vm1/ram"), "mount of a path");
	check(lies_on("/run/v/in/x", 42, "x"), "mount in a mount");
	check(lies_on("/run/vm1", 1, "run/vm1"), "a name that only begins alike");
	check(lies_on("/run/v", 40, ""), "the mount point itself");
}

/* Is the first vmswapfs of this table of mounts there? */
static bool first_is(const char *table, const char *expected)
{
	char name[] = "/tmp/mounts.XXXXXX", *dir;
	int fd = mkstemp(name);
	bool same;

	if (fd < 0 || dprintf(fd, "%s", table) < 0)
		return false;
	close(fd);
	dir = ctl_mounted_vmswapfs(name);
	unlink(name);
	same = dir && expected ? !strcmp(dir, expected) : dir == expected;
	free(dir);
	return same;
}

static void test_first(void)
{
	check(first_is("none /run/a tmpfs rw 0 0\nnone /run/b\\040c vmswapfs rw 0 0\n"
		       "none /run/d vmswapfs rw 0 0\n", "/run/b c"),
	      "where a vmswapfs is mounted");
	check(first_is("vmswapfs /run/vmswapfs tmpfs rw 0 0\n", NULL) &&
	      first_is("", NULL), "no vmswapfs is mounted");
}

static struct ctl_mapping mapping;

static bool maps(const char *text)
{
	static char line[128];

	snprintf(line, sizeof(line), "%s", text);
	return ctl_mapping_parse(line, 0, 0x23, &mapping) &&
	       !strcmp(mapping.path, "/run/v/a");
}

static void test_maps(void)
{
	check(maps("7f00000-7f10000 rw-p 00000000 00:23 5   /run/v/a\n") &&
	      mapping.is_private, "a private mapping");
	check(maps("7f00000-7f10000 rw-s 00000000 00:23 5   /run/v/a\n") &&
	      !mapping.is_private, "a shared mapping");
	check(maps("7e00000-7f10000 rw-s 00200000 00:23 5   /run/v/a\n") &&
	      !mapping.is_misaligned, "an aligned mapping");
	check(maps("7e00000-7f10000 rw-s 00201000 00:23 5   /run/v/a\n") &&
	      mapping.is_misaligned &&
	      maps("7e01000-7f10000 rw-s 00000000 00:23 5   /run/v/a\n") &&
	      mapping.is_misaligned, "mappings that are not aligned");
	check(!maps("7f00-7f10 rw-p 00000000 00:24 5   /run/v/a\n") &&
	      !maps("7f00-7f10 rw-p 00000000 00:00 0\n") && !maps(""),
	      "other mappings");
}

/* Words as on a command line; none of them has a space. */
static bool offers(const char *line)
{
	size_t size = strlen(line) + 1, i;
	char words[128];

	memcpy(words, line, size);
	for (i = 0; i < size; i++)
		if (words[i] == ' ')
			words[i] = 0;
	return !ctl_qemu_without_async_pf(words, size);
}

static void test_qemu(void)
{
	check(offers("qemu -cpu host") && offers("qemu -cpu max,-svm -m 1G"),
	      "models with all that KVM has");
	check(!offers("qemu") && !offers("qemu -cpu EPYC") &&
	      !offers("qemu -cpu hostile"), "named models");
	check(offers("qemu -cpu EPYC,+kvm-asyncpf-int") &&
	      offers("qemu -cpu EPYC,kvm-asyncpf-int=on,x") &&
	      offers("qemu -cpu EPYC,kvm-asyncpf-int"), "asked for");
	check(!offers("qemu -cpu host,-kvm-asyncpf-int") &&
	      !offers("qemu -cpu host,x,kvm-asyncpf-int=off") &&
	      !offers("qemu -cpu host,kvm=off"), "taken away");
	check(offers("qemu -cpu host,kvm-asyncpf-int=off,kvm-asyncpf-int=on") &&
	      offers("qemu -cpu EPYC -cpu host"), "the last word counts");
	check(!offers("qemu -machine pc,kernel-irqchip=off -cpu host"),
	      "no interrupt controller in the kernel");
	check(!ctl_qemu_without_async_pf("", 0) &&
	      !ctl_qemu_without_async_pf("qemu -cpu", 5), "no line");
}

static bool fd_means(const char *target, struct ctl_vmm expected)
{
	struct ctl_vmm vmm = { 0 };

	ctl_vmm_add_fd(&vmm, target);
	return !memcmp(&vmm, &expected, sizeof(vmm));
}

static void test_fds(void)
{
	struct ctl_vmm both = { .has_kvm = true };

	check(fd_means("anon_inode:kvm-vm", (struct ctl_vmm){ .has_kvm = true }),
	      "a VM of KVM");
	check(fd_means("/dev/vfio/vfio", (struct ctl_vmm){ .has_vfio = true }) &&
	      fd_means("/dev/vfio/12", (struct ctl_vmm){ .has_vfio = true }) &&
	      fd_means("/dev/vfio/devices/vfio0",
		       (struct ctl_vmm){ .has_vfio = true }), "VFIO");
	check(fd_means("/dev/iommu", (struct ctl_vmm){ .has_iommufd = true }),
	      "iommufd");
	check(fd_means("anon_inode:[userfaultfd]",
		       (struct ctl_vmm){ .has_userfaultfd = true }), "userfaultfd");
	check(fd_means("anon_inode:[guest_memfd]",
		       (struct ctl_vmm){ .has_guest_memfd = true }) &&
	      fd_means("anon_inode:[kvm-gmem]",
		       (struct ctl_vmm){ .has_guest_memfd = true }), "guest_memfd");
	check(fd_means("/dev/sev", (struct ctl_vmm){ .has_sev = true }), "SEV");
	check(fd_means("", (struct ctl_vmm){ 0 }) &&
	      fd_means("/dev/kvm", (struct ctl_vmm){ 0 }) &&
	      fd_means("/dev/iommu2", (struct ctl_vmm){ 0 }) &&
	      fd_means("/tmp/dev/vfio/vfio", (struct ctl_vmm){ 0 }) &&
	      fd_means("anon_inode:[eventfd]", (struct ctl_vmm){ 0 }) &&
	      fd_means("anon_inode:kvm-vcpu:0", (struct ctl_vmm){ 0 }),
	      "files that mean nothing");
	ctl_vmm_add_fd(&both, "/dev/vfio/vfio");
	check(both.has_kvm && both.has_vfio, "what was seen stays");
}

int main(void)
{
	test_lines();
	test_paths();
	test_first();
	test_maps();
	test_fds();
	test_qemu();
	return ktap_end();
}

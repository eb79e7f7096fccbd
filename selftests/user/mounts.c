// SPDX-License-Identifier: GPL-2.0
/* Lines of mountinfo and maps, and what follows from them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "findings.h"
#include "ktap.h"
#include "mounts.h"

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

static bool is_private(const char *text)
{
	char *line = strdup(text);
	const char *path;
	bool ret = ctl_is_private_mapping(line, 0, 0x23, &path) &&
		   !strcmp(path, "/run/v/a");

	free(line);
	return ret;
}

static void test_maps(void)
{
	check(is_private("7f00-7f10 rw-p 00000000 00:23 5   /run/v/a\n"),
	      "a private mapping");
	check(!is_private("7f00-7f10 rw-s 00000000 00:23 5   /run/v/a\n") &&
	      !is_private("7f00-7f10 rw-p 00000000 00:24 5   /run/v/a\n") &&
	      !is_private("7f00-7f10 rw-p 00000000 00:00 0\n") &&
	      !is_private(""), "other mappings");
}

int main(void)
{
	test_lines();
	test_paths();
	test_maps();
	return ktap_end();
}

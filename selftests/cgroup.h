/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cgroup.h - memory cgroups and block tiers for tests: make them, join them, read
 * what they say.  Functions return 0 or -errno.
 */
#ifndef SELFTESTS_CGROUP_H
#define SELFTESTS_CGROUP_H

#include "test-lib.h"

#define CGROUP_ROOT	"/sys/fs/cgroup"

struct cgroup {
	char dir[PATH_MAX];
};

static inline ssize_t file_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	buf[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		close(fd);
	return n;
}

static inline int cgroup_set(const struct cgroup *cg, const char *file, const char *value)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", cg->dir, file);
	return write_file(path, value);
}

static inline int cgroup_set_bytes(const struct cgroup *cg, const char *file, uint64_t bytes)
{
	char value[32];

	snprintf(value, sizeof(value), "%llu", (unsigned long long)bytes);
	return cgroup_set(cg, file, value);
}

/* The number that follows KEY in a file of "KEY NUMBER" lines; the first without KEY. */
static inline uint64_t cgroup_get(const struct cgroup *cg, const char *file, const char *key)
{
	char path[PATH_MAX + 64], buf[8192], *line, *rest = buf;
	size_t len = key ? strlen(key) : 0;

	snprintf(path, sizeof(path), "%s/%s", cg->dir, file);
	if (file_read(path, buf, sizeof(buf)) < 0)
		return UINT64_MAX;
	while ((line = strsep(&rest, "\n"))) {
		if (!key)
			return strtoull(line, NULL, 10);
		if (!strncmp(line, key, len) && line[len] == ' ')
			return strtoull(line + len, NULL, 10);
	}
	return UINT64_MAX;
}

static inline uint64_t cgroup_current(const struct cgroup *cg)
{
	return cgroup_get(cg, "memory.current", NULL);
}

/* Below PARENT, or below the root. */
static inline int cgroup_make(struct cgroup *cg, const struct cgroup *parent, const char *name)
{
	static const struct cgroup root = { CGROUP_ROOT };
	int ret;

	if (!parent)
		parent = &root;
	ret = cgroup_set(parent, "cgroup.subtree_control", "+memory");
	if (ret)
		return ret;
	ret = snprintf(cg->dir, sizeof(cg->dir), "%s/%s", parent->dir, name);
	if (ret >= sizeof(cg->dir))
		return -ENAMETOOLONG;
	return mkdir(cg->dir, 0755) ? -errno : 0;
}

/* Tasks that were killed, and inodes, go a moment later. */
static inline int cgroup_remove(struct cgroup *cg)
{
	int i;

	for (i = 0; i < 500; i++) {
		if (!rmdir(cg->dir) || errno == ENOENT)
			return 0;
		usleep(10000);
	}
	return -errno;
}

static inline int cgroup_enter(const struct cgroup *cg)
{
	return cgroup_set(cg, "cgroup.procs", "0");
}

/* ------------------------------------------------------------------ a block tier */

#define NULLB		"/dev/nullb0"
#define BLOCK_TIER	"disk0"

/* A device in memory; -ENODEV when the kernel has none. */
static inline int block_tier_add(void)
{
	if (access(NULLB, F_OK) &&
	    (system("modprobe null_blk nr_devices=1 gb=1 memory_backed=1") || access(NULLB, F_OK)))
		return -ENODEV;
	return policy_once(policy_tier_add_block, BLOCK_TIER, NULLB, 0);
}

#endif /* SELFTESTS_CGROUP_H */

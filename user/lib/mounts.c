// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mounts.h"

static bool is_octal(const char *s)
{
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' &&
	       s[2] >= '0' && s[2] <= '7';
}

/* The kernel writes space, tab, newline and backslash as \OOO. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && is_octal(s + 1)) {
			*to++ = (s[1] - '0') << 6 | (s[2] - '0') << 3 |
				(s[3] - '0');
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = 0;
}

/* ID PARENT MAJOR:MINOR ROOT DIR OPTIONS [TAG...] - TYPE SOURCE OPTIONS */
int vmswap_mount_parse(char *line, struct vmswap_mount *mount)
{
	char *field[5], *type, *save;
	int i;

	type = strstr(line, " - ");
	if (!type)
		return -EBADMSG;
	*type = 0;
	type += 3;
	for (i = 0; i < 5; i++) {
		field[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!field[i])
			return -EBADMSG;
	}
	if (sscanf(field[2], "%u:%u", &mount->major, &mount->minor) != 2)
		return -EBADMSG;
	mount->vmswapfs = !strncmp(type, "vmswapfs ", 9);
	unescape(field[3]);
	unescape(field[4]);
	mount->root = strdup(field[3]);
	mount->dir = strdup(field[4]);
	if (mount->root && mount->dir)
		return 0;
	free(mount->root);
	free(mount->dir);
	return -ENOMEM;
}

static int add_line(struct vmswap_mounts *mounts, char *line)
{
	struct vmswap_mount *bigger;
	int ret;

	bigger = reallocarray(mounts->mounts, mounts->count + 1,
			      sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	mounts->mounts = bigger;
	ret = vmswap_mount_parse(line, &bigger[mounts->count]);
	if (!ret)
		mounts->count++;
	/* What is not understood is not ours. */
	return ret == -EBADMSG ? 0 : ret;
}

int vmswap_mounts_read(struct vmswap_mounts *mounts)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	int ret = 0;

	*mounts = (struct vmswap_mounts){ 0 };
	if (!file)
		return -errno;
	while (!ret && getline(&line, &size, file) > 0)
		ret = add_line(mounts, line);
	free(line);
	fclose(file);
	if (ret)
		vmswap_mounts_free(mounts);
	return ret;
}

void vmswap_mounts_free(struct vmswap_mounts *mounts)
{
	size_t i;

	for (i = 0; i < mounts->count; i++) {
		free(mounts->mounts[i].root);
		free(mounts->mounts[i].dir);
	}
	free(mounts->mounts);
	*mounts = (struct vmswap_mounts){ 0 };
}

/* What follows @dir in @path, or NULL when @path is not below it. */
static const char *below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	while (len && dir[len - 1] == '/')
		len--;
	if (strncmp(path, dir, len))
		return NULL;
	if (len && path[len] && path[len] != '/')
		return NULL;
	path += len;
	return path + strspn(path, "/");
}

const struct vmswap_mount *
vmswap_mounts_of_path(const struct vmswap_mounts *mounts, const char *path,
		      const char **inside)
{
	const struct vmswap_mount *best = NULL;
	size_t best_len = 0;
	size_t i;

	for (i = 0; i < mounts->count; i++) {
		const struct vmswap_mount *mount = &mounts->mounts[i];
		const char *rest = below(path, mount->dir);

		/* Of two on the same place the later one is seen. */
		if (rest && strlen(mount->dir) >= best_len) {
			best = mount;
			best_len = strlen(mount->dir);
			*inside = rest;
		}
	}
	return best;
}

static int join(const char *dir, const char *name, char **path)
{
	const char *slash = *name && strcmp(dir, "/") ? "/" : "";

	return asprintf(path, "%s%s%s", dir, slash, name) < 0 ? -ENOMEM : 0;
}

int vmswap_mounts_path(const struct vmswap_mounts *mounts, uint32_t major,
		       uint32_t minor, const char *name, char **path)
{
	const struct vmswap_mount *best = NULL;
	const char *rest, *best_rest = NULL;
	size_t i;

	for (i = 0; i < mounts->count; i++) {
		const struct vmswap_mount *mount = &mounts->mounts[i];

		if (!mount->vmswapfs || mount->major != major ||
		    mount->minor != minor)
			continue;
		/* A bind mount may show only a part of the tree. */
		rest = below(name, mount->root + strspn(mount->root, "/"));
		if (!rest || (best && !strcmp(best->root, "/")))
			continue;
		best = mount;
		best_rest = rest;
	}
	return best ? join(best->dir, best_rest, path) : -ENOENT;
}

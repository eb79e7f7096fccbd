// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "json.h"
#include "probe.h"
#include "tier_keys.h"

#define ACCEPTED	"a block device or a preallocated file is accepted"

static int check_signature(const struct ctl *ctl, const char *name,
			   const char *path)
{
	char what[256];
	int ret = ctl_probe_signature(path, what, sizeof(what));

	if (ret == -EACCES || ret == -EPERM)
		return ctl_fail(ctl, ret, "tier %s: %s: cannot be read; CAP_SYS_ADMIN is needed",
				name, path);
	if (ret < 0)
		return ctl_fail(ctl, ret, "tier %s: %s: cannot be searched for data (%s); --force goes on without",
				name, path, strerror(-ret));
	if (ret)
		return ctl_fail(ctl, -EEXIST, "tier %s: %s: holds %s, which would be overwritten; give another device or file, wipe this one (wipefs -a), or use --force",
				name, path, what);
	return 0;
}

static int check_backing(const struct ctl *ctl, const char *name,
			 const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return ctl_fail(ctl, -errno, "tier %s: %s: %s", name, path,
				strerror(errno));
	if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
		return ctl_fail(ctl, -ENOTBLK, "tier %s: %s: neither a block device nor a regular file; "
				ACCEPTED, name, path);
	/* Before what is on it: who is using it must not be told to wipe it. */
	if (S_ISBLK(st.st_mode) && ctl_probe_in_use(path))
		return ctl_fail(ctl, -EBUSY, "tier %s: %s: the device is in use (mounted, swap, or another tier); lsblk and vmswapctl tier list tell by whom",
				name, path);
	return ctl->given & OPT_FORCE ? 0 : check_signature(ctl, name, path);
}

/* The kernel, and whoever reads the list, sees one name of it: *@real, to be freed. */
static int find_backing(const struct ctl *ctl, const char *name,
			const char *path, char **real)
{
	*real = realpath(path, NULL);
	if (!*real)
		return ctl_fail(ctl, -errno, "tier %s: %s: %s; " ACCEPTED,
				name, path, strerror(errno));
	return check_backing(ctl, name, *real);
}

/* "tier add NAME PATH": a path has a slash, a kind has none. */
static int path_without_kind(const struct ctl *ctl, const char *const *kinds,
			     size_t count)
{
	char *words = ctl_join_words((const char *const *)ctl->argv + 1,
				     ctl->argc - 1, " ");
	char *meant;

	if (asprintf(&meant, "'tier add %s block %s'", ctl->argv[0], words) < 0)
		abort();
	ctl_unknown_word_but(ctl, "tier add: kind", ctl->argv[1], meant, NULL,
			     kinds, count);
	free(words);
	free(meant);
	return CTL_USAGE;
}

static int parse_kind(const struct ctl *ctl, struct vmswap_tier *tier)
{
	static const char *const kinds[] = { "ram", "block" };
	const char *word = ctl->argv[1];
	size_t i;

	tier->present |= VMSWAP_BIT(TIER, KIND);
	for (i = 0; i < 2; i++) {
		if (!strcmp(word, kinds[i]))
			return vmswap_enum_value(VMSWAP_ENUM_TIER_KIND, word,
						 &tier->kind);
	}
	if (strchr(word, '/'))
		return path_without_kind(ctl, kinds, 2);
	return ctl_unknown_word(ctl, "tier add: kind", word, kinds, 2);
}

/* Sets *@words to where the keys begin. */
static int parse_words(const struct ctl *ctl, struct vmswap_tier *tier,
		       const char **path, int *words)
{
	bool block;
	int ret;

	ret = ctl_check_tier_name(ctl, ctl->argv[0]);
	if (!ret)
		ret = parse_kind(ctl, tier);
	if (ret)
		return ret;
	VMSWAP_SET(tier, TIER, NAME, name, ctl->argv[0]);
	block = tier->kind == VMSWAP_TIER_KIND_BLOCK;
	if (block && ctl->argc < 3)
		return ctl_bad_usage(ctl, "tier add %s block: the path of a device or file must follow",
				     tier->name);
	*path = block ? ctl->argv[2] : NULL;
	*words = block ? 3 : 2;
	if (!block && ctl->given & OPT_FORCE)
		return ctl_bad_usage(ctl, "tier add %s: --force has a meaning for block only",
				     tier->name);
	ret = ctl_parse_keys(ctl, "tier add", ctl_tier_keys, CTL_NR_TIER_KEYS,
			     ctl->argv + *words, ctl->argc - *words, tier);
	if (!ret && block && VMSWAP_HAS(tier, TIER, ALGO))
		ret = ctl_bad_usage(ctl, "tier add %s: algo has a meaning for ram only",
				    tier->name);
	return ret;
}

/* The module tells what is wrong with a path, but neither the path nor the errno. */
static int refuse(const struct ctl *ctl, int error,
		  const struct vmswap_tier *wanted)
{
	const char *cause = vmswap_strerror_ext(ctl->h);

	if (!wanted->path || strstr(cause, "CAP_SYS_ADMIN"))
		return ctl_fail_lib(ctl, error, "tier %s", wanted->name);
	if (!strcmp(cause, strerror(-error)))
		return ctl_fail(ctl, error, "tier %s: %s: %s", wanted->name,
				wanted->path, cause);
	return ctl_fail(ctl, error, "tier %s: %s: %s (%s)", wanted->name,
			wanted->path, cause, strerror(-error));
}

static int add(struct ctl *ctl, const struct vmswap_tier *wanted)
{
	struct vmswap_tier *added;
	int ret;

	if (ctl_open(ctl))
		return CTL_FAILED;
	ret = vmswap_tier_add(ctl->h, wanted, &added);
	if (ret)
		return refuse(ctl, ret, wanted);
	if (ctl->json)
		ctl_json_print(ctl_json_tier(added));
	if (added->kind == VMSWAP_TIER_KIND_RAM)
		ctl_warn_of_size(ctl, added->name, added->size);
	vmswap_tier_free(added);
	return CTL_DONE;
}

int ctl_tier_add(struct ctl *ctl)
{
	struct vmswap_tier wanted = { 0 };
	const char *path = NULL;
	char *real = NULL;
	int words, ret;

	ret = parse_words(ctl, &wanted, &path, &words);
	if (ret)
		return ret;
	if (path) {
		ret = find_backing(ctl, wanted.name, path, &real);
		VMSWAP_SET(&wanted, TIER, PATH, path, real);
	}
	if (!ret)
		ret = add(ctl, &wanted);
	free(real);
	return ret;
}

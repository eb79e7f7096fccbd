// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "nearest.h"
#include "size.h"

#define MAX_KEYS	16

static const struct key *find_key(const struct key *keys, size_t nr_keys,
				  const char *name)
{
	size_t i;

	for (i = 0; i < nr_keys; i++) {
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	}
	return NULL;
}

/* "limit=1G": the key and its value are two words.  NULL, or to be freed. */
static char *split_at_equals(const char *word, const char *const *names,
			     size_t count)
{
	const char *equals = strchr(word, '='), *nearest;
	char *key, *meant = NULL;

	if (!equals || equals == word || !equals[1])
		return NULL;
	key = strndup(word, equals - word);
	if (!key)
		abort();
	nearest = ctl_nearest(key, names, count);
	if (nearest && asprintf(&meant, "'%s %s'", nearest, equals + 1) < 0)
		abort();
	free(key);
	return meant;
}

static int unknown_key(const struct ctl *ctl, const char *what,
		       const struct key *keys, size_t nr_keys,
		       const char *name)
{
	const char *names[MAX_KEYS];
	size_t i, count = 0;
	char *meant;

	for (i = 0; i < nr_keys && count < MAX_KEYS; i++) {
		if (keys[i].parse)
			names[count++] = keys[i].name;
	}
	meant = split_at_equals(name, names, count);
	if (!meant)
		return ctl_unknown_word(ctl, what, name, names, count);
	ctl_unknown_word_but(ctl, what, name, meant, NULL, names, count);
	free(meant);
	return CTL_USAGE;
}

/* It is well written, and so no bad usage: the module would refuse it, too. */
static int refuse_value(const struct ctl *ctl, int error, const char *what,
			const struct key *key, const char *value)
{
	char note[CTL_BYTES_NOTE_LEN];

	return ctl_fail(ctl, error, "%s: %s '%s'%s: accepted: %s", what,
			key->name, value,
			key->is_size ? ctl_bytes_note(value, note) : "",
			key->accepted);
}

static int parse_value(const struct ctl *ctl, const char *what,
		       const struct key *key, const char *value, void *object)
{
	int ret;

	if (key->parse(value, object))
		return ctl_bad_usage(ctl, "%s: %s '%s': accepted: %s", what,
				     key->name, value, key->accepted);
	ret = key->check ? key->check(object) : 0;
	return ret ? refuse_value(ctl, ret, what, key, value) : 0;
}

int ctl_parse_keys(const struct ctl *ctl, const char *what,
		   const struct key *keys, size_t nr_keys, char *const *words,
		   int count, void *object)
{
	const struct key *key;
	unsigned int seen = 0;
	int i, ret;

	for (i = 0; i < count; i += 2) {
		key = find_key(keys, nr_keys, words[i]);
		if (!key)
			return unknown_key(ctl, what, keys, nr_keys, words[i]);
		if (!key->parse)
			return ctl_fail_not_yet(ctl, "setting", "%s: %s", what,
						key->name);
		if (seen & (1u << (key - keys)))
			return ctl_bad_usage(ctl, "%s: %s is given twice",
					     what, key->name);
		seen |= 1u << (key - keys);
		if (i + 1 == count)
			return ctl_bad_usage(ctl, "%s: %s: a value must follow; accepted: %s",
					     what, key->name, key->accepted);
		ret = parse_value(ctl, what, key, words[i + 1], object);
		if (ret)
			return ret;
	}
	return 0;
}

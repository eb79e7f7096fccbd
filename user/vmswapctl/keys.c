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

const char *ctl_key_accepted(const struct key *key, char text[CTL_ACCEPTED_LEN])
{
	bool percent = key->parse_percent;

	snprintf(text, CTL_ACCEPTED_LEN, "%s%s%s%s", key->accepted,
		 percent ? "; " : "", percent ? key->accepted_percent : "",
		 key->set_none ? "; or none" : "");
	return text;
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

/* "1G", "50%": a value without its key, which is that of a size.  NULL, or to be freed. */
static char *key_of_value(const char *word, const struct key *keys,
			  size_t nr_keys)
{
	bool percent = *word && word[strlen(word) - 1] == '%';
	char *meant = NULL;
	uint64_t size;
	uint32_t part;
	size_t i;

	/* A bare number may be anything. */
	if (percent ? ctl_parse_percent(word, &part) :
	    !word[strspn(word, "0123456789")] || ctl_parse_size(word, &size))
		return NULL;
	for (i = 0; i < nr_keys && !meant; i++) {
		if (!keys[i].is_size || (percent && !keys[i].parse_percent))
			continue;
		if (asprintf(&meant, "'%s %s'", keys[i].name, word) < 0)
			abort();
	}
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
		meant = key_of_value(name, keys, nr_keys);
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
	char note[CTL_BYTES_NOTE_LEN], accepted[CTL_ACCEPTED_LEN];

	return ctl_fail(ctl, error, "%s: %s '%s'%s: accepted: %s", what,
			key->name, value,
			key->is_size ? ctl_bytes_note(value, note) : "",
			ctl_key_accepted(key, accepted));
}

void ctl_warn_of_bytes(const struct ctl *ctl, const char *what,
		       const char *text)
{
	char note[CTL_BYTES_NOTE_LEN], shown[CTL_SIZE_LEN];
	uint64_t size;

	if (!*ctl_bytes_note(text, note) || ctl_parse_size(text, &size) ||
	    size >= CTL_FEW_BYTES)
		return;
	ctl_warn(ctl, "%s: size %s is %s%s", what, text,
		 ctl_format_size(size, false, shown), note);
}

/* What others call "none", where that is accepted. */
static bool means_none(const struct key *key, const char *value)
{
	static const char *const words[] = {
		"off", "unlimited", "no", "max", "infinity", "inf",
	};
	size_t i;

	for (i = 0; key->set_none && i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(value, words[i]))
			return true;
	}
	return false;
}

/* In which of the ways that the key has it is written decides who takes it. */
static int take_value(const struct key *key, const char *value, void *object)
{
	if (key->set_none && !strcmp(value, "none")) {
		key->set_none(object);
		return 0;
	}
	if (key->parse_percent && strchr(value, '%'))
		return key->parse_percent(value, object);
	return key->parse(value, object);
}

static int parse_value(const struct ctl *ctl, const char *what,
		       const struct key *key, const char *value, void *object)
{
	char accepted[CTL_ACCEPTED_LEN];
	int ret;

	ret = take_value(key, value, object);
	if (ret == -ERANGE)
		return refuse_value(ctl, ret, what, key, value);
	if (ret)
		return ctl_bad_usage(ctl, "%s: %s '%s': %saccepted: %s", what,
				     key->name, value, means_none(key, value) ?
				     "the nearest is 'none'; " : "",
				     ctl_key_accepted(key, accepted));
	ret = key->check ? key->check(object) : 0;
	if (ret)
		return refuse_value(ctl, ret, what, key, value);
	if (key->is_size)
		ctl_warn_of_bytes(ctl, what, value);
	return 0;
}

int ctl_parse_keys(const struct ctl *ctl, const char *what,
		   const struct key *keys, size_t nr_keys, char *const *words,
		   int count, void *object)
{
	char accepted[CTL_ACCEPTED_LEN];
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
					     what, key->name,
					     ctl_key_accepted(key, accepted));
		ret = parse_value(ctl, what, key, words[i + 1], object);
		if (ret)
			return ret;
	}
	return 0;
}

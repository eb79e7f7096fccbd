// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"

struct words {
	char **words;
	int count;
	int at;
};

static int set_count(struct ctl *ctl, const char *value)
{
	char *end;

	errno = 0;
	ctl->count = strtoull(value, &end, 10);
	if (errno || *end || !(*value >= '0' && *value <= '9') || !ctl->count)
		return ctl_bad_usage(ctl, "--count '%s': a number from 1 is accepted",
				     value);
	return 0;
}

/* Seconds; a fraction is accepted. */
static int set_timeout(struct ctl *ctl, const char *value)
{
	double seconds;
	char *end;

	seconds = strtod(value, &end);
	if (end == value || *end || !isfinite(seconds) || seconds < 0 ||
	    seconds > 1e9)
		return ctl_bad_usage(ctl, "--timeout '%s': a number of seconds is accepted",
				     value);
	ctl->timeout_ms = seconds * 1000;
	return 0;
}

static int set_svg(struct ctl *ctl, const char *value)
{
	ctl->svg = value;
	return 0;
}

static const struct option {
	const char *name;
	unsigned int bit;
	int (*set)(struct ctl *ctl, const char *value);
	bool later;			/* not built yet */
} options[] = {
	{ "--json" }, { "--bytes" }, { "--help" }, { "--version" },
	{ "--force", OPT_FORCE },
	{ "--ring", OPT_RING, .later = true },
	{ "--dry-run", OPT_DRY_RUN, .later = true },
	{ "--count", OPT_COUNT, set_count },
	{ "--timeout", OPT_TIMEOUT, set_timeout },
	{ "--svg", OPT_SVG, set_svg, .later = true },
};

#define NR_OPTIONS	(sizeof(options) / sizeof(options[0]))

const char *ctl_option_name(unsigned int bit)
{
	size_t i;

	for (i = 0; i < NR_OPTIONS - 1 && options[i].bit != bit; i++)
		;
	return options[i].name;
}

/* Is it, @len bytes of it, a key of some command, and built? */
static bool is_key(const char *word, size_t len)
{
	size_t i, k;

	for (i = 0; i < ctl_nr_commands; i++) {
		const struct command *c = &ctl_commands[i];

		for (k = 0; k < c->nr_keys; k++) {
			if (c->keys[k].parse &&
			    strlen(c->keys[k].name) == len &&
			    !strncmp(c->keys[k].name, word, len))
				return true;
		}
	}
	return false;
}

/* "--size 1G" or "--size=1G": "'size 1G'", to be freed; NULL: that is no key. */
static char *key_with_dashes(const char *word, const char *next)
{
	size_t len = strcspn(word, "=");
	const char *value;
	char *meant;

	if (len < 3 || strncmp(word, "--", 2) || !is_key(word + 2, len - 2))
		return NULL;
	value = word[len] ? word + len + 1 : next;
	if (asprintf(&meant, "'%.*s%s%s'", (int)len - 2, word + 2,
		     value ? " " : "", value ? value : "") < 0)
		abort();
	return meant;
}

/* @next: the word behind it, or NULL. */
static int unknown_option(const struct ctl *ctl, const char *word,
			  const char *next)
{
	const char *names[NR_OPTIONS + 4] = { "-j", "-b", "-h", "-V" };
	char *meant = key_with_dashes(word, next);
	size_t i, count = 4;

	for (i = 0; i < NR_OPTIONS; i++) {
		if (!options[i].later)
			names[count++] = options[i].name;
	}
	if (!meant)
		return ctl_unknown_word(ctl, "option", word, names, count);
	ctl_unknown_word_but(ctl, "option", word, meant, "keys have no dashes",
			     names, count);
	free(meant);
	return CTL_USAGE;
}

static int set_flag(struct ctl *ctl, const char *name)
{
	if (!strcmp(name, "--json"))
		ctl->json = true;
	else if (!strcmp(name, "--bytes"))
		ctl->bytes = true;
	else if (!strcmp(name, "--help"))
		ctl->help = true;
	else if (!strcmp(name, "--version"))
		ctl->version = true;
	return 0;
}

static int long_option(struct ctl *ctl, struct words *w, const char *word)
{
	size_t len = strcspn(word, "=");
	const struct option *option = NULL;
	const char *value;
	size_t i;

	for (i = 0; i < NR_OPTIONS; i++) {
		if (strlen(options[i].name) == len &&
		    !strncmp(options[i].name, word, len))
			option = &options[i];
	}
	if (!option)
		return unknown_option(ctl, word, w->at < w->count ?
				      w->words[w->at] : NULL);
	ctl->given |= option->bit;
	if (!option->set) {
		if (word[len])
			return ctl_bad_usage(ctl, "%s takes no value",
					     option->name);
		return set_flag(ctl, option->name);
	}
	if (word[len])
		value = word + len + 1;
	else if (w->at < w->count)
		value = w->words[w->at++];
	else
		return ctl_bad_usage(ctl, "%s: a value must follow",
				     option->name);
	return option->set(ctl, value);
}

static int short_options(struct ctl *ctl, const char *word)
{
	const char *c;

	for (c = word + 1; *c; c++) {
		if (*c == 'j')
			ctl->json = true;
		else if (*c == 'b')
			ctl->bytes = true;
		else if (*c == 'h')
			ctl->help = true;
		else if (*c == 'V')
			ctl->version = true;
		else
			return unknown_option(ctl, word, NULL);
	}
	return 0;
}

/* An error that comes before -j on the line must be JSON too. */
static bool asks_for_json(int argc, char **argv)
{
	int i;

	for (i = 0; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "-j") || !strcmp(argv[i], "--json"))
			return true;
	}
	return false;
}

int ctl_parse_options(struct ctl *ctl, int argc, char **argv)
{
	struct words w = { .words = argv, .count = argc };
	bool only_words = false;
	int ret = 0;

	ctl->json = asks_for_json(argc, argv);
	/* The words that are left move to the front. */
	ctl->argv = argv;
	while (!ret && w.at < w.count) {
		char *word = argv[w.at++];

		/* No option begins with a digit: -1 is a bad value. */
		if (only_words || word[0] != '-' || !word[1] ||
		    isdigit((unsigned char)word[1]))
			ctl->argv[ctl->argc++] = word;
		else if (!strcmp(word, "--"))
			only_words = true;
		else if (word[1] == '-')
			ret = long_option(ctl, &w, word);
		else
			ret = short_options(ctl, word);
	}
	return ret;
}

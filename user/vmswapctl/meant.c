// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "meant.h"

/* What other tools call it. */
static const struct {
	const char *noun;
	const char *word;
	const char *verb;
} synonyms[] = {
	{ "tier", "create", "add" },
	{ "tier", "new", "add" },
	{ "tier", "ls", "list" },
	{ "tier", "show", "list" },
	{ "vm", "add", "create" },
	{ "vm", "new", "create" },
	{ "vm", "ls", "list" },
};

/* More nouns than have a verb in common. */
#define MAX_FOUND	8

#define NR_SYNONYMS	(sizeof(synonyms) / sizeof(synonyms[0]))

bool ctl_is_removal(const char *word)
{
	static const char *const removals[] = {
		"del", "delete", "destroy", "remove", "rm",
	};
	size_t i;

	for (i = 0; i < sizeof(removals) / sizeof(removals[0]); i++) {
		if (!strcmp(word, removals[i]))
			return true;
	}
	return false;
}

static char *in_quotes(const char *words)
{
	char *quoted;

	if (asprintf(&quoted, "'%s'", words) < 0)
		abort();
	return quoted;
}

char *ctl_meant_verb(const char *noun, const char *word)
{
	size_t i;

	if (!strcmp(noun, "tier") && ctl_is_removal(word))
		return in_quotes("del");
	for (i = 0; i < NR_SYNONYMS; i++) {
		if (!strcmp(noun, synonyms[i].noun) &&
		    !strcmp(word, synonyms[i].word))
			return in_quotes(synonyms[i].verb);
	}
	return NULL;
}

/* @count words behind the verb are enough, and not too many. */
static bool takes(const struct command *c, int count)
{
	return count >= c->min_args &&
	       (c->max_args < 0 || count <= c->max_args);
}

/* Lists the commands with this verb, those that take @count words or all. */
static size_t find_verb(const char *verb, int count, bool all,
			const struct command **found)
{
	size_t i, n = 0;

	for (i = 0; i < ctl_nr_commands && n < MAX_FOUND; i++) {
		const struct command *c = &ctl_commands[i];

		if (c->verb && !strcmp(c->verb, verb) &&
		    c->run != ctl_not_yet && (all || takes(c, count)))
			found[n++] = c;
	}
	return n;
}

/* "'vm show vm1'": the whole line as it has to be. */
static char *quote_line(const struct command *c, char *const *words, int count)
{
	char *line = ctl_join_words((const char *const *)words, count, " ");
	char *quoted;

	if (asprintf(&quoted, "'%s %s'", c->noun, line) < 0)
		abort();
	free(line);
	return quoted;
}

/* "'tier list' or 'vm list'". */
static char *quote_names(const struct command *const *found, size_t count)
{
	char *list = strdup(""), *longer;
	size_t i;

	for (i = 0; i < count; i++) {
		if (asprintf(&longer, "%s%s'%s %s'", list, i ? " or " : "",
			     found[i]->noun, found[i]->verb) < 0)
			abort();
		free(list);
		list = longer;
	}
	return list;
}

char *ctl_meant_command(char *const *words, int count)
{
	const struct command *found[MAX_FOUND];
	size_t n = find_verb(words[0], count - 1, false, found);

	if (n == 1)
		return quote_line(found[0], words, count);
	if (!n)
		n = find_verb(words[0], 0, true, found);
	return n ? quote_names(found, n) : NULL;
}

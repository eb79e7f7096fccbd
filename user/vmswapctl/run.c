// SPDX-License-Identifier: GPL-2.0
/* From the words of a command line to the command that they name. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "meant.h"

#define MAX_WORDS	32

/* Each noun once, or the verbs of @noun; only what is built. Returns their number. */
static size_t list_words(const char *noun, const char **words)
{
	size_t i, count = 0;

	for (i = 0; i < ctl_nr_commands && count < MAX_WORDS; i++) {
		const struct command *c = &ctl_commands[i];

		if (c->run == ctl_not_yet || (noun && strcmp(c->noun, noun)))
			continue;
		if (!noun && count && !strcmp(words[count - 1], c->noun))
			continue;
		words[count++] = noun ? c->verb : c->noun;
	}
	return count;
}

static bool has_verbs(const char *noun)
{
	size_t i;

	for (i = 0; i < ctl_nr_commands; i++) {
		if (!strcmp(ctl_commands[i].noun, noun))
			return ctl_commands[i].verb;
	}
	return false;
}

static const struct command *lookup(const char *noun, const char *verb)
{
	size_t i;

	for (i = 0; i < ctl_nr_commands; i++) {
		const struct command *c = &ctl_commands[i];

		if (!strcmp(c->noun, noun) &&
		    (!c->verb || (verb && !strcmp(c->verb, verb))))
			return c;
	}
	return NULL;
}

static int unknown_noun(const struct ctl *ctl)
{
	char *meant = ctl_meant_command(ctl->argv, ctl->argc);
	const char *words[MAX_WORDS];
	size_t count = list_words(NULL, words);

	if (!meant)
		return ctl_unknown_word(ctl, "command", ctl->argv[0], words,
					count);
	ctl_unknown_word_but(ctl, "command", ctl->argv[0], meant, NULL, words,
			     count);
	free(meant);
	return CTL_USAGE;
}

static int unknown_verb(const struct ctl *ctl, const char *noun,
			const char *verb)
{
	char *meant = ctl_meant_verb(noun, verb);
	const char *words[MAX_WORDS];
	size_t count = list_words(noun, words);
	const char *note = NULL;

	if (!strcmp(noun, "vm") && ctl_is_removal(verb))
		note = "a VM ends when its file is removed: rm PATH";
	if (!count)
		ctl_fail_not_yet(ctl, "command", "%s", noun);
	else if (meant || note)
		ctl_unknown_word_but(ctl, noun, verb, meant, note, words,
				     count);
	else
		ctl_unknown_word(ctl, noun, verb, words, count);
	free(meant);
	return count ? CTL_USAGE : CTL_FAILED;
}

static int unknown_command(const struct ctl *ctl)
{
	const char *noun = ctl->argv[0];

	if (!has_verbs(noun))
		return unknown_noun(ctl);
	return unknown_verb(ctl, noun, ctl->argc > 1 ? ctl->argv[1] : "");
}

static int check_options(const struct ctl *ctl, const struct command *command)
{
	unsigned int wrong = ctl->given & ~command->options;

	if (!wrong)
		return 0;
	return ctl_bad_usage(ctl, "%s%s%s: option %s has no meaning here",
			     command->noun, command->verb ? " " : "",
			     command->verb ? command->verb : "",
			     ctl_option_name(wrong & -wrong));
}

static int run_command(struct ctl *ctl, const struct command *command)
{
	int words = command->verb ? 2 : 1;
	int ret;

	ctl->command = command;
	ctl->argv += words;
	ctl->argc -= words;
	ret = check_options(ctl, command);
	if (ret)
		return ret;
	if (ctl->argc < command->min_args ||
	    (command->max_args >= 0 && ctl->argc > command->max_args))
		return ctl_bad_args(ctl, command);
	return command->run(ctl);
}

static int dispatch(struct ctl *ctl)
{
	const struct command *command;

	if (ctl->argc && !strcmp(ctl->argv[0], "help")) {
		ctl->help = true;
		ctl->argv++;
		ctl->argc--;
	}
	if (ctl->help) {
		ctl_print_usage(ctl);
		return CTL_DONE;
	}
	if (ctl->version)
		return ctl_version(ctl);
	if (!ctl->argc)
		return ctl_state(ctl);
	command = lookup(ctl->argv[0], ctl->argc > 1 ? ctl->argv[1] : NULL);
	if (!command)
		return unknown_command(ctl);
	return run_command(ctl, command);
}

int ctl_run(int argc, char **argv)
{
	struct ctl ctl = { 0 };
	int ret;

	ret = ctl_parse_options(&ctl, argc - 1, argv + 1);
	if (!ret)
		ret = dispatch(&ctl);
	vmswap_close(ctl.h);
	/* What did not reach its reader was not done. */
	if (fflush(stdout) && !ret)
		ret = ctl_fail(&ctl, -errno, "standard output: %s",
			       strerror(errno));
	return ret;
}

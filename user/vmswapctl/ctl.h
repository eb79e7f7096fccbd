/* SPDX-License-Identifier: GPL-2.0 */
/* What the commands of vmswapctl share. */
#ifndef VMSWAPCTL_CTL_H
#define VMSWAPCTL_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmswap.h"

enum {
	CTL_DONE	= 0,
	CTL_FAILED	= 1,	/* refused or failed */
	CTL_USAGE	= 2,	/* the command line makes no sense */
};

/* Options of single commands; -j and -b are everybody's. */
enum {
	OPT_FORCE	= 1 << 0,
	OPT_COUNT	= 1 << 1,
	OPT_TIMEOUT	= 1 << 2,
	OPT_RING	= 1 << 3,
	OPT_DRY_RUN	= 1 << 4,
	OPT_SVG		= 1 << 5,
};

struct command;

struct ctl {
	bool json;
	bool bytes;
	bool help;
	bool version;
	unsigned int given;		/* OPT_* */
	uint64_t count;			/* OPT_COUNT */
	uint64_t timeout_ms;		/* OPT_TIMEOUT */
	const char *svg;		/* OPT_SVG */
	int argc;			/* words behind the command's name */
	char **argv;
	const struct command *command;	/* NULL: none was named */
	struct vmswap *h;		/* after ctl_open() */
};

struct key;

struct command {
	const char *noun;
	const char *verb;		/* NULL: the noun says it all */
	const char *args;		/* for people */
	int min_args;
	int max_args;			/* -1: any number */
	unsigned int options;		/* OPT_* that it takes */
	int (*run)(struct ctl *ctl);	/* returns CTL_* */
	const struct key *keys;		/* of KEY VALUE, for the help */
	size_t nr_keys;
};

extern const struct command ctl_commands[];
extern const size_t ctl_nr_commands;

/* main.c without main(): a command line from the beginning to the exit code. */
int ctl_run(int argc, char **argv);

/* options.c: takes the options out of the words.  0 or CTL_USAGE. */
int ctl_parse_options(struct ctl *ctl, int argc, char **argv);
const char *ctl_option_name(unsigned int bit);	/* one of OPT_* */

/* open.c: connects, or says why not.  0 or CTL_FAILED. */
int ctl_open(struct ctl *ctl);
bool ctl_module_is_loaded(void);
/* Why vmswap_open() failed, and a command that may help, or NULL. */
const char *ctl_why_closed(int error, const char **advice);

/*
 * error.c: each prints one message, as text or as JSON, and returns the exit
 * code that belongs to it.  @error: a negative errno or 0.
 */
int ctl_fail(const struct ctl *ctl, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int ctl_bad_usage(const struct ctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* "WORDS: not yet", of a command, an option or a setting: @what. */
int ctl_fail_not_yet(const struct ctl *ctl, const char *what,
		     const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* @error came from the library, whose handle may know more about it. */
int ctl_fail_lib(const struct ctl *ctl, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Something is to be known of what is done: not an error, on standard error. */
void ctl_warn(const struct ctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* "unknown WHAT 'WORD'", the nearest of @words, and all of them. */
int ctl_unknown_word(const struct ctl *ctl, const char *what, const char *word,
		     const char *const *words, size_t count);
/*
 * The same when it is known, or NULL, what was @meant, in quotes, and when there
 * is a @note to end with.
 */
int ctl_unknown_word_but(const struct ctl *ctl, const char *what,
			 const char *word, const char *meant, const char *note,
			 const char *const *words, size_t count);
/* To be freed. */
char *ctl_join_words(const char *const *words, size_t count,
		     const char *between);
/* What a terminal must not interpret is replaced, in place. */
void ctl_make_printable(char *text);
/* Behind a noun of which there are @count. */
static inline const char *ctl_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* usage.c: of the command that the words name, or of all. */
void ctl_print_usage(const struct ctl *ctl);
int ctl_bad_args(const struct ctl *ctl, const struct command *command);
int ctl_not_yet(struct ctl *ctl);

/* The commands, a file each. */
int ctl_state(struct ctl *ctl);
int ctl_tier_add(struct ctl *ctl);
int ctl_tier_set(struct ctl *ctl);
int ctl_tier_del(struct ctl *ctl);
int ctl_tier_list(struct ctl *ctl);
int ctl_vm_create(struct ctl *ctl);
int ctl_vm_list(struct ctl *ctl);
int ctl_vm_show(struct ctl *ctl);
int ctl_vm_set(struct ctl *ctl);
int ctl_vm_evict(struct ctl *ctl);
int ctl_vm_prefetch(struct ctl *ctl);
int ctl_host_show(struct ctl *ctl);
int ctl_host_set(struct ctl *ctl);
int ctl_doctor(struct ctl *ctl);
int ctl_events(struct ctl *ctl);
int ctl_version(struct ctl *ctl);

#endif

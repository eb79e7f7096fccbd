// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "json.h"
#include "nearest.h"

void ctl_make_printable(char *text)
{
	for (; *text; text++) {
		unsigned char c = *text;

		if ((c < ' ' && c != '\n') || c == 0x7f)
			*text = '?';
	}
}

/* On standard error also in JSON: standard output is for results. */
static void print_json(int error, int exit_code, const char *text)
{
	json_t *object = json_object();

	json_object_set_new(object, "error", ctl_json_text(text));
	json_object_set_new(object, "errno",
			    error ? ctl_json_text(strerrorname_np(-error)) :
			    json_null());
	json_object_set_new(object, "exit", json_integer(exit_code));
	json_dumpf(object, stderr, JSON_COMPACT);
	fputc('\n', stderr);
	json_decref(object);
}

static void print_error(const struct ctl *ctl, int error, int exit_code,
			char *text)
{
	fflush(stdout);
	if (ctl->json) {
		print_json(error, exit_code, text);
		return;
	}
	ctl_make_printable(text);
	fprintf(stderr, "vmswapctl: %s\n", text);
}

static char *format_text(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		abort();
	return text;
}

int ctl_fail(const struct ctl *ctl, int error, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = format_text(format, args);
	va_end(args);
	print_error(ctl, error, CTL_FAILED, text);
	free(text);
	return CTL_FAILED;
}

int ctl_fail_not_yet(const struct ctl *ctl, const char *what,
		     const char *format, ...)
{
	va_list args;
	char *words;

	va_start(args, format);
	words = format_text(format, args);
	va_end(args);
	ctl_fail(ctl, -EOPNOTSUPP, "%s: not yet: this %s is not built", words,
		 what);
	free(words);
	return CTL_FAILED;
}

void ctl_warn(const struct ctl *ctl, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = format_text(format, args);
	va_end(args);
	fflush(stdout);
	if (ctl->json) {
		json_t *object = json_object();

		json_object_set_new(object, "warning", ctl_json_text(text));
		json_dumpf(object, stderr, JSON_COMPACT);
		fputc('\n', stderr);
		json_decref(object);
	} else {
		ctl_make_printable(text);
		fprintf(stderr, "vmswapctl: %s\n", text);
	}
	free(text);
}

int ctl_bad_usage(const struct ctl *ctl, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = format_text(format, args);
	va_end(args);
	print_error(ctl, -EINVAL, CTL_USAGE, text);
	free(text);
	return CTL_USAGE;
}

int ctl_fail_lib(const struct ctl *ctl, int error, const char *format, ...)
{
	const char *cause = vmswap_strerror_ext(ctl->h);
	const char *privilege = "";
	char *object;
	va_list args;

	va_start(args, format);
	object = format_text(format, args);
	va_end(args);
	if (!*cause)
		cause = strerror(-error);
	if (error == -EPERM && !strstr(cause, "CAP_SYS_ADMIN"))
		privilege = "; CAP_SYS_ADMIN is needed";
	ctl_fail(ctl, error, "%s: %s%s", object, cause, privilege);
	free(object);
	return CTL_FAILED;
}

char *ctl_join_words(const char *const *words, size_t count,
		     const char *between)
{
	char *list = strdup("");
	char *longer;
	size_t i;

	for (i = 0; i < count; i++) {
		if (asprintf(&longer, "%s%s%s", list, i ? between : "",
			     words[i]) < 0)
			abort();
		free(list);
		list = longer;
	}
	return list;
}

int ctl_unknown_word_but(const struct ctl *ctl, const char *what,
			 const char *word, const char *meant, const char *note,
			 const char *const *words, size_t count)
{
	char *list = ctl_join_words(words, count, ", ");

	if (*word)
		ctl_bad_usage(ctl, "%s: unknown word '%s'%s%s; accepted: %s%s%s",
			      what, word, meant ? "; the nearest is " : "",
			      meant ? meant : "", list, note ? "; " : "",
			      note ? note : "");
	else
		ctl_bad_usage(ctl, "%s: a word must follow; accepted: %s",
			      what, list);
	free(list);
	return CTL_USAGE;
}

int ctl_unknown_word(const struct ctl *ctl, const char *what, const char *word,
		     const char *const *words, size_t count)
{
	const char *nearest = ctl_nearest(word, words, count);
	char *meant = NULL;

	if (nearest && asprintf(&meant, "'%s'", nearest) < 0)
		abort();
	ctl_unknown_word_but(ctl, what, word, meant, NULL, words, count);
	free(meant);
	return CTL_USAGE;
}

// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "findings.h"
#include "json.h"

static const char *const level_names[] = {
	[FINDING_OK] = "ok",
	[FINDING_NOTE] = "note",
	[FINDING_PROBLEM] = "problem",
};

void ctl_finding(struct findings *f, enum finding_level level,
		 const char *check, const char *advice, const char *format, ...)
{
	struct finding *new;
	va_list args;

	f->list = reallocarray(f->list, f->count + 1, sizeof(*f->list));
	if (!f->list)
		abort();
	new = &f->list[f->count++];
	*new = (struct finding){
		.level = level, .check = check,
		.advice = advice ? strdup(advice) : NULL,
	};
	if (advice && !new->advice)
		abort();
	va_start(args, format);
	if (vasprintf(&new->text, format, args) < 0)
		abort();
	va_end(args);
}

/* Each line for itself. */
static void print_advice(const char *advice)
{
	int len;

	for (; *advice; advice += len + !!advice[len]) {
		len = strcspn(advice, "\n");
		printf("         -> %.*s\n", len, advice);
	}
}

static void print_text(const struct findings *f)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		struct finding *finding = &f->list[i];

		ctl_make_printable(finding->text);
		printf("%-8s %s\n", level_names[finding->level],
		       finding->text);
		if (finding->advice)
			print_advice(finding->advice);
	}
}

static void print_json(const struct findings *f, bool well)
{
	json_t *array = json_array();
	json_t *obj = json_object();
	size_t i;

	for (i = 0; i < f->count; i++) {
		const struct finding *finding = &f->list[i];
		json_t *one = json_object();

		json_object_set_new(one, "check",
				    ctl_json_text(finding->check));
		json_object_set_new(one, "level",
				    ctl_json_text(level_names[finding->level]));
		json_object_set_new(one, "message",
				    ctl_json_text(finding->text));
		json_object_set_new(one, "advice",
				    ctl_json_text(finding->advice));
		json_array_append_new(array, one);
	}
	json_object_set_new(obj, "ok", json_boolean(well));
	json_object_set_new(obj, "findings", array);
	ctl_json_print(obj);
}

void ctl_findings_free(struct findings *f)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		free(f->list[i].advice);
		free(f->list[i].text);
	}
	free(f->list);
	*f = (struct findings){ 0 };
}

int ctl_findings_print(const struct ctl *ctl, struct findings *f)
{
	bool well = true;
	size_t i;

	for (i = 0; i < f->count; i++)
		well &= f->list[i].level != FINDING_PROBLEM;
	if (ctl->json)
		print_json(f, well);
	else
		print_text(f);
	ctl_findings_free(f);
	return well ? CTL_DONE : CTL_FAILED;
}

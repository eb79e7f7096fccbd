// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

void vmswap_error_clear(struct vmswap *h)
{
	free(h->error);
	h->error = NULL;
}

void vmswap_error_set(struct vmswap *h, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	/* Only now: an argument may be part of the old text. */
	free(h->error);
	h->error = text;
}

/* People know some attributes by another name than netlink does. */
static const char *name_for_people(const char *attr)
{
	static const char *const names[][2] = {
		{ "limit-percent", "limit in percent" },
		{ "min-bytes", "min" },
		{ "max-bytes", "max" },
		{ "id", "VM" },
		{ "vm-id", "VM" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(attr, names[i][0]))
			return names[i][1];
	}
	return attr;
}

int vmswap_error_refused(struct vmswap *h, int error,
			 const struct vmswap_refusal *refusal)
{
	const char *attr = name_for_people(refusal->attr);
	const char *text = refusal->text;

	if (!*text)
		text = error == -EPERM ? "CAP_SYS_ADMIN is needed" :
		       strerror(-error);
	/* The kernel often begins with the name by itself. */
	if (*attr && strncmp(text, attr, strlen(attr)))
		vmswap_error_set(h, "%s: %s", attr, text);
	else
		vmswap_error_set(h, "%s", text);
	return error;
}

const char *vmswap_strerror_ext(const struct vmswap *h)
{
	return h && h->error ? h->error : "";
}

/* SPDX-License-Identifier: GPL-2.0 */
/* KEY VALUE pairs behind "set" and "add". */
#ifndef VMSWAPCTL_KEYS_H
#define VMSWAPCTL_KEYS_H

#include "ctl.h"

struct key {
	const char *name;
	const char *accepted;
	/* Puts @value into @object: 0, -EINVAL, -ERANGE.  NULL: not built yet. */
	int (*parse)(const char *value, void *object);
	/* What is well written may be out of range: 0, or the errno of it.  May be NULL. */
	int (*check)(const void *object);
	bool is_size;			/* a bare number is one of bytes */
};

#define CTL_NR_HOST_KEYS	1

extern const struct key ctl_host_keys[CTL_NR_HOST_KEYS];

/* @what: the object, for messages.  0 or an exit code. */
int ctl_parse_keys(const struct ctl *ctl, const char *what,
		   const struct key *keys, size_t nr_keys, char *const *words,
		   int count, void *object);

#endif

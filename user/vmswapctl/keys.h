/* SPDX-License-Identifier: GPL-2.0 */
/* KEY VALUE pairs behind "set" and "add". */
#ifndef VMSWAPCTL_KEYS_H
#define VMSWAPCTL_KEYS_H

#include "ctl.h"

struct key {
	const char *name;
	const char *accepted;		/* by parse() */
	/* Puts @value into @object: 0, -EINVAL, -ERANGE.  NULL: not built yet. */
	int (*parse)(const char *value, void *object);
	/* What is well written may be out of range: 0, or the errno of it.  May be NULL. */
	int (*check)(const void *object);
	bool is_size;			/* a bare number is one of bytes */
	/* As above, of "N%", and what is accepted of that.  NULL: it takes none. */
	int (*parse_percent)(const char *value, void *object);
	const char *accepted_percent;
	/* Does what "none" asks for.  NULL: it is not taken. */
	void (*set_none)(void *object);
};

#define CTL_NR_HOST_KEYS	1

extern const struct key ctl_host_keys[CTL_NR_HOST_KEYS];

/* All that @key accepts, in words. */
#define CTL_ACCEPTED_LEN	160
const char *ctl_key_accepted(const struct key *key, char text[CTL_ACCEPTED_LEN]);

/* @what: the object, for messages.  0 or an exit code. */
int ctl_parse_keys(const struct ctl *ctl, const char *what,
		   const struct key *keys, size_t nr_keys, char *const *words,
		   int count, void *object);

/*
 * Warn of a size that is written as a number of bytes, and is less than anybody wants
 * a tier or a VM to have: a unit may have been forgotten.
 */
#define CTL_FEW_BYTES	(1 << 20)
void ctl_warn_of_bytes(const struct ctl *ctl, const char *what,
		       const char *text);

#endif

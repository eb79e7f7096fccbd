/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which command was probably meant, when no letter of it was mistyped. Both return
 * NULL, or what to free: one command or several, in quotes.
 */
#ifndef VMSWAPCTL_MEANT_H
#define VMSWAPCTL_MEANT_H

#include <stdbool.h>

/* @word is no verb of @noun. */
char *ctl_meant_verb(const char *noun, const char *word);
/* The first of @words is no noun: whose verb is it? */
char *ctl_meant_command(char *const *words, int count);

/* Whether other tools remove things by this word. */
bool ctl_is_removal(const char *word);

#endif

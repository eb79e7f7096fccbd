/* SPDX-License-Identifier: GPL-2.0 */
/* Sizes, offsets and numbers as people write and read them. */
#ifndef VMSWAPCTL_SIZE_H
#define VMSWAPCTL_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the parsers of sizes accept, for messages. */
#define CTL_SIZE_ACCEPTED \
	"a number of bytes, or a number with K, M, G or T (or KiB, MiB, GiB, TiB), as in 512M or 1.5G, below 16777216T"

/* -EINVAL: not a size; -ERANGE: 2^64 or more. */
int ctl_parse_size(const char *text, uint64_t *size);

/* " (512 bytes; 512M is 512 MiB)" when @text is a number without a unit, or "". */
#define CTL_BYTES_NOTE_LEN	96
const char *ctl_bytes_note(const char *text, char buf[CTL_BYTES_NOTE_LEN]);

/* A decimal number: -EINVAL, -ERANGE. */
int ctl_parse_u32(const char *text, uint32_t *value);
/* "N%". */
int ctl_parse_percent(const char *text, uint32_t *percent);

/* Room for any formatted size. */
#define CTL_SIZE_LEN	24
/* "1.5G", or all digits with @exact; returns @buf. */
char *ctl_format_size(uint64_t size, bool exact, char buf[CTL_SIZE_LEN]);

#endif

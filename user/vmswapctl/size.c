// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "size.h"

static const char units[] = "KMGT";

/* Digits up to the first other character. */
static int parse_digits(const char **text, uint64_t *value)
{
	const char *s = *text;

	*value = 0;
	for (; isdigit((unsigned char)*s); s++) {
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, *s - '0', value))
			return -ERANGE;
	}
	if (s == *text)
		return -EINVAL;
	*text = s;
	return 0;
}

/* ".5": numerator and denominator; what is too fine to matter is dropped. */
static int parse_fraction(const char **text, uint64_t *num, uint64_t *den)
{
	const char *s = *text;

	*num = 0;
	*den = 1;
	if (*s != '.')
		return 0;
	s++;
	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	for (; isdigit((unsigned char)*s); s++) {
		if (*den >= 1000000000000000000ull)
			continue;
		*num = *num * 10 + (*s - '0');
		*den *= 10;
	}
	*text = s;
	return 0;
}

/* "M" or "MiB"; "MB" is 1000 * 1000 to many, and so nothing here. */
static int parse_unit(const char *text, unsigned int *shift)
{
	const char *unit;

	*shift = 0;
	if (!*text)
		return 0;
	unit = strchr(units, toupper((unsigned char)*text));
	if (!unit || (text[1] && strcmp(text + 1, "iB")))
		return -EINVAL;
	*shift = 10 * (unit - units + 1);
	return 0;
}

int ctl_parse_size(const char *text, uint64_t *size)
{
	uint64_t whole, num, den;
	__uint128_t sum;
	unsigned int shift;
	int ret;

	ret = parse_digits(&text, &whole);
	if (!ret)
		ret = parse_fraction(&text, &num, &den);
	if (!ret)
		ret = parse_unit(text, &shift);
	if (ret)
		return ret;
	/* There is no half byte. */
	if (den > 1 && !shift)
		return -EINVAL;
	sum = ((__uint128_t)whole << shift) +
	      (((__uint128_t)num << shift) / den);
	if (sum > UINT64_MAX)
		return -ERANGE;
	*size = sum;
	return 0;
}

const char *ctl_bytes_note(const char *text, char buf[CTL_BYTES_NOTE_LEN])
{
	/* Nobody has meant 10^10 MiB. */
	if (strspn(text, "0123456789") != strlen(text) || *text == '0' ||
	    strlen(text) > 10)
		return "";
	snprintf(buf, CTL_BYTES_NOTE_LEN, " (%.20s bytes; %.20sM is %.20s MiB)",
		 text, text, text);
	return buf;
}

int ctl_parse_u32(const char *text, uint32_t *value)
{
	uint64_t number;
	int ret;

	ret = parse_digits(&text, &number);
	if (ret)
		return ret;
	if (*text)
		return -EINVAL;
	if (number > UINT32_MAX)
		return -ERANGE;
	*value = number;
	return 0;
}

int ctl_parse_percent(const char *text, uint32_t *percent)
{
	uint64_t number;
	int ret;

	ret = parse_digits(&text, &number);
	if (ret)
		return ret;
	if (strcmp(text, "%"))
		return -EINVAL;
	if (number > UINT32_MAX)
		return -ERANGE;
	*percent = number;
	return 0;
}

char *ctl_format_size(uint64_t size, bool exact, char buf[CTL_SIZE_LEN])
{
	unsigned int unit = 0;
	__uint128_t tenths;

	if (exact || size < 1024) {
		snprintf(buf, CTL_SIZE_LEN, "%llu", (unsigned long long)size);
		return buf;
	}
	/* Rounded, so that 1023.96M becomes 1G and not 1024.0M. */
	do {
		unsigned int shift = 10 * ++unit;

		tenths = ((__uint128_t)size * 10 +
			  ((__uint128_t)1 << (shift - 1))) >> shift;
	} while (tenths >= 10240 && units[unit]);
	if (tenths % 10)
		snprintf(buf, CTL_SIZE_LEN, "%llu.%u%c",
			 (unsigned long long)(tenths / 10),
			 (unsigned int)(tenths % 10), units[unit - 1]);
	else
		snprintf(buf, CTL_SIZE_LEN, "%llu%c",
			 (unsigned long long)(tenths / 10), units[unit - 1]);
	return buf;
}

// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "range.h"
#include "size.h"

static int parse_bound(const struct ctl *ctl, const char *object,
		       const char *what, const char *text, uint64_t *value)
{
	uint64_t below;

	if (ctl_parse_size(text, value))
		return ctl_bad_usage(ctl, "%s: %s '%s': accepted: %s", object,
				     what, text, CTL_SIZE_ACCEPTED);
	below = *value - *value % VMSWAP_PAGE_SIZE;
	if (below == *value)
		return 0;
	return ctl_bad_usage(ctl, "%s: %s %s is not a multiple of the page size %u; the nearest are %llu and %llu",
			     object, what, text, VMSWAP_PAGE_SIZE,
			     (unsigned long long)below,
			     (unsigned long long)below + VMSWAP_PAGE_SIZE);
}

int ctl_parse_range(const struct ctl *ctl, const char *object,
		    char *const *words, int count, struct range *range)
{
	int ret;

	*range = (struct range){ 0 };
	if (count == 1 && !strcmp(words[0], "all")) {
		range->all = true;
		return 0;
	}
	if (count != 2 || !strcmp(words[0], "all"))
		return ctl_bad_usage(ctl, "%s: '%s%s%s': accepted: all, or an OFFSET and a LENGTH",
				     object, words[0], count > 1 ? " " : "",
				     count > 1 ? words[1] : "");
	ret = parse_bound(ctl, object, "offset", words[0], &range->offset);
	if (!ret)
		ret = parse_bound(ctl, object, "length", words[1],
				  &range->length);
	if (!ret && range->offset + range->length < range->offset)
		ret = ctl_bad_usage(ctl, "%s: offset %s plus length %s is above 2^64",
				    object, words[0], words[1]);
	return ret;
}

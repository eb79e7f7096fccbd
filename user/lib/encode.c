// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "decode.h"

static bool put_string(struct nlmsghdr *nlh, size_t size, unsigned int type,
		       const char *string)
{
	/* mnl does not check that the length fits the attribute's header. */
	if (!string || strlen(string) >= UINT16_MAX - MNL_ATTR_HDRLEN)
		return false;
	return mnl_attr_put_strz_check(nlh, size, type, string);
}

static int encode_attr(const struct attr_desc *desc, unsigned int type,
		       const void *obj, struct nlmsghdr *nlh, size_t size)
{
	const void *field = (const char *)obj + desc->offset;
	bool fits;

	switch (desc->type) {
	case ATTR_U8:
		fits = mnl_attr_put_u8_check(nlh, size, type,
					     *(const uint8_t *)field);
		break;
	case ATTR_U32:
		fits = mnl_attr_put_u32_check(nlh, size, type,
					      *(const uint32_t *)field);
		break;
	case ATTR_U64:
		fits = mnl_attr_put_u64_check(nlh, size, type,
					      *(const uint64_t *)field);
		break;
	case ATTR_STRING:
		fits = put_string(nlh, size, type, *(const char *const *)field);
		break;
	case ATTR_FLAG:
		fits = !*(const uint8_t *)field ||
		       mnl_attr_put_check(nlh, size, type, 0, NULL);
		break;
	default:
		return -EINVAL;
	}
	return fits ? 0 : -EMSGSIZE;
}

int vmswap_encode(const struct attr_set *set, const void *obj,
		  struct nlmsghdr *nlh, size_t size)
{
	uint64_t present = *(const uint64_t *)obj;
	unsigned int i;
	int ret;

	if (present >> set->max >> 1)
		return -EINVAL;
	for (i = 0; i <= set->max; i++) {
		if (!(present & (UINT64_C(1) << i)))
			continue;
		ret = encode_attr(&set->attrs[i], i, obj, nlh, size);
		if (ret)
			return ret;
	}
	return 0;
}

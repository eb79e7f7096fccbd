// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netlink.h>

#include "decode.h"
#include "vmswap.h"

int vmswap_attr_next(struct attr_iter *it, struct attr *attr)
{
	struct nlattr head;
	size_t step;

	if (!it->left)
		return 0;
	if (it->left < NLA_HDRLEN)
		return -EBADMSG;
	memcpy(&head, it->pos, sizeof(head));
	if (head.nla_len < NLA_HDRLEN || head.nla_len > it->left)
		return -EBADMSG;
	attr->type = head.nla_type & NLA_TYPE_MASK;
	attr->data = it->pos + NLA_HDRLEN;
	attr->len = head.nla_len - NLA_HDRLEN;
	/* The last attribute may come without its padding. */
	step = NLA_ALIGN(head.nla_len);
	if (step > it->left)
		step = it->left;
	it->pos += step;
	it->left -= step;
	return 1;
}

const char *vmswap_attr_name(const struct attr_set *set, unsigned int type)
{
	return type <= set->max ? set->attrs[type].name : NULL;
}

static int decode_fixed(const struct attr *attr, void *field, size_t size)
{
	if (attr->len != size)
		return -EBADMSG;
	memcpy(field, attr->data, size);
	return 0;
}

static int decode_flag(const struct attr *attr, uint8_t *field)
{
	if (attr->len)
		return -EBADMSG;
	*field = 1;
	return 0;
}

/* One zero, at the end: else two readers could see two different names. */
static int decode_string(const struct attr *attr, char **field)
{
	if (!attr->len ||
	    memchr(attr->data, 0, attr->len) !=
	    (const char *)attr->data + attr->len - 1)
		return -EBADMSG;
	*field = malloc(attr->len);
	if (!*field)
		return -ENOMEM;
	memcpy(*field, attr->data, attr->len);
	return 0;
}

static int decode_nest_multi(const struct attr_desc *desc,
			     const struct attr *attr, void *obj)
{
	size_t *count = (size_t *)((char *)obj + desc->count_offset);
	void **array = (void **)((char *)obj + desc->offset);
	size_t size = desc->nest->size;
	void *bigger;
	int ret;

	/* A message is short: its elements are few. */
	bigger = reallocarray(*array, *count + 1, size);
	if (!bigger)
		return -ENOMEM;
	*array = bigger;
	ret = vmswap_decode(desc->nest, attr->data, attr->len,
			    (char *)bigger + *count * size);
	if (!ret)
		(*count)++;
	return ret;
}

static int decode_attr(const struct attr_desc *desc, const struct attr *attr,
		       void *obj)
{
	void *field = (char *)obj + desc->offset;

	switch (desc->type) {
	case ATTR_U8:
		return decode_fixed(attr, field, sizeof(uint8_t));
	case ATTR_U32:
		return decode_fixed(attr, field, sizeof(uint32_t));
	case ATTR_U64:
		return decode_fixed(attr, field, sizeof(uint64_t));
	case ATTR_HIST:
		return decode_fixed(attr, field, sizeof(uint64_t) *
				    VMSWAP_HIST_BUCKETS);
	case ATTR_FLAG:
		return decode_flag(attr, field);
	case ATTR_STRING:
		return decode_string(attr, field);
	case ATTR_NEST:
		return vmswap_decode(desc->nest, attr->data, attr->len, field);
	case ATTR_NEST_MULTI:
		return decode_nest_multi(desc, attr, obj);
	case ATTR_NONE:
		break;
	}
	return 0;
}

static int decode_known(const struct attr_set *set, const struct attr *attr,
			void *obj)
{
	const struct attr_desc *desc;
	uint64_t *present = obj;
	uint64_t bit;
	int ret;

	if (attr->type > set->max)
		return 0;
	desc = &set->attrs[attr->type];
	bit = UINT64_C(1) << attr->type;
	/* A second value would replace, and leak, the first. */
	if ((*present & bit) && desc->type != ATTR_NEST_MULTI)
		return -EBADMSG;
	ret = decode_attr(desc, attr, obj);
	if (!ret && desc->type != ATTR_NONE)
		*present |= bit;
	return ret;
}

int vmswap_decode(const struct attr_set *set, const void *buf, size_t len,
		  void *obj)
{
	struct attr_iter it = { .pos = buf, .left = len };
	struct attr attr;
	int ret;

	memset(obj, 0, set->size);
	while ((ret = vmswap_attr_next(&it, &attr)) > 0) {
		ret = decode_known(set, &attr, obj);
		if (ret)
			break;
	}
	if (ret < 0)
		vmswap_release(set, obj);
	return ret;
}

static void release_array(const struct attr_desc *desc, void *obj)
{
	size_t *count = (size_t *)((char *)obj + desc->count_offset);
	char **array = (char **)((char *)obj + desc->offset);
	size_t i;

	for (i = 0; i < *count; i++)
		vmswap_release(desc->nest, *array + i * desc->nest->size);
	free(*array);
	*array = NULL;
	*count = 0;
}

void vmswap_release(const struct attr_set *set, void *obj)
{
	const struct attr_desc *desc;
	unsigned int i;
	char **string;

	for (i = 0; i <= set->max; i++) {
		desc = &set->attrs[i];
		if (desc->type == ATTR_STRING) {
			string = (char **)((char *)obj + desc->offset);
			free(*string);
			*string = NULL;
		} else if (desc->type == ATTR_NEST) {
			vmswap_release(desc->nest,
				       (char *)obj + desc->offset);
		} else if (desc->type == ATTR_NEST_MULTI) {
			release_array(desc, obj);
		}
	}
	*(uint64_t *)obj = 0;
}

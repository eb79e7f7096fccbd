// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Asks the kernel's generic netlink controller for our family. */
#include <errno.h>
#include <string.h>

#include <linux/genetlink.h>

#include "decode.h"
#include "internal.h"

struct family_request {
	uint64_t present;
	const char *name;
};

static const struct attr_desc family_attrs[] = {
	[CTRL_ATTR_FAMILY_NAME] = {
		.name = "family-name", .type = ATTR_STRING,
		.offset = offsetof(struct family_request, name),
	},
};

static const struct attr_set family_set = {
	.name = "family", .size = sizeof(struct family_request),
	.max = CTRL_ATTR_FAMILY_NAME, .attrs = family_attrs,
};

static bool is_events(const struct attr *attr)
{
	return attr->len == sizeof(VMSWAP_MCGRP_EVENTS) &&
	       !memcmp(attr->data, VMSWAP_MCGRP_EVENTS, attr->len);
}

static int decode_group(const struct attr *group, struct vmswap *h)
{
	struct attr_iter it = { .pos = group->data, .left = group->len };
	struct attr attr;
	bool events = false;
	uint32_t id = 0;
	int ret;

	while ((ret = vmswap_attr_next(&it, &attr)) > 0) {
		if (attr.type == CTRL_ATTR_MCAST_GRP_NAME)
			events = is_events(&attr);
		else if (attr.type == CTRL_ATTR_MCAST_GRP_ID &&
			 attr.len == sizeof(id))
			memcpy(&id, attr.data, sizeof(id));
	}
	if (events)
		h->events_group = id;
	return ret;
}

static int decode_groups(const struct attr *groups, struct vmswap *h)
{
	struct attr_iter it = { .pos = groups->data, .left = groups->len };
	struct attr group;
	int ret;

	while ((ret = vmswap_attr_next(&it, &group)) > 0) {
		ret = decode_group(&group, h);
		if (ret)
			break;
	}
	return ret;
}

int vmswap_family_decode(const void *attrs, size_t len, void *handle)
{
	struct attr_iter it = { .pos = attrs, .left = len };
	struct vmswap *h = handle;
	struct attr attr;
	int ret;

	while ((ret = vmswap_attr_next(&it, &attr)) > 0) {
		ret = 0;
		if (attr.type == CTRL_ATTR_FAMILY_ID) {
			if (attr.len != sizeof(h->family))
				return -EBADMSG;
			memcpy(&h->family, attr.data, sizeof(h->family));
		} else if (attr.type == CTRL_ATTR_MCAST_GROUPS) {
			ret = decode_groups(&attr, h);
		}
		if (ret)
			break;
	}
	return ret;
}

int vmswap_family_resolve(struct vmswap *h)
{
	struct family_request request = {
		.present = UINT64_C(1) << CTRL_ATTR_FAMILY_NAME,
		.name = VMSWAP_FAMILY_NAME,
	};
	int ret;

	h->family = GENL_ID_CTRL;
	ret = vmswap_request(h, CTRL_CMD_GETFAMILY, 0, &family_set, &request,
			     vmswap_family_decode, h);
	/* Still the controller's: it answered without telling a number. */
	if (!ret && h->family == GENL_ID_CTRL)
		ret = -EBADMSG;
	return ret;
}

// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "decode.h"
#include "message.h"

int vmswap_message_next(const void **pos, size_t *left,
			struct nlmsghdr *head, const void **payload,
			size_t *payload_len)
{
	size_t step;

	if (!*left)
		return 0;
	if (*left < NLMSG_HDRLEN)
		return -EBADMSG;
	memcpy(head, *pos, sizeof(*head));
	if (head->nlmsg_len < NLMSG_HDRLEN || head->nlmsg_len > *left)
		return -EBADMSG;
	*payload = (const char *)*pos + NLMSG_HDRLEN;
	*payload_len = head->nlmsg_len - NLMSG_HDRLEN;
	step = NLMSG_ALIGN((size_t)head->nlmsg_len);
	if (step > *left)
		step = *left;
	*pos = (const char *)*pos + step;
	*left -= step;
	return 1;
}

int vmswap_message_attrs(const void *payload, size_t payload_len,
			 uint8_t *cmd, const void **attrs, size_t *len)
{
	struct genlmsghdr genl;

	if (payload_len < GENL_HDRLEN)
		return -EBADMSG;
	memcpy(&genl, payload, sizeof(genl));
	*cmd = genl.cmd;
	*attrs = (const char *)payload + GENL_HDRLEN;
	*len = payload_len - GENL_HDRLEN;
	return 0;
}

/* The kernel may send text without an end; keep what can be shown. */
static void copy_text(char *to, size_t size, const struct attr *from)
{
	size_t len = strnlen(from->data, from->len);
	size_t i;

	if (len >= size)
		len = size - 1;
	for (i = 0; i < len; i++) {
		unsigned char c = ((const unsigned char *)from->data)[i];

		to[i] = c < ' ' || c == 0x7f ? '?' : c;
	}
	to[len] = 0;
}

static void copy_attr_name(struct vmswap_exchange *x, unsigned int type)
{
	const char *name = vmswap_attr_name(x->set, type);

	if (name)
		snprintf(x->refusal.attr, sizeof(x->refusal.attr), "%s", name);
}

static bool get_u32(const struct attr *attr, uint32_t *value)
{
	if (attr->len != sizeof(*value))
		return false;
	memcpy(value, attr->data, sizeof(*value));
	return true;
}

/* Which attribute of our own request begins, or lies, at @offset. */
static void name_attr_at(struct vmswap_exchange *x, uint32_t offset)
{
	const char *start = (const char *)x->request;
	struct attr_iter it = {
		.pos = (const uint8_t *)start + NLMSG_HDRLEN + GENL_HDRLEN,
		.left = x->request->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN,
	};
	struct attr attr;

	while (vmswap_attr_next(&it, &attr) > 0) {
		uint32_t begin = (const char *)attr.data - NLA_HDRLEN - start;

		if (offset >= begin &&
		    offset < begin + NLA_HDRLEN + NLA_ALIGN(attr.len)) {
			copy_attr_name(x, attr.type);
			return;
		}
	}
}

/* "integer out of range" of a generic check says nothing without the range. */
static void append_range(struct vmswap_exchange *x, const struct attr *policy)
{
	struct attr_iter it = { .pos = policy->data, .left = policy->len };
	size_t used = strlen(x->refusal.text);
	uint64_t min = 0, max = 0;
	bool has_max = false;
	struct attr attr;

	while (vmswap_attr_next(&it, &attr) > 0) {
		if (attr.len != sizeof(max))
			continue;
		if (attr.type == NL_POLICY_TYPE_ATTR_MIN_VALUE_U)
			memcpy(&min, attr.data, sizeof(min));
		if (attr.type == NL_POLICY_TYPE_ATTR_MAX_VALUE_U) {
			memcpy(&max, attr.data, sizeof(max));
			has_max = true;
		}
	}
	if (has_max)
		snprintf(x->refusal.text + used, sizeof(x->refusal.text) - used,
			 " (accepted: %llu to %llu)", (unsigned long long)min,
			 (unsigned long long)max);
}

static void read_refusal(struct vmswap_exchange *x, const void *buf, size_t len)
{
	struct attr_iter it = { .pos = buf, .left = len };
	struct attr attr;
	uint32_t value;

	while (vmswap_attr_next(&it, &attr) > 0) {
		if (attr.type == NLMSGERR_ATTR_MSG)
			copy_text(x->refusal.text, sizeof(x->refusal.text),
				  &attr);
		else if (attr.type == NLMSGERR_ATTR_OFFS &&
			 get_u32(&attr, &value))
			name_attr_at(x, value);
		else if (attr.type == NLMSGERR_ATTR_MISS_TYPE &&
			 get_u32(&attr, &value))
			copy_attr_name(x, value);
		else if (attr.type == NLMSGERR_ATTR_POLICY)
			append_range(x, &attr);
	}
}

/* Behind the error code: a copy of our request, whole or its header only. */
static size_t echo_len(const struct nlmsghdr *head, const void *payload,
		       size_t len)
{
	struct nlmsghdr echo;
	size_t whole;

	if (len < sizeof(int) + NLMSG_HDRLEN)
		return len;
	memcpy(&echo, (const char *)payload + sizeof(int), sizeof(echo));
	whole = NLMSG_HDRLEN;
	if (!(head->nlmsg_flags & NLM_F_CAPPED) &&
	    echo.nlmsg_len >= NLMSG_HDRLEN)
		whole = NLMSG_ALIGN((size_t)echo.nlmsg_len);
	if (whole > len - sizeof(int))
		return len;
	return sizeof(int) + whole;
}

static int read_error(struct vmswap_exchange *x, const struct nlmsghdr *head,
		      const void *payload, size_t len)
{
	size_t skip;
	int error;

	if (len < sizeof(error))
		return -EBADMSG;
	memcpy(&error, payload, sizeof(error));
	if (error > 0 || error < -4095)
		return -EBADMSG;
	if (!error)
		return 1;
	if (head->nlmsg_flags & NLM_F_ACK_TLVS) {
		skip = head->nlmsg_type == NLMSG_DONE ? sizeof(error) :
		       echo_len(head, payload, len);
		read_refusal(x, (const char *)payload + skip, len - skip);
	}
	return error;
}

static int read_done(struct vmswap_exchange *x, const struct nlmsghdr *head,
		     const void *payload, size_t len)
{
	/* The end of a dump need not carry a code. */
	return len < sizeof(int) ? 1 : read_error(x, head, payload, len);
}

static int read_reply(struct vmswap_exchange *x, const void *payload,
		      size_t payload_len)
{
	const void *attrs;
	uint8_t cmd;
	size_t len;
	int ret;

	ret = vmswap_message_attrs(payload, payload_len, &cmd, &attrs, &len);
	if (ret || !x->reply)
		return ret;
	return x->reply(attrs, len, x->arg);
}

static int read_message(struct vmswap_exchange *x, const struct nlmsghdr *head,
			const void *payload, size_t len)
{
	/* Late answers to a request that was given up are not ours. */
	if (head->nlmsg_seq != x->request->nlmsg_seq ||
	    head->nlmsg_pid != x->portid)
		return 0;
	if (head->nlmsg_flags & NLM_F_DUMP_INTR)
		x->interrupted = true;
	if (head->nlmsg_type == NLMSG_ERROR)
		return read_error(x, head, payload, len);
	if (head->nlmsg_type == NLMSG_DONE)
		return read_done(x, head, payload, len);
	if (head->nlmsg_type == x->request->nlmsg_type)
		return read_reply(x, payload, len);
	return 0;
}

int vmswap_exchange_feed(struct vmswap_exchange *x, const void *buf,
			 size_t len)
{
	struct nlmsghdr head;
	const void *payload;
	size_t payload_len;
	int ret;

	while ((ret = vmswap_message_next(&buf, &len, &head, &payload,
					  &payload_len)) > 0) {
		ret = read_message(x, &head, payload, payload_len);
		if (ret)
			return ret;
	}
	return ret;
}

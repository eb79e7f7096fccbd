/* SPDX-License-Identifier: GPL-2.0 */
/* Makes netlink attributes the way the kernel does. */
#ifndef SELFTESTS_USER_BUILD_H
#define SELFTESTS_USER_BUILD_H

#include <stdint.h>
#include <string.h>

#include <linux/netlink.h>

struct buffer {
	unsigned char data[16384];
	size_t len;
};

static inline void put(struct buffer *b, uint16_t type, const void *data,
		       size_t len)
{
	struct nlattr head = { .nla_len = NLA_HDRLEN + len, .nla_type = type };

	memcpy(b->data + b->len, &head, sizeof(head));
	memcpy(b->data + b->len + NLA_HDRLEN, data, len);
	memset(b->data + b->len + NLA_HDRLEN + len, 0,
	       NLA_ALIGN(len) - len);
	b->len += NLA_HDRLEN + NLA_ALIGN(len);
}

static inline void put_u32(struct buffer *b, uint16_t type, uint32_t value)
{
	put(b, type, &value, sizeof(value));
}

static inline void put_u64(struct buffer *b, uint16_t type, uint64_t value)
{
	put(b, type, &value, sizeof(value));
}

static inline void put_string(struct buffer *b, uint16_t type, const char *s)
{
	put(b, type, s, strlen(s) + 1);
}

static inline void put_nest(struct buffer *b, uint16_t type,
			    const struct buffer *nest)
{
	put(b, type | NLA_F_NESTED, nest->data, nest->len);
}

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The messages of one exchange with the kernel.  Pure functions on buffers:
 * they may be handed anything.
 */
#ifndef LIBVMSWAP_MESSAGE_H
#define LIBVMSWAP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attrs.h"

struct nlmsghdr;

/* What the kernel said about an error; empty when it said nothing. */
struct vmswap_refusal {
	char text[256];
	char attr[64];			/* the attribute that it is about */
};

typedef int (*vmswap_reply_fn)(const void *attrs, size_t len, void *arg);

struct vmswap_exchange {
	const struct nlmsghdr *request;
	const struct attr_set *set;	/* names the attributes of the request */
	uint32_t portid;
	vmswap_reply_fn reply;		/* called for each answer; may be NULL */
	void *arg;
	bool interrupted;		/* out: the dump is not consistent */
	struct vmswap_refusal refusal;	/* out */
};

/* 1 the exchange is over, 0 more is to come, or what went wrong. */
int vmswap_exchange_feed(struct vmswap_exchange *x, const void *buf,
			 size_t len);

/*
 * The next message of a buffer, copied nowhere: 1, 0 at the end, -EBADMSG.
 * A message is whole and its length makes sense.
 */
int vmswap_message_next(const void **pos, size_t *left,
			struct nlmsghdr *head, const void **payload,
			size_t *payload_len);

/* Attributes behind the generic netlink header, or -EBADMSG. */
int vmswap_message_attrs(const void *payload, size_t payload_len,
			 uint8_t *cmd, const void **attrs, size_t *len);

#endif

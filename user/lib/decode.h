/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Attributes to structures and back.  Pure functions on buffers: they may be
 * handed anything.
 */
#ifndef LIBVMSWAP_DECODE_H
#define LIBVMSWAP_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "attrs.h"

struct nlmsghdr;

struct attr {
	uint16_t type;
	const void *data;
	size_t len;
};

struct attr_iter {
	const uint8_t *pos;
	size_t left;
};

/* 1 an attribute was read, 0 there is none left, -EBADMSG. */
int vmswap_attr_next(struct attr_iter *it, struct attr *attr);

/*
 * Fills @obj, a structure of @set, which is zeroed first.  Attributes that the
 * tables do not know are skipped: a newer kernel may send them.  -EBADMSG and
 * -ENOMEM leave nothing in @obj that needs to be freed.
 */
int vmswap_decode(const struct attr_set *set, const void *buf, size_t len,
		  void *obj);

/* Frees what @obj points at, not @obj. */
void vmswap_release(const struct attr_set *set, void *obj);

/*
 * Appends the attributes of @obj that its mask names to @nlh, which has room
 * for @size bytes in all.  Nests cannot be sent.  -EINVAL, -EMSGSIZE.
 */
int vmswap_encode(const struct attr_set *set, const void *obj,
		  struct nlmsghdr *nlh, size_t size);

/* The name of attribute @type, or NULL. */
const char *vmswap_attr_name(const struct attr_set *set, unsigned int type);

#endif

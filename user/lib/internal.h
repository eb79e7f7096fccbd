/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What the files of the library share and nobody else sees. */
#ifndef LIBVMSWAP_INTERNAL_H
#define LIBVMSWAP_INTERNAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "attrs.h"
#include "message.h"
#include "vmswap.h"

struct mnl_socket;

/* The largest request is to add a tier: a path of 4095 bytes, and what goes with it. */
#define VMSWAP_REQUEST_SIZE	8192
/* A dump comes in parts of 32 KiB; one VM may have 900 regions with names of 255 bytes. */
#define VMSWAP_REPLY_SIZE	(256 * 1024)

struct vmswap {
	struct mnl_socket *socket;
	uint32_t portid;
	uint32_t seq;
	uint16_t family;
	uint32_t events_group;		/* 0: the kernel has none */
	char *error;			/* NULL: nothing to tell */
	char *reply;			/* [VMSWAP_REPLY_SIZE] */
};

/* error.c; the text is for people, and about the last call only. */
void vmswap_error_clear(struct vmswap *h);
void vmswap_error_set(struct vmswap *h, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Explains @error, a negative errno, and returns it. */
int vmswap_error_refused(struct vmswap *h, int error,
			 const struct vmswap_refusal *refusal);

/* transport.c */
struct mnl_socket *vmswap_socket_open(void);
/* A datagram from the kernel: its length, or -errno; -EAGAIN: not from it. */
ssize_t vmswap_socket_receive(struct mnl_socket *socket, void *buf,
			      size_t size, int flags);
/*
 * Sends @obj, of @set, as a request, and hands every answer to @reply.
 * @flags: 0 or NLM_F_DUMP.  -EINTR: the dump is not consistent, repeat it.
 */
int vmswap_request(struct vmswap *h, uint8_t cmd, uint16_t flags,
		   const struct attr_set *set, const void *obj,
		   vmswap_reply_fn reply, void *arg);

/* family.c: family id and events group; -ENOENT. */
int vmswap_family_resolve(struct vmswap *h);
int vmswap_family_decode(const void *attrs, size_t len, void *handle);

/* object.c: one object or all of a set, each from malloc(). */
int vmswap_object_get(struct vmswap *h, uint8_t cmd,
		      const struct attr_set *set, const void *request,
		      void **obj);
int vmswap_object_list(struct vmswap *h, uint8_t cmd,
		       const struct attr_set *set, void ***objs, size_t *count);
void vmswap_object_free(const struct attr_set *set, void *obj);
void vmswap_object_list_free(const struct attr_set *set, void **objs,
			     size_t count);

#endif

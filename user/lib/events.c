// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#include "decode.h"
#include "internal.h"

/* A socket of its own: events do not mix with answers. */
struct vmswap_events {
	struct mnl_socket *socket;
	uint16_t family;
	const void *pos;		/* not yet read, in buf */
	size_t left;
	char buf[VMSWAP_REPLY_SIZE];
};

int vmswap_events_open(struct vmswap *h, struct vmswap_events **events)
{
	struct vmswap_events *e;
	int group = h->events_group;
	int ret;

	vmswap_error_clear(h);
	if (!group) {
		vmswap_error_set(h, "the kernel offers no events");
		return -EOPNOTSUPP;
	}
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->family = h->family;
	e->socket = vmswap_socket_open();
	ret = -errno;
	if (!e->socket)
		goto out_free;
	if (mnl_socket_setsockopt(e->socket, NETLINK_ADD_MEMBERSHIP, &group,
				  sizeof(group)) < 0) {
		ret = -errno;
		goto out_close;
	}
	*events = e;
	return 0;

out_close:
	mnl_socket_close(e->socket);
out_free:
	free(e);
	if (ret == -EPERM)
		vmswap_error_set(h, "CAP_SYS_ADMIN is needed");
	return ret;
}

int vmswap_events_fd(const struct vmswap_events *events)
{
	return mnl_socket_get_fd(events->socket);
}

static int decode_event(const void *payload, size_t payload_len,
			struct vmswap_event **event)
{
	struct vmswap_event *e;
	const void *attrs;
	uint8_t cmd;
	size_t len;
	int ret;

	ret = vmswap_message_attrs(payload, payload_len, &cmd, &attrs, &len);
	if (ret)
		return ret;
	if (cmd != VMSWAP_CMD_EVENT)
		return 0;
	e = malloc(sizeof(*e));
	if (!e)
		return -ENOMEM;
	ret = vmswap_decode(&vmswap_event_attr_set, attrs, len, e);
	if (ret) {
		free(e);
		return ret;
	}
	*event = e;
	return 1;
}

/* 1 an event, 0 the buffer is used up. */
static int event_from_buffer(struct vmswap_events *e,
			     struct vmswap_event **event)
{
	struct nlmsghdr head;
	const void *payload;
	size_t len;
	int ret;

	while ((ret = vmswap_message_next(&e->pos, &e->left, &head, &payload,
					  &len)) > 0) {
		if (head.nlmsg_type != e->family)
			continue;
		ret = decode_event(payload, len, event);
		if (ret)
			return ret;
	}
	/* What cannot be read is not tried again. */
	if (ret < 0)
		e->left = 0;
	return ret;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int fill_buffer(struct vmswap_events *e, int64_t deadline)
{
	struct pollfd fd = { .fd = vmswap_events_fd(e), .events = POLLIN };
	int64_t wait = -1;
	ssize_t len;
	int ret;

	if (deadline >= 0) {
		wait = deadline - now_ms();
		if (wait < 0)
			wait = 0;
	}
	ret = poll(&fd, 1, wait);
	if (ret < 0)
		return -errno;
	if (!ret)
		return -ETIME;
	len = vmswap_socket_receive(e->socket, e->buf, sizeof(e->buf),
				    MSG_DONTWAIT);
	if (len == -EAGAIN)
		return 0;
	if (len < 0)
		return len;
	e->pos = e->buf;
	e->left = len;
	return 0;
}

int vmswap_events_read(struct vmswap_events *events, int timeout_ms,
		       struct vmswap_event **event)
{
	int64_t deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	int ret;

	while (!(ret = event_from_buffer(events, event))) {
		ret = fill_buffer(events, deadline);
		if (ret)
			break;
	}
	return ret < 0 ? ret : 0;
}

void vmswap_events_close(struct vmswap_events *events)
{
	if (!events)
		return;
	mnl_socket_close(events->socket);
	free(events);
}

void vmswap_event_free(struct vmswap_event *event)
{
	vmswap_object_free(&vmswap_event_attr_set, event);
}

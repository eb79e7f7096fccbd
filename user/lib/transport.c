// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "decode.h"
#include "internal.h"

struct mnl_socket *vmswap_socket_open(void)
{
	struct mnl_socket *socket;
	int on = 1;

	socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!socket)
		return NULL;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(socket);
		return NULL;
	}
	/* Without these the kernel only says less. */
	mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, sizeof(on));
	return socket;
}

ssize_t vmswap_socket_receive(struct mnl_socket *socket, void *buf,
			      size_t size, int flags)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = &iov, .msg_iovlen = 1,
	};
	ssize_t len;

	len = recvmsg(mnl_socket_get_fd(socket), &msg, flags);
	if (len < 0)
		return -errno;
	if (msg.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	/* Any process may send to this port. */
	if (msg.msg_namelen != sizeof(from) || from.nl_pid)
		return -EAGAIN;
	return len;
}

/* Called once the request was sent: only an answer ends it, not a signal. */
static int receive_all(struct vmswap *h, struct vmswap_exchange *x)
{
	ssize_t len;
	int ret;

	do {
		len = vmswap_socket_receive(h->socket, h->reply,
					    VMSWAP_REPLY_SIZE, 0);
		if (len == -EAGAIN || len == -EINTR)
			ret = 0;
		else if (len < 0)
			ret = len;
		else
			ret = vmswap_exchange_feed(x, h->reply, len);
	} while (!ret);
	return ret;
}

static struct nlmsghdr *request_header(struct vmswap *h, char *buf,
				       uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = h->family;
	nlh->nlmsg_flags = NLM_F_REQUEST |
			   (flags & NLM_F_DUMP ? NLM_F_DUMP : NLM_F_ACK);
	nlh->nlmsg_seq = ++h->seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = h->family == GENL_ID_CTRL ? 1 : VMSWAP_FAMILY_VERSION;
	return nlh;
}

int vmswap_request(struct vmswap *h, uint8_t cmd, uint16_t flags,
		   const struct attr_set *set, const void *obj,
		   vmswap_reply_fn reply, void *arg)
{
	char buf[VMSWAP_REQUEST_SIZE]
		__attribute__((aligned(__alignof__(struct nlmsghdr))));
	struct nlmsghdr *nlh = request_header(h, buf, cmd, flags);
	struct vmswap_exchange x = {
		.request = nlh, .set = set, .portid = h->portid,
		.reply = reply, .arg = arg,
	};
	int ret;

	vmswap_error_clear(h);
	ret = obj ? vmswap_encode(set, obj, nlh, sizeof(buf)) : 0;
	if (!ret && mnl_socket_sendto(h->socket, nlh, nlh->nlmsg_len) < 0)
		ret = -errno;
	if (!ret)
		ret = receive_all(h, &x);
	if (ret < 0)
		return vmswap_error_refused(h, ret, &x.refusal);
	return x.interrupted ? -EINTR : 0;
}

int vmswap_open(struct vmswap **handle)
{
	struct vmswap *h = calloc(1, sizeof(*h));
	int ret = -ENOMEM;

	if (!h)
		return ret;
	h->reply = malloc(VMSWAP_REPLY_SIZE);
	if (!h->reply)
		goto out_close;
	h->socket = vmswap_socket_open();
	ret = -errno;
	if (!h->socket)
		goto out_close;
	h->portid = mnl_socket_get_portid(h->socket);
	ret = vmswap_family_resolve(h);
	if (ret)
		goto out_close;
	*handle = h;
	return 0;

out_close:
	vmswap_close(h);
	return ret;
}

void vmswap_close(struct vmswap *h)
{
	if (!h)
		return;
	if (h->socket)
		mnl_socket_close(h->socket);
	free(h->reply);
	free(h->error);
	free(h);
}

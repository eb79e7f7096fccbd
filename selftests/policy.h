/* SPDX-License-Identifier: GPL-2.0 */
/*
 * policy.h - the few policy commands that tests need, over generic netlink.
 *
 * Written against the uapi headers alone: shares nothing with libvmswap, so that
 * a mistake in that is not a mistake here.  Functions return 0 or -errno.
 */
#ifndef SELFTESTS_POLICY_H
#define SELFTESTS_POLICY_H

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/vmswap_netlink.h>

struct policy {
	int fd;
	uint16_t family;
	uint32_t seq;
	union {
		char buf[8192];	/* a path, and what goes with it */
		struct nlmsghdr hdr;
	};
};

/* Called with the attributes of each answer. */
typedef void (*policy_cb)(const struct nlattr *attr, size_t len, void *arg);

#define policy_for_each(attr, len) \
	for (; (len) >= sizeof(*(attr)) && (attr)->nla_len >= sizeof(*(attr)) && \
	       (attr)->nla_len <= (len); \
	     (len) -= NLA_ALIGN((attr)->nla_len) < (len) ? \
			NLA_ALIGN((attr)->nla_len) : (len), \
	     (attr) = (const void *)((const char *)(attr) + NLA_ALIGN((attr)->nla_len)))

static inline unsigned int policy_type(const struct nlattr *attr)
{
	return attr->nla_type & NLA_TYPE_MASK;
}

static inline uint64_t policy_number(const struct nlattr *attr)
{
	size_t len = attr->nla_len - NLA_HDRLEN;
	uint64_t n = 0;

	memcpy(&n, (const char *)attr + NLA_HDRLEN, len < sizeof(n) ? len : sizeof(n));
	return n;	/* little-endian machines only, as all that vmswap runs on */
}

static inline void policy_put(struct policy *p, uint16_t type, const void *data, size_t len)
{
	struct nlattr *attr = (void *)(p->buf + NLMSG_ALIGN(p->hdr.nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy((char *)attr + NLA_HDRLEN, data, len);
	p->hdr.nlmsg_len = NLMSG_ALIGN(p->hdr.nlmsg_len) + NLA_ALIGN(attr->nla_len);
}

static inline void policy_put_str(struct policy *p, uint16_t type, const char *s)
{
	policy_put(p, type, s, strlen(s) + 1);
}

static inline void policy_put_u64(struct policy *p, uint16_t type, uint64_t value)
{
	policy_put(p, type, &value, sizeof(value));
}

static inline void policy_msg(struct policy *p, uint16_t type, uint8_t cmd, uint8_t version)
{
	struct genlmsghdr *genl = NLMSG_DATA(&p->hdr);

	memset(p->buf, 0, sizeof(p->buf));
	p->hdr.nlmsg_type = type;
	p->hdr.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	p->hdr.nlmsg_seq = ++p->seq;
	p->hdr.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	genl->cmd = cmd;
	genl->version = version;
}

/* Sends the message in @p; @cb sees the answers before the acknowledgment. */
static inline int policy_talk(struct policy *p, policy_cb cb, void *arg)
{
	union {
		char buf[16384];
		struct nlmsghdr hdr;
	} in;

	if (send(p->fd, p->buf, p->hdr.nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t n = recv(p->fd, in.buf, sizeof(in.buf), 0);
		const struct nlmsghdr *h = &in.hdr;

		if (n < 0)
			return -errno;
		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_seq != p->seq)
				continue;
			if (h->nlmsg_type == NLMSG_ERROR)
				return ((struct nlmsgerr *)NLMSG_DATA(h))->error;
			if (cb)
				cb((void *)((char *)NLMSG_DATA(h) + GENL_HDRLEN),
				   h->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), arg);
		}
	}
}

static inline void policy_family_cb(const struct nlattr *attr, size_t len, void *arg)
{
	policy_for_each(attr, len)
		if (policy_type(attr) == CTRL_ATTR_FAMILY_ID)
			*(uint16_t *)arg = policy_number(attr);
}

static inline int policy_open(struct policy *p)
{
	int ret;

	memset(p, 0, sizeof(*p));
	p->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (p->fd < 0)
		return -errno;
	policy_msg(p, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	policy_put_str(p, CTRL_ATTR_FAMILY_NAME, VMSWAP_FAMILY_NAME);
	ret = policy_talk(p, policy_family_cb, &p->family);
	if (ret)
		close(p->fd);
	return ret;
}

static inline void policy_close(struct policy *p)
{
	close(p->fd);
}

/* A function of those below, with its arguments after the first: for who asks for nothing else. */
#define policy_once(function, ...) ({ \
	struct policy policy_; \
	int ret_ = policy_open(&policy_); \
	\
	if (!ret_) { \
		ret_ = function(&policy_, __VA_ARGS__); \
		policy_close(&policy_); \
	} \
	ret_; \
})

static inline void policy_cmd(struct policy *p, uint8_t cmd)
{
	policy_msg(p, p->family, cmd, VMSWAP_FAMILY_VERSION);
}

static inline int policy_tier_add(struct policy *p, const char *name, uint32_t kind,
				  uint64_t size)
{
	policy_cmd(p, VMSWAP_CMD_TIER_ADD);
	policy_put_str(p, VMSWAP_A_TIER_NAME, name);
	policy_put(p, VMSWAP_A_TIER_KIND, &kind, sizeof(kind));
	if (size)
		policy_put_u64(p, VMSWAP_A_TIER_SIZE, size);
	return policy_talk(p, NULL, NULL);
}

/* A tier with a device or a file behind it; all of that without a size. */
static inline int policy_tier_add_block(struct policy *p, const char *name, const char *path,
					uint64_t size)
{
	uint32_t kind = VMSWAP_TIER_KIND_BLOCK;

	policy_cmd(p, VMSWAP_CMD_TIER_ADD);
	policy_put_str(p, VMSWAP_A_TIER_NAME, name);
	policy_put(p, VMSWAP_A_TIER_KIND, &kind, sizeof(kind));
	policy_put_str(p, VMSWAP_A_TIER_PATH, path);
	if (size)
		policy_put_u64(p, VMSWAP_A_TIER_SIZE, size);
	return policy_talk(p, NULL, NULL);
}

/* In front of all that are not told where they stand. */
static inline int policy_tier_add_first(struct policy *p, const char *name, uint32_t algo)
{
	uint32_t kind = VMSWAP_TIER_KIND_RAM, rank = 1;

	policy_cmd(p, VMSWAP_CMD_TIER_ADD);
	policy_put_str(p, VMSWAP_A_TIER_NAME, name);
	policy_put(p, VMSWAP_A_TIER_KIND, &kind, sizeof(kind));
	policy_put(p, VMSWAP_A_TIER_ALGO, &algo, sizeof(algo));
	policy_put(p, VMSWAP_A_TIER_RANK, &rank, sizeof(rank));
	return policy_talk(p, NULL, NULL);
}

static inline int policy_tier_set(struct policy *p, const char *name, uint16_t key,
				  const void *value, size_t len)
{
	policy_cmd(p, VMSWAP_CMD_TIER_SET);
	policy_put_str(p, VMSWAP_A_TIER_NAME, name);
	policy_put(p, key, value, len);
	return policy_talk(p, NULL, NULL);
}

static inline int policy_tier_set_size(struct policy *p, const char *name, uint64_t size)
{
	return policy_tier_set(p, name, VMSWAP_A_TIER_SIZE, &size, sizeof(size));
}

static inline int policy_tier_set_rank(struct policy *p, const char *name, uint32_t rank)
{
	return policy_tier_set(p, name, VMSWAP_A_TIER_RANK, &rank, sizeof(rank));
}

static inline int policy_tier_set_safe(struct policy *p, const char *name, uint8_t yes)
{
	return policy_tier_set(p, name, VMSWAP_A_TIER_RECLAIM_SAFE, &yes, sizeof(yes));
}

static inline void policy_left_cb(const struct nlattr *attr, size_t len, void *arg)
{
	policy_for_each(attr, len)
		if (policy_type(attr) == VMSWAP_A_TIER_PAGES)
			*(uint64_t *)arg = policy_number(attr);
}

struct policy_figure {
	uint16_t key;
	uint64_t value;
};

static inline void policy_figure_cb(const struct nlattr *attr, size_t len, void *arg)
{
	struct policy_figure *figure = arg;

	policy_for_each(attr, len)
		if (policy_type(attr) == figure->key)
			figure->value = policy_number(attr);
}

/* What it has under VMSWAP_A_TIER_*; 0 also when it cannot be asked. */
static inline uint64_t policy_tier_figure(struct policy *p, const char *name, uint16_t key)
{
	struct policy_figure figure = { .key = key };

	policy_cmd(p, VMSWAP_CMD_TIER_GET);
	policy_put_str(p, VMSWAP_A_TIER_NAME, name);
	return policy_talk(p, policy_figure_cb, &figure) ? 0 : figure.value;
}

/* How many pages it holds. */
static inline uint64_t policy_tier_pages(struct policy *p, const char *name)
{
	return policy_tier_figure(p, name, VMSWAP_A_TIER_PAGES);
}

/* In steps, until nothing is left in it. */
static inline int policy_tier_del(struct policy *p, const char *name)
{
	uint64_t left;
	int ret;

	do {
		left = 0;
		policy_cmd(p, VMSWAP_CMD_TIER_DEL);
		policy_put_str(p, VMSWAP_A_TIER_NAME, name);
		ret = policy_talk(p, policy_left_cb, &left);
	} while (!ret && left);
	return ret;
}

static inline int policy_once_tier_add(const char *name, uint32_t kind, uint64_t size)
{
	return policy_once(policy_tier_add, name, kind, size);
}

static inline int policy_once_tier_del(const char *name)
{
	return policy_once(policy_tier_del, name);
}

static inline int policy_vm_set(struct policy *p, uint64_t vm, uint16_t key, const void *value,
				size_t len)
{
	policy_cmd(p, VMSWAP_CMD_VM_SET);
	policy_put_u64(p, VMSWAP_A_VM_ID, vm);
	policy_put(p, key, value, len);
	return policy_talk(p, NULL, NULL);
}

static inline int policy_vm_limit(struct policy *p, uint64_t vm, uint64_t limit)
{
	return policy_vm_set(p, vm, VMSWAP_A_VM_LIMIT, &limit, sizeof(limit));
}

/* NAME, or several with commas between. */
static inline int policy_vm_tiers(struct policy *p, uint64_t vm, const char *tiers)
{
	return policy_vm_set(p, vm, VMSWAP_A_VM_TIERS, tiers, strlen(tiers) + 1);
}

/* One setting of a VM that is a number of 32 bits. */
static inline int policy_once_vm_set(uint64_t vm, uint16_t key, uint32_t value)
{
	return policy_once(policy_vm_set, vm, key, &value, sizeof(value));
}

/* What is left of VMs that are gone, and how many live. */
struct policy_host {
	uint32_t vms;
	uint64_t leaks;		/* sum of all of them: 0 when there is none */
};

static inline void policy_leaks_cb(const struct nlattr *attr, size_t len, void *arg)
{
	policy_for_each(attr, len)
		((struct policy_host *)arg)->leaks += policy_number(attr);
}

static inline void policy_host_cb(const struct nlattr *attr, size_t len, void *arg)
{
	struct policy_host *host = arg;

	policy_for_each(attr, len) {
		if (policy_type(attr) == VMSWAP_A_HOST_VMS)
			host->vms = policy_number(attr);
		if (policy_type(attr) == VMSWAP_A_HOST_LEAKS)
			policy_leaks_cb((void *)((char *)attr + NLA_HDRLEN),
					attr->nla_len - NLA_HDRLEN, host);
	}
}

static inline int policy_host_get(struct policy *p, struct policy_host *host)
{
	memset(host, 0, sizeof(*host));
	policy_cmd(p, VMSWAP_CMD_HOST_GET);
	return policy_talk(p, policy_host_cb, host);
}

/* --------------------------------------------------------------------- events */

struct policy_event {
	uint32_t kind, port;
	uint64_t vm, offset;
	char vm_name[64], tier[32];	/* empty: none is named */
};

static inline const struct nlattr *policy_nested(const struct nlattr *attr, size_t *len)
{
	*len = attr->nla_len - NLA_HDRLEN;
	return (const void *)((const char *)attr + NLA_HDRLEN);
}

/* The family has one group. */
static inline void policy_group_cb(const struct nlattr *attr, size_t len, void *arg)
{
	const struct nlattr *group, *in;
	size_t group_len, in_len;

	policy_for_each(attr, len) {
		if (policy_type(attr) != CTRL_ATTR_MCAST_GROUPS)
			continue;
		group = policy_nested(attr, &group_len);
		in = policy_nested(group, &in_len);
		policy_for_each(in, in_len)
			if (policy_type(in) == CTRL_ATTR_MCAST_GRP_ID)
				*(int *)arg = policy_number(in);
	}
}

/* A socket that hears of events, for nothing else. */
static inline int policy_listen(struct policy *p)
{
	struct timeval patience = { .tv_sec = 30 };
	int group = 0, ret = policy_open(p);

	if (ret)
		return ret;
	policy_msg(p, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	policy_put_str(p, CTRL_ATTR_FAMILY_NAME, VMSWAP_FAMILY_NAME);
	ret = policy_talk(p, policy_group_cb, &group);
	if (!ret && (setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
		     setsockopt(p->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
				sizeof(group))))
		ret = -errno;
	if (ret)
		close(p->fd);
	return ret;
}

static inline void policy_text(const struct nlattr *attr, char *text, size_t size)
{
	size_t len = attr->nla_len - NLA_HDRLEN;

	memcpy(text, (const char *)attr + NLA_HDRLEN, len < size ? len : size - 1);
}

/* The next event; -EAGAIN when none comes. */
static inline int policy_event(struct policy *p, struct policy_event *event)
{
	ssize_t n = recv(p->fd, p->buf, sizeof(p->buf), 0);
	const struct nlattr *attr = (void *)(p->buf + NLMSG_LENGTH(GENL_HDRLEN));
	size_t len = p->hdr.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);

	if (n < 0)
		return -errno;
	if (!NLMSG_OK(&p->hdr, n))
		return -EBADMSG;
	memset(event, 0, sizeof(*event));
	policy_for_each(attr, len) {
		if (policy_type(attr) == VMSWAP_A_EVENT_KIND)
			event->kind = policy_number(attr);
		else if (policy_type(attr) == VMSWAP_A_EVENT_VM_ID)
			event->vm = policy_number(attr);
		else if (policy_type(attr) == VMSWAP_A_EVENT_OFFSET)
			event->offset = policy_number(attr);
		else if (policy_type(attr) == VMSWAP_A_EVENT_PORTID)
			event->port = policy_number(attr);
		else if (policy_type(attr) == VMSWAP_A_EVENT_VM_NAME)
			policy_text(attr, event->vm_name, sizeof(event->vm_name));
		else if (policy_type(attr) == VMSWAP_A_EVENT_TIER_NAME)
			policy_text(attr, event->tier, sizeof(event->tier));
	}
	return 0;
}

/* Others may be told in between, of VMs of earlier tests: they are passed over. */
static inline int policy_event_of(struct policy *p, uint32_t kind, struct policy_event *event)
{
	int ret;

	do {
		ret = policy_event(p, event);
	} while (!ret && event->kind != kind);
	return ret;
}

#endif /* SELFTESTS_POLICY_H */

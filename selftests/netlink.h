/* SPDX-License-Identifier: GPL-2.0 */
/*
 * netlink.h - what netlink.c needs of generic netlink: how a request ends, in full;
 * what the specification says of the commands, and what the kernel does.
 */
#ifndef SELFTESTS_NETLINK_H
#define SELFTESTS_NETLINK_H

#include "test-lib.h"

struct spec_attr {
	const char *name;
	uint16_t nr;
	enum netlink_attribute_type type;
	uint64_t min, max;	/* of a number; the longest string */
};

struct spec_op {
	const char *name;
	uint8_t cmd;
	const struct spec_attr *attrs;
	uint16_t nr_set;	/* attributes in its set, taken by this command or not */
	bool admin, dump;
};

#include "netlink-spec.h"

#define NR_OPS		(sizeof(spec_ops) / sizeof(spec_ops[0]))
#define NR_CMDS		64
#define NR_POLICIES	32
#define NR_ATTRS	64

#define for_each_op(op)		for (op = spec_ops; op < spec_ops + NR_OPS; op++)
#define for_each_attr(attr, op)	for (attr = (op)->attrs; attr->name; attr++)

/* ------------------------------------------------------------------- messages */

/* How a request ended. */
struct ended {
	int err;
	unsigned int answers;
	bool interrupted;
	int at;			/* where in the request the mistake is, or 0 */
	int missing;		/* type of the attribute that is missing, or 0 */
	char text[256];
};

static inline void read_ack_attrs(const struct nlattr *attr, size_t len, struct ended *end)
{
	policy_for_each(attr, len) {
		if (policy_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(end->text, sizeof(end->text), "%s",
				 (const char *)attr + NLA_HDRLEN);
		else if (policy_type(attr) == NLMSGERR_ATTR_OFFS)
			end->at = policy_number(attr);
		else if (policy_type(attr) == NLMSGERR_ATTR_MISS_TYPE)
			end->missing = policy_number(attr);
	}
}

static inline void read_ack(const struct nlmsghdr *h, struct ended *end)
{
	const struct nlmsgerr *err = NLMSG_DATA(h);
	size_t skip = sizeof(*err);

	end->err = err->error;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(err->msg.nlmsg_len) - sizeof(err->msg);
	if (h->nlmsg_flags & NLM_F_ACK_TLVS)
		read_ack_attrs((void *)((char *)err + skip),
			       h->nlmsg_len - NLMSG_HDRLEN - skip, end);
}

/* The end of a dump, which may have failed. */
static inline void read_done(const struct nlmsghdr *h, struct ended *end)
{
	const int *err = NLMSG_DATA(h);

	end->err = *err;
	if (h->nlmsg_flags & NLM_F_ACK_TLVS)
		read_ack_attrs((void *)(err + 1),
			       h->nlmsg_len - NLMSG_HDRLEN - sizeof(*err), end);
}

/* Returns true with the last message. */
static inline bool read_message(const struct nlmsghdr *h, policy_cb cb, void *arg,
				struct ended *end)
{
	end->interrupted |= !!(h->nlmsg_flags & NLM_F_DUMP_INTR);
	if (h->nlmsg_type == NLMSG_ERROR) {
		read_ack(h, end);
		return true;
	}
	if (h->nlmsg_type == NLMSG_DONE) {
		read_done(h, end);
		return true;
	}
	end->answers++;
	if (cb)
		cb((void *)((char *)NLMSG_DATA(h) + GENL_HDRLEN),
		   h->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), arg);
	return false;
}

static inline struct ended listen_to(struct policy *p, policy_cb cb, void *arg)
{
	static union {
		char buf[65536];
		struct nlmsghdr hdr;
	} in;
	struct ended end = {};

	for (;;) {
		ssize_t n = recv(p->fd, in.buf, sizeof(in.buf), 0);
		const struct nlmsghdr *h = &in.hdr;

		if (n < 0) {
			end.err = -errno;
			return end;
		}
		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n))
			if (h->nlmsg_seq == p->seq && read_message(h, cb, arg, &end))
				return end;
	}
}

static inline struct ended talk(struct policy *p, policy_cb cb, void *arg)
{
	struct ended end = {};

	if (send(p->fd, p->buf, p->hdr.nlmsg_len, 0) >= 0)
		return listen_to(p, cb, arg);
	end.err = -errno;
	return end;
}

static inline int open_socket(struct policy *p)
{
	int on = 1, ret = policy_open(p);

	if (!ret && setsockopt(p->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)))
		ret = -errno;
	return ret;
}

static inline void begin_dump(struct policy *p, uint16_t type, uint8_t cmd)
{
	policy_msg(p, type, cmd, 1);
	p->hdr.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
}

static inline const struct nlattr *nested(const struct nlattr *attr, size_t *len)
{
	*len = attr->nla_len - NLA_HDRLEN;
	return (const void *)((const char *)attr + NLA_HDRLEN);
}

/* ----------------------------------------------- what the kernel says of the commands */

struct told_attr {
	bool told;
	uint32_t type;
	uint64_t min, max;
};

struct told {
	struct {
		bool told, has_do, has_dump;
		uint32_t do_index, dump_index, flags;
	} ops[NR_CMDS];
	struct told_attr policies[NR_POLICIES][NR_ATTRS];
	uint32_t group;
};

static inline void take_attr(const struct nlattr *attr, size_t len, struct told_attr *told)
{
	told->told = true;
	policy_for_each(attr, len)
		switch (policy_type(attr)) {
		case NL_POLICY_TYPE_ATTR_TYPE:
			told->type = policy_number(attr);
			break;
		case NL_POLICY_TYPE_ATTR_MIN_VALUE_U:
		case NL_POLICY_TYPE_ATTR_MIN_LENGTH:
			told->min = policy_number(attr);
			break;
		case NL_POLICY_TYPE_ATTR_MAX_VALUE_U:
		case NL_POLICY_TYPE_ATTR_MAX_LENGTH:
			told->max = policy_number(attr);
			break;
		}
}

/* { policy: { attribute: { what is told of it } } } */
static inline void take_policies(const struct nlattr *attr, size_t len, struct told *told)
{
	const struct nlattr *in, *what;
	size_t in_len, what_len;

	policy_for_each(attr, len) {
		in = nested(attr, &in_len);
		policy_for_each(in, in_len) {
			what = nested(in, &what_len);
			take_attr(what, what_len,
				  &told->policies[policy_type(attr) % NR_POLICIES]
						 [policy_type(in) % NR_ATTRS]);
		}
	}
}

/* { command: { its policies } } */
static inline void take_op_policies(const struct nlattr *attr, size_t len, struct told *told)
{
	const struct nlattr *in;
	size_t in_len;
	unsigned int cmd;

	policy_for_each(attr, len) {
		cmd = policy_type(attr) % NR_CMDS;
		in = nested(attr, &in_len);
		policy_for_each(in, in_len) {
			if (policy_type(in) == CTRL_ATTR_POLICY_DO) {
				told->ops[cmd].has_do = true;
				told->ops[cmd].do_index = policy_number(in) % NR_POLICIES;
			} else if (policy_type(in) == CTRL_ATTR_POLICY_DUMP) {
				told->ops[cmd].has_dump = true;
				told->ops[cmd].dump_index = policy_number(in) % NR_POLICIES;
			}
		}
	}
}

static inline void take_policy_dump(const struct nlattr *attr, size_t len, void *arg)
{
	const struct nlattr *in;
	size_t in_len;

	policy_for_each(attr, len) {
		in = nested(attr, &in_len);
		if (policy_type(attr) == CTRL_ATTR_POLICY)
			take_policies(in, in_len, arg);
		else if (policy_type(attr) == CTRL_ATTR_OP_POLICY)
			take_op_policies(in, in_len, arg);
	}
}

static inline void take_ops(const struct nlattr *attr, size_t len, struct told *told)
{
	const struct nlattr *in;
	unsigned int cmd, flags;
	size_t in_len;

	policy_for_each(attr, len) {
		cmd = 0;
		flags = 0;
		in = nested(attr, &in_len);
		policy_for_each(in, in_len)
			if (policy_type(in) == CTRL_ATTR_OP_ID)
				cmd = policy_number(in) % NR_CMDS;
			else if (policy_type(in) == CTRL_ATTR_OP_FLAGS)
				flags = policy_number(in);
		told->ops[cmd].told = true;
		told->ops[cmd].flags = flags;
	}
}

static inline void take_groups(const struct nlattr *attr, size_t len, struct told *told)
{
	const struct nlattr *in;
	size_t in_len;

	policy_for_each(attr, len) {
		in = nested(attr, &in_len);
		policy_for_each(in, in_len)
			if (policy_type(in) == CTRL_ATTR_MCAST_GRP_ID)
				told->group = policy_number(in);
	}
}

static inline void take_family(const struct nlattr *attr, size_t len, void *arg)
{
	const struct nlattr *in;
	size_t in_len;

	policy_for_each(attr, len) {
		in = nested(attr, &in_len);
		if (policy_type(attr) == CTRL_ATTR_OPS)
			take_ops(in, in_len, arg);
		else if (policy_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			take_groups(in, in_len, arg);
	}
}

static inline int ask(struct policy *p, struct told *told)
{
	struct ended end;

	memset(told, 0, sizeof(*told));
	policy_msg(p, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	policy_put_str(p, CTRL_ATTR_FAMILY_NAME, VMSWAP_FAMILY_NAME);
	end = talk(p, take_family, told);
	if (end.err)
		return end.err;
	begin_dump(p, GENL_ID_CTRL, CTRL_CMD_GETPOLICY);
	policy_put_str(p, CTRL_ATTR_FAMILY_NAME, VMSWAP_FAMILY_NAME);
	return talk(p, take_policy_dump, told).err;
}

#endif /* SELFTESTS_NETLINK_H */

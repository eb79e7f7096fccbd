// SPDX-License-Identifier: GPL-2.0
/*
 * netlink.c - a walk through the contract of the generic netlink family.
 *
 * What each command takes comes from Documentation/netlink/specs/vmswap.yaml, by way
 * of netlink-table: the kernel's policies must say the same, and act like it.
 */
#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>

#include "netlink.h"

#define TIER	"netlink"

/* -------------------------------------------- a request of each command that works */

/* The VM has two pages: the first in memory, the second in the tier. */
FIXTURE(netlink)
{
	struct policy p;
	uint64_t vm;
	int fd;
};

/* A part of a request: a string, or a number of the size that its type has. */
struct part {
	uint16_t nr;
	const char *string;
	uint64_t number;
	bool required;
};

struct request {
	uint8_t cmd;
	struct part parts[5];
};

#define IS_VM	(1ull << 63)	/* to be replaced by the VM's id */

/* Each changes something, unless it only reads. */
static const struct request requests[] = {
	{ VMSWAP_CMD_HOST_GET },
	{ VMSWAP_CMD_HOST_SET, { { VMSWAP_A_HOST_FULL, NULL, VMSWAP_FULL_ACTION_EXCEED, true } } },
	{ VMSWAP_CMD_TIER_GET, { { VMSWAP_A_TIER_NAME, TIER, 0, true } } },
	{ VMSWAP_CMD_TIER_ADD, { { VMSWAP_A_TIER_NAME, "new", 0, true },
				 { VMSWAP_A_TIER_KIND, NULL, VMSWAP_TIER_KIND_NULL, true } } },
	{ VMSWAP_CMD_TIER_SET, { { VMSWAP_A_TIER_NAME, TIER, 0, true },
				 { VMSWAP_A_TIER_RANK, NULL, 777 } } },
	{ VMSWAP_CMD_TIER_DEL, { { VMSWAP_A_TIER_NAME, TIER, 0, true } } },
	{ VMSWAP_CMD_VM_GET, { { VMSWAP_A_VM_ID, NULL, IS_VM, true } } },
	{ VMSWAP_CMD_VM_SET, { { VMSWAP_A_VM_ID, NULL, IS_VM, true },
			       { VMSWAP_A_VM_GRANULE, NULL, 4 },
			       { VMSWAP_A_VM_PREFETCH, NULL, 33 } } },
	{ VMSWAP_CMD_VM_EVICT, { { VMSWAP_A_RANGE_VM_ID, NULL, IS_VM, true },
				 { VMSWAP_A_RANGE_OFFSET, NULL, 0, true },
				 { VMSWAP_A_RANGE_LENGTH, NULL, PAGE, true } } },
	{ VMSWAP_CMD_VM_PREFETCH, { { VMSWAP_A_RANGE_VM_ID, NULL, IS_VM, true },
				    { VMSWAP_A_RANGE_OFFSET, NULL, PAGE, true },
				    { VMSWAP_A_RANGE_LENGTH, NULL, PAGE, true } } },
};

#define for_each_part(part, request) \
	for (part = (request)->parts; part->nr; part++)

static const struct request *request_of(const struct spec_op *op)
{
	const struct request *r = requests;

	while (r->cmd != op->cmd)
		r++;
	return r;
}

static size_t size_of(const struct spec_attr *attr)
{
	switch (attr->type) {
	case NL_ATTR_TYPE_U8:
		return 1;
	case NL_ATTR_TYPE_U32:
		return 4;
	case NL_ATTR_TYPE_U64:
		return 8;
	default:
		return 0;
	}
}

static const struct spec_op *op_of(uint8_t cmd)
{
	const struct spec_op *op = spec_ops;

	while (op->cmd != cmd)
		op++;
	return op;
}

static const struct spec_attr *attr_of(const struct spec_op *op, uint16_t nr)
{
	const struct spec_attr *attr;

	for_each_attr(attr, op)
		if (attr->nr == nr)
			return attr;
	return NULL;
}

static void put_part(struct policy *p, const struct spec_op *op, const struct part *part,
		     uint64_t vm)
{
	const struct spec_attr *attr = attr_of(op, part->nr);
	uint64_t number = part->number == IS_VM ? vm : part->number;

	if (part->string)
		policy_put_str(p, part->nr, part->string);
	else
		policy_put(p, part->nr, &number, attr ? size_of(attr) : 8);
}

/* The request that works, but for one attribute. */
static void put_all_but(struct policy *p, const struct spec_op *op, uint64_t vm, uint16_t but)
{
	const struct part *part;

	policy_cmd(p, op->cmd);
	for_each_part(part, request_of(op))
		if (part->nr != but)
			put_part(p, op, part, vm);
}

/* ------------------------------------------------------------ what there is to change */

struct state {
	size_t len;
	char buf[16384];
};

static void remember(struct state *s, const void *data, size_t len)
{
	if (s->len + len > sizeof(s->buf))
		abort();
	memcpy(s->buf + s->len, data, len);
	s->len += len;
}

static void remember_all(const struct nlattr *attr, size_t len, void *arg)
{
	remember(arg, attr, len);
}

/* Its generation counts every change of anything. */
static void remember_host(const struct nlattr *attr, size_t len, void *arg)
{
	policy_for_each(attr, len)
		if (policy_type(attr) == VMSWAP_A_HOST_FULL ||
		    policy_type(attr) == VMSWAP_A_HOST_GENERATION)
			remember(arg, attr, attr->nla_len);
}

static void remember_vm(const struct nlattr *attr, size_t len, void *arg)
{
	policy_for_each(attr, len)
		if (policy_type(attr) != VMSWAP_A_VM_STATS)
			remember(arg, attr, attr->nla_len);
}

static void read_state(struct policy *p, int fd, struct state *s)
{
	uint16_t pages[2] = {};

	memset(s, 0, sizeof(*s));
	policy_cmd(p, VMSWAP_CMD_HOST_GET);
	talk(p, remember_host, s);
	begin_dump(p, p->family, VMSWAP_CMD_TIER_GET);
	talk(p, remember_all, s);
	begin_dump(p, p->family, VMSWAP_CMD_VM_GET);
	talk(p, remember_vm, s);
	page_states(fd, 0, 2, pages);
	remember(s, pages, sizeof(pages));
}

static bool is_same(const struct state *a, const struct state *b)
{
	return a->len == b->len && !memcmp(a->buf, b->buf, a->len);
}

FIXTURE_SETUP(netlink)
{
	struct vmswap_create_vm args = { .size = 2 * PAGE, .name = "netlink" };
	int dev = open("/dev/vmswap", O_RDWR);
	uint8_t *mem;

	ASSERT_EQ(0, open_socket(&self->p));
	ASSERT_EQ(0, policy_tier_add(&self->p, TIER, VMSWAP_TIER_KIND_RAM, MIB));
	self->fd = ioctl(dev, VMSWAP_IOC_CREATE_VM, &args);
	ASSERT_LE(0, self->fd);
	close(dev);
	self->vm = args.id;
	mem = map_shared(self->fd, 2 * PAGE);
	ASSERT_NE(MAP_FAILED, mem);
	fill_pages(mem, 2);
	munmap(mem, 2 * PAGE);
	ASSERT_EQ(0, evict(self->fd, PAGE, PAGE));
	ASSERT_TRUE(is_resident(self->fd, 0) && is_swapped(self->fd, PAGE));
}

FIXTURE_TEARDOWN(netlink)
{
	close(self->fd);
	EXPECT_EQ(0, policy_tier_del(&self->p, TIER));
	policy_close(&self->p);
}

/* ----------------------------------------------- what the kernel says of the commands */

/* CAP_SYS_ADMIN is asked for by the command: the kernel's own flag asks for another. */
TEST_F(netlink, commands_as_specified)
{
	const struct spec_op *op;
	unsigned int n = 0, cmd;
	struct told told;

	ASSERT_EQ(0, ask(&self->p, &told));
	for_each_op(op) {
		uint32_t want = GENL_CMD_CAP_DO | GENL_CMD_CAP_HASPOL |
				(op->dump ? GENL_CMD_CAP_DUMP : 0);

		EXPECT_EQ(want, told.ops[op->cmd].flags) {
			TH_LOG("%s", op->name);
		}
		EXPECT_TRUE(told.ops[op->cmd].has_do);
		EXPECT_EQ(op->dump, told.ops[op->cmd].has_dump);
	}
	for (cmd = 0; cmd < NR_CMDS; cmd++)
		n += told.ops[cmd].told;
	EXPECT_EQ(NR_OPS, n);
}

/* Every attribute of the request and no other, with its type and limits. */
TEST_F(netlink, attributes_as_specified)
{
	const struct spec_attr *attr;
	const struct spec_op *op;
	struct told told;
	unsigned int nr;

	ASSERT_EQ(0, ask(&self->p, &told));
	for_each_op(op)
		for (nr = 0; nr < NR_ATTRS; nr++) {
			struct told_attr *t = &told.policies[told.ops[op->cmd].do_index][nr];

			attr = attr_of(op, nr);
			EXPECT_EQ(!!attr, t->told) {
				TH_LOG("%s: attribute %u", op->name, nr);
			}
			if (!attr || !t->told)
				continue;
			EXPECT_TRUE(attr->type == t->type && attr->min == t->min &&
				    attr->max == t->max) {
				TH_LOG("%s: %s: type %u, %llu to %llu", op->name, attr->name,
				       t->type, (unsigned long long)t->min,
				       (unsigned long long)t->max);
			}
		}
}

/* -------------------------------------------------------------------- refusals */

/* The message in p ends with @err and a text, about @at or without @missing. */
#define expect_refused(what, who, error, where, miss) do { \
	struct ended end = talk(&self->p, NULL, NULL); \
	struct state now; \
	\
	EXPECT_TRUE(end.err == (error) && *end.text && end.at == (where) && \
		    end.missing == (miss) && !end.answers) { \
		TH_LOG("%s: %s: %s: error %d at %d (not %d), missing %d: %s", op->name, who, \
		       what, end.err, end.at, where, end.missing, end.text); \
	} \
	read_state(&self->p, self->fd, &now); \
	EXPECT_TRUE(is_same(&before, &now)) { \
		TH_LOG("%s: %s: %s: something was changed", op->name, who, what); \
	} \
} while (0)

/* Values that do not fit an attribute. */
struct misfit {
	const char *what;
	uint16_t flags;
	size_t len;
	int err;
	char data[8192];
};

/* The n-th of them, if @attr has such; MISFITS is beyond the last. */
#define MISFITS		5

static bool misfit_number(const struct spec_attr *attr, unsigned int n, struct misfit *m)
{
	size_t size = size_of(attr);
	uint64_t beyond = attr->max + 1, below = attr->min - 1;

	m->len = size;
	m->err = -EINVAL;
	switch (n) {
	case 0:
		m->what = "too short";
		m->len--;
		return true;
	case 1:
		m->what = "too long";
		m->len++;
		return true;
	case 2:
		m->what = "a nest";
		m->flags = NLA_F_NESTED;
		return true;
	case 3:
		m->what = "beyond its maximum";
		memcpy(m->data, &beyond, sizeof(beyond));
		m->err = -ERANGE;
		return !(beyond >> (8 * size - 1) >> 1) && beyond;
	case 4:
		m->what = "below its minimum";
		memcpy(m->data, &below, sizeof(below));
		m->err = -ERANGE;
		return attr->min;
	}
	return false;
}

static bool misfit_string(const struct spec_attr *attr, unsigned int n, struct misfit *m)
{
	memset(m->data, 'x', attr->max + 1);
	m->err = -EINVAL;
	switch (n) {
	case 0:
		m->what = "nothing";
		return true;
	case 1:
		m->what = "not terminated";
		m->len = 4;
		return true;
	case 2:
		m->what = "too long";
		m->len = attr->max + 2;
		return true;
	case 3:
		m->what = "a nest";
		m->flags = NLA_F_NESTED;
		m->data[1] = 0;
		m->len = 2;
		return true;
	}
	return false;
}

static bool misfit_flag(const struct spec_attr *attr, unsigned int n, struct misfit *m)
{
	m->what = "with a value";
	m->len = 4;
	m->err = -ERANGE;
	return !n;
}

static bool misfit(const struct spec_attr *attr, unsigned int n, struct misfit *m)
{
	memset(m, 0, sizeof(*m));
	if (attr->type == NL_ATTR_TYPE_FLAG)
		return misfit_flag(attr, n, m);
	return size_of(attr) ? misfit_number(attr, n, m) : misfit_string(attr, n, m);
}

TEST_F(netlink, values_that_do_not_fit)
{
	const struct spec_attr *attr;
	const struct spec_op *op;
	struct state before;
	struct misfit m;
	unsigned int n;

	read_state(&self->p, self->fd, &before);
	for_each_op(op)
		for_each_attr(attr, op)
			for (n = 0; n < MISFITS; n++) {
				int at;

				if (!misfit(attr, n, &m))
					continue;
				put_all_but(&self->p, op, self->vm, attr->nr);
				at = self->p.hdr.nlmsg_len;
				policy_put(&self->p, attr->nr | m.flags, m.data, m.len);
				expect_refused(m.what, attr->name, m.err, at, 0);
			}
}

/* Also those that other commands know; and what is no attribute at all. */
TEST_F(netlink, attributes_not_taken)
{
	const struct nlattr longer = { .nla_len = 64, .nla_type = 1 };
	const struct spec_op *op;
	struct state before;
	unsigned int nr;
	int at;

	read_state(&self->p, self->fd, &before);
	for_each_op(op) {
		for (nr = 0; nr <= op->nr_set + 1; nr++) {
			if (attr_of(op, nr))
				continue;
			put_all_but(&self->p, op, self->vm, 0);
			at = self->p.hdr.nlmsg_len;
			policy_put_u64(&self->p, nr, 1);
			expect_refused("not taken", "attribute", -EINVAL, at, 0);
		}
		put_all_but(&self->p, op, self->vm, 0);
		at = self->p.hdr.nlmsg_len;
		memcpy(self->p.buf + at, &longer, sizeof(longer));
		self->p.hdr.nlmsg_len += sizeof(longer);
		expect_refused("longer than the message", "attribute", -EINVAL, 0, 0);
	}
}

TEST_F(netlink, attributes_required)
{
	const struct spec_op *op;
	const struct part *part;
	struct state before;
	char name[32];

	read_state(&self->p, self->fd, &before);
	for_each_op(op)
		for_each_part(part, request_of(op)) {
			if (!part->required)
				continue;
			put_all_but(&self->p, op, self->vm, part->nr);
			snprintf(name, sizeof(name), ": %s", attr_of(op, part->nr)->name);
			expect_refused("missing", name, -EINVAL, 0, part->nr);
			put_all_but(&self->p, op, self->vm, part->nr);
			EXPECT_NE(NULL, strstr(talk(&self->p, NULL, NULL).text, name)) {
				TH_LOG("%s%s", op->name, name);
			}
		}
}

TEST_F(netlink, dumps)
{
	const struct spec_op *op;
	struct ended end;

	for_each_op(op) {
		begin_dump(&self->p, self->p.family, op->cmd);
		end = talk(&self->p, NULL, NULL);
		EXPECT_EQ(op->dump ? 0 : -EOPNOTSUPP, end.err) {
			TH_LOG("%s", op->name);
		}
		if (!op->dump)
			continue;
		EXPECT_LT(0, end.answers);
		EXPECT_FALSE(end.interrupted);
		put_all_but(&self->p, op, self->vm, 0);
		self->p.hdr.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		end = talk(&self->p, NULL, NULL);
		EXPECT_TRUE(end.err == -EINVAL && !end.answers &&
			    strstr(end.text, "attribute")) {
			TH_LOG("%s of one: error %d: %s", op->name, end.err, end.text);
		}
	}
}

/* What only the command itself can judge. */
static const struct {
	struct request r;
	int err;
	const char *text;
} refusals[] = {
	{ { VMSWAP_CMD_TIER_GET, { { VMSWAP_A_TIER_NAME, "gone" } } }, -ENOENT, "no such tier" },
	{ { VMSWAP_CMD_TIER_ADD, { { VMSWAP_A_TIER_NAME, TIER },
				   { VMSWAP_A_TIER_KIND, NULL, VMSWAP_TIER_KIND_NULL } } },
	  -EEXIST, "name" },
	{ { VMSWAP_CMD_TIER_ADD, { { VMSWAP_A_TIER_NAME, "a b" },
				   { VMSWAP_A_TIER_KIND, NULL, VMSWAP_TIER_KIND_NULL } } },
	  -EINVAL, "name" },
	{ { VMSWAP_CMD_TIER_ADD, { { VMSWAP_A_TIER_NAME, "all" },
				   { VMSWAP_A_TIER_KIND, NULL, VMSWAP_TIER_KIND_NULL } } },
	  -EINVAL, "all" },
	{ { VMSWAP_CMD_TIER_ADD, { { VMSWAP_A_TIER_NAME, "new" },
				   { VMSWAP_A_TIER_KIND, NULL, VMSWAP_TIER_KIND_RAM },
				   { VMSWAP_A_TIER_SIZE, NULL, PAGE - 1 } } },
	  -EINVAL, "size" },
	{ { VMSWAP_CMD_TIER_ADD, { { VMSWAP_A_TIER_NAME, "new" },
				   { VMSWAP_A_TIER_KIND, NULL, VMSWAP_TIER_KIND_BLOCK },
				   { VMSWAP_A_TIER_PATH, "/dev/null" } } },
	  -ENOTBLK, "" },
	{ { VMSWAP_CMD_TIER_ADD, { { VMSWAP_A_TIER_NAME, "new" },
				   { VMSWAP_A_TIER_KIND, NULL, VMSWAP_TIER_KIND_RAM },
				   { VMSWAP_A_TIER_PATH, "/dev/null" } } },
	  -EINVAL, "path" },
	{ { VMSWAP_CMD_TIER_ADD, { { VMSWAP_A_TIER_NAME, "new" },
				   { VMSWAP_A_TIER_KIND, NULL, VMSWAP_TIER_KIND_NULL },
				   { VMSWAP_A_TIER_ALGO, NULL, VMSWAP_ALGO_LZ4 } } },
	  -EINVAL, "compressor" },
	{ { VMSWAP_CMD_TIER_SET, { { VMSWAP_A_TIER_NAME, "gone" },
				   { VMSWAP_A_TIER_RANK, NULL, 1 } } },
	  -ENOENT, "no such tier" },
	{ { VMSWAP_CMD_TIER_SET, { { VMSWAP_A_TIER_NAME, TIER },
				   { VMSWAP_A_TIER_RANK, NULL, 1 },
				   { VMSWAP_A_TIER_ALGO, NULL, VMSWAP_ALGO_LZ4 } } },
	  -EOPNOTSUPP, "compressor" },
	{ { VMSWAP_CMD_TIER_SET, { { VMSWAP_A_TIER_NAME, TIER } } },
	  -EINVAL, "nothing to change" },
	{ { VMSWAP_CMD_TIER_DEL, { { VMSWAP_A_TIER_NAME, "gone" } } }, -ENOENT, "no such tier" },
	{ { VMSWAP_CMD_VM_GET, { { VMSWAP_A_VM_ID } } }, -ENOENT, "no such VM" },
	{ { VMSWAP_CMD_VM_SET, { { VMSWAP_A_VM_ID }, { VMSWAP_A_VM_GRANULE, NULL, 4 } } },
	  -ENOENT, "no such VM" },
	{ { VMSWAP_CMD_VM_SET, { { VMSWAP_A_VM_ID, NULL, IS_VM } } },
	  -EINVAL, "nothing to change" },
	{ { VMSWAP_CMD_VM_SET, { { VMSWAP_A_VM_ID, NULL, IS_VM },
				 { VMSWAP_A_VM_GRANULE, NULL, 3 } } },
	  -EINVAL, "power of two" },
	{ { VMSWAP_CMD_VM_SET, { { VMSWAP_A_VM_ID, NULL, IS_VM },
				 { VMSWAP_A_VM_PREFETCH, NULL, 3 },
				 { VMSWAP_A_VM_LIMIT, NULL, MIB - 1 } } },
	  -EINVAL, "1M" },
	{ { VMSWAP_CMD_VM_SET, { { VMSWAP_A_VM_ID, NULL, IS_VM },
				 { VMSWAP_A_VM_LIMIT, NULL, MIB },
				 { VMSWAP_A_VM_LIMIT_PERCENT, NULL, 50 } } },
	  -EINVAL, "exclude" },
	{ { VMSWAP_CMD_VM_SET, { { VMSWAP_A_VM_ID, NULL, IS_VM },
				 { VMSWAP_A_VM_GRANULE, NULL, 4 },
				 { VMSWAP_A_VM_TIERS, TIER ",gone" } } },
	  -ENOENT, "no such tier" },
	{ { VMSWAP_CMD_VM_SET, { { VMSWAP_A_VM_ID, NULL, IS_VM },
				 { VMSWAP_A_VM_GRANULE, NULL, 4 },
				 { VMSWAP_A_VM_MIN_BYTES, NULL, MIB } } },
	  -EOPNOTSUPP, "not built" },
	{ { VMSWAP_CMD_VM_SET, { { VMSWAP_A_VM_ID, NULL, IS_VM },
				 { VMSWAP_A_VM_MAX_BYTES, NULL, MIB } } },
	  -EOPNOTSUPP, "not built" },
	{ { VMSWAP_CMD_VM_SET, { { VMSWAP_A_VM_ID, NULL, IS_VM },
				 { VMSWAP_A_VM_SHARES, NULL, 500 } } },
	  -EOPNOTSUPP, "not built" },
	{ { VMSWAP_CMD_VM_SET, { { VMSWAP_A_VM_ID, NULL, IS_VM },
				 { VMSWAP_A_VM_HINTS, NULL, VMSWAP_HINTS_OFF } } },
	  -EOPNOTSUPP, "not built" },
	{ { VMSWAP_CMD_VM_SET, { { VMSWAP_A_VM_ID, NULL, IS_VM },
				 { VMSWAP_A_VM_POLICY, "lru" } } },
	  -EOPNOTSUPP, "clock" },
	{ { VMSWAP_CMD_VM_EVICT, { { VMSWAP_A_RANGE_VM_ID },
				   { VMSWAP_A_RANGE_OFFSET },
				   { VMSWAP_A_RANGE_LENGTH, NULL, PAGE } } },
	  -ENOENT, "no such VM" },
	{ { VMSWAP_CMD_VM_EVICT, { { VMSWAP_A_RANGE_VM_ID, NULL, IS_VM },
				   { VMSWAP_A_RANGE_REGION, NULL, 1 },
				   { VMSWAP_A_RANGE_OFFSET },
				   { VMSWAP_A_RANGE_LENGTH, NULL, PAGE } } },
	  -ENOENT, "region" },
	{ { VMSWAP_CMD_VM_EVICT, { { VMSWAP_A_RANGE_VM_ID, NULL, IS_VM },
				   { VMSWAP_A_RANGE_OFFSET, NULL, 1 },
				   { VMSWAP_A_RANGE_LENGTH, NULL, PAGE } } },
	  -EINVAL, "offset" },
	{ { VMSWAP_CMD_VM_EVICT, { { VMSWAP_A_RANGE_VM_ID, NULL, IS_VM },
				   { VMSWAP_A_RANGE_OFFSET },
				   { VMSWAP_A_RANGE_LENGTH, NULL, PAGE + 1 } } },
	  -EINVAL, "length" },
	{ { VMSWAP_CMD_VM_PREFETCH, { { VMSWAP_A_RANGE_VM_ID, NULL, IS_VM },
				      { VMSWAP_A_RANGE_OFFSET, NULL, PAGE },
				      { VMSWAP_A_RANGE_LENGTH, NULL, -PAGE } } },
	  -EINVAL, "length" },
};

TEST_F(netlink, refused_by_the_command)
{
	struct state before, now;
	const struct part *part;
	struct ended end;
	unsigned int i;

	read_state(&self->p, self->fd, &before);
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct spec_op *op = op_of(refusals[i].r.cmd);

		policy_cmd(&self->p, op->cmd);
		for_each_part(part, &refusals[i].r)
			put_part(&self->p, op, part, self->vm);
		end = talk(&self->p, NULL, NULL);
		EXPECT_TRUE(end.err == refusals[i].err && *end.text &&
			    strstr(end.text, refusals[i].text)) {
			TH_LOG("%s, %s: error %d: %s", op->name, refusals[i].text, end.err,
			       end.text);
		}
		read_state(&self->p, self->fd, &now);
		EXPECT_TRUE(is_same(&before, &now)) {
			TH_LOG("%s, %s: something was changed", op->name, refusals[i].text);
		}
	}
}

/* What the refusals above are measured against: the same requests work. */
TEST_F(netlink, accepted)
{
	static const uint8_t order[] = {
		VMSWAP_CMD_HOST_GET, VMSWAP_CMD_HOST_SET, VMSWAP_CMD_TIER_GET,
		VMSWAP_CMD_TIER_ADD, VMSWAP_CMD_TIER_SET, VMSWAP_CMD_VM_GET,
		VMSWAP_CMD_VM_SET, VMSWAP_CMD_VM_EVICT, VMSWAP_CMD_VM_PREFETCH,
		VMSWAP_CMD_TIER_DEL,
	};
	uint32_t full = VMSWAP_FULL_ACTION_WAIT;
	struct state before, now;
	unsigned int i;

	ASSERT_EQ(NR_OPS, sizeof(order));
	read_state(&self->p, self->fd, &now);
	for (i = 0; i < NR_OPS; i++) {
		const struct spec_op *op = op_of(order[i]);

		before = now;
		put_all_but(&self->p, op, self->vm, 0);
		EXPECT_EQ(0, talk(&self->p, NULL, NULL).err) {
			TH_LOG("%s", op->name);
		}
		read_state(&self->p, self->fd, &now);
		EXPECT_EQ(op->admin, !is_same(&before, &now)) {
			TH_LOG("%s: changed or not", op->name);
		}
	}
	EXPECT_EQ(0, policy_tier_del(&self->p, "new"));
	EXPECT_EQ(0, policy_tier_add(&self->p, TIER, VMSWAP_TIER_KIND_RAM, MIB));
	policy_cmd(&self->p, VMSWAP_CMD_HOST_SET);
	policy_put(&self->p, VMSWAP_A_HOST_FULL, &full, sizeof(full));
	EXPECT_EQ(0, talk(&self->p, NULL, NULL).err);
}

/* ------------------------------------------------------------------ long messages */

static void take_path(const struct nlattr *attr, size_t len, void *arg)
{
	size_t *longest = arg;

	policy_for_each(attr, len)
		if (policy_type(attr) == VMSWAP_A_TIER_PATH && attr->nla_len > *longest)
			*longest = attr->nla_len;
}

/* The first dump of a socket has a buffer of the smallest size: nothing was received. */
static struct ended dump_first(uint16_t family, uint8_t cmd, policy_cb cb, void *arg)
{
	struct policy p = {
		.family = family,
		.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC),
	};
	struct ended end;

	begin_dump(&p, family, cmd);
	end = talk(&p, cb, arg);
	policy_close(&p);
	return end;
}

TEST_F(netlink, longest_path)
{
	uint32_t kind = VMSWAP_TIER_KIND_NULL;
	size_t said = 0, dumped = 0;
	char path[4096];
	struct ended end;

	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	policy_cmd(&self->p, VMSWAP_CMD_TIER_ADD);
	policy_put_str(&self->p, VMSWAP_A_TIER_NAME, "long");
	policy_put(&self->p, VMSWAP_A_TIER_KIND, &kind, sizeof(kind));
	policy_put_str(&self->p, VMSWAP_A_TIER_PATH, path);
	end = talk(&self->p, take_path, &said);
	EXPECT_EQ(0, end.err);
	EXPECT_EQ(NLA_HDRLEN + sizeof(path), said);
	end = dump_first(self->p.family, VMSWAP_CMD_TIER_GET, take_path, &dumped);
	EXPECT_EQ(0, end.err);
	EXPECT_LE(2, end.answers);
	EXPECT_EQ(NLA_HDRLEN + sizeof(path), dumped);
	EXPECT_EQ(0, policy_tier_del(&self->p, "long"));
}

/* ------------------------------------------------------------------- privileges */

/* May be taken back: only what is in force is changed. */
static int set_capability(unsigned int cap, bool on)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	if (on)
		data[cap / 32].effective |= 1u << cap % 32;
	else
		data[cap / 32].effective &= ~(1u << cap % 32);
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

/* CAP_NET_ADMIN is not what this is about. */
TEST_F(netlink, unprivileged)
{
	struct policy opened_before = self->p;
	const struct spec_op *op;
	struct state before, now;
	struct policy p;
	struct ended end;
	int i;

	read_state(&self->p, self->fd, &before);
	ASSERT_EQ(0, set_capability(CAP_SYS_ADMIN, false));
	ASSERT_EQ(0, open_socket(&p));
	for_each_op(op)
		for (i = 0; i < 2; i++) {
			struct policy *by = i ? &p : &opened_before;

			put_all_but(by, op, self->vm, 0);
			end = talk(by, NULL, NULL);
			EXPECT_EQ(op->admin ? -EPERM : 0, end.err) {
				TH_LOG("%s", op->name);
			}
			EXPECT_EQ(op->admin, !!strstr(end.text, "CAP_SYS_ADMIN")) {
				TH_LOG("%s: %s", op->name, end.text);
			}
		}
	policy_close(&p);
	ASSERT_EQ(0, set_capability(CAP_SYS_ADMIN, true));
	self->p.seq = opened_before.seq;
	read_state(&self->p, self->fd, &now);
	EXPECT_TRUE(is_same(&before, &now));
}

/* And CAP_SYS_ADMIN alone will do. */
TEST_F(netlink, privileged)
{
	struct policy p;

	ASSERT_EQ(0, set_capability(CAP_NET_ADMIN, false));
	ASSERT_EQ(0, open_socket(&p));
	put_all_but(&p, op_of(VMSWAP_CMD_VM_SET), self->vm, 0);
	EXPECT_EQ(0, talk(&p, NULL, NULL).err);
	policy_close(&p);
}

static int join(uint32_t group)
{
	struct policy p;
	int ret = open_socket(&p);

	if (ret)
		return ret;
	if (setsockopt(p.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		ret = -errno;
	policy_close(&p);
	return ret;
}

TEST_F(netlink, events_are_for_the_privileged)
{
	struct told told;

	ASSERT_EQ(0, ask(&self->p, &told));
	ASSERT_NE(0, told.group);
	EXPECT_EQ(0, join(told.group));
	ASSERT_EQ(0, set_capability(CAP_SYS_ADMIN, false));
	EXPECT_EQ(-EPERM, join(told.group));
	ASSERT_EQ(0, set_capability(CAP_SYS_ADMIN, true));
}

TEST_F(netlink, other_network_namespaces)
{
	struct policy p;

	if (unshare(CLONE_NEWNET))
		SKIP(return, "%s", "no network namespaces");
	EXPECT_EQ(-ENOENT, policy_open(&p));
}

/* ------------------------------------------------------------- interrupted dumps */

#define MANY	40

/* A change between two parts of a dump, of which the second is not yet made. */
static struct ended dump_meanwhile(struct policy *p, uint8_t cmd, bool change, uint64_t vm)
{
	struct ended end = {};
	struct policy other;

	if (open_socket(&other))
		return end;
	begin_dump(p, p->family, cmd);
	if (send(p->fd, p->buf, p->hdr.nlmsg_len, 0) < 0)
		return end;
	if (change) {
		put_all_but(&other, op_of(VMSWAP_CMD_VM_SET), vm, 0);
		end = talk(&other, NULL, NULL);
	}
	policy_close(&other);
	return end.err ? end : listen_to(p, NULL, NULL);
}

TEST_F(netlink, dump_interrupted)
{
	int fds[MANY], i;
	struct ended end;

	for (i = 0; i < MANY; i++) {
		fds[i] = vm_create("many", PAGE);
		ASSERT_LE(0, fds[i]);
	}
	end = dump_meanwhile(&self->p, VMSWAP_CMD_VM_GET, false, 0);
	EXPECT_EQ(0, end.err);
	EXPECT_EQ(MANY + 1, end.answers);
	EXPECT_FALSE(end.interrupted);
	end = dump_meanwhile(&self->p, VMSWAP_CMD_VM_GET, true, self->vm);
	EXPECT_EQ(0, end.err);
	EXPECT_EQ(MANY + 1, end.answers);
	EXPECT_TRUE(end.interrupted);
	end = dump_meanwhile(&self->p, VMSWAP_CMD_TIER_GET, false, 0);
	EXPECT_EQ(0, end.err);
	EXPECT_FALSE(end.interrupted);
	end = dump_meanwhile(&self->p, VMSWAP_CMD_TIER_GET, true, self->vm);
	EXPECT_EQ(0, end.err);
	EXPECT_TRUE(end.interrupted);
	for (i = 0; i < MANY; i++)
		close(fds[i]);
}

VMSWAP_TEST_MAIN

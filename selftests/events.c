// SPDX-License-Identifier: GPL-2.0
/* events.c - what changes is told to whoever listens: what has, of what, and by whom. */
#include "test-lib.h"

#define TIER	"told"

FIXTURE(events)
{
	struct policy p;	/* asks */
	struct policy listener;
};

FIXTURE_SETUP(events)
{
	ASSERT_EQ(0, policy_open(&self->p));
	ASSERT_EQ(0, policy_listen(&self->listener));
}

FIXTURE_TEARDOWN(events)
{
	policy_close(&self->listener);
	policy_close(&self->p);
}

/* The number that the kernel knows a socket by. */
static uint32_t port_of(const struct policy *p)
{
	struct sockaddr_nl addr = {};
	socklen_t len = sizeof(addr);

	return getsockname(p->fd, (struct sockaddr *)&addr, &len) ? 0 : addr.nl_pid;
}

#define expect_event(what) \
	ASSERT_EQ(0, policy_event_of(&self->listener, VMSWAP_EVENT_KIND_##what, &event))

/* A number, of 8 bytes at most, is asked for. */
static int set(struct policy *p, uint8_t cmd, uint16_t key, const void *value, size_t len)
{
	policy_cmd(p, cmd);
	if (cmd == VMSWAP_CMD_TIER_SET)
		policy_put_str(p, VMSWAP_A_TIER_NAME, TIER);
	policy_put(p, key, value, len);
	return policy_talk(p, NULL, NULL);
}

TEST_F(events, life_of_a_vm)
{
	struct vmswap_vm_stat stat;
	struct policy_event event;
	int fd = vm_create("told", PAGE);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, vm_stat(fd, &stat));
	expect_event(VM_CREATED);
	EXPECT_EQ(stat.id, event.vm);
	EXPECT_STREQ("told", event.vm_name);
	EXPECT_EQ(0, event.port);
	ASSERT_EQ(0, policy_vm_limit(&self->p, stat.id, MIB));
	expect_event(VM_CHANGED);
	EXPECT_EQ(stat.id, event.vm);
	EXPECT_EQ(port_of(&self->p), event.port);
	close(fd);
	/* That of an earlier test may be late. */
	do {
		expect_event(VM_DELETED);
	} while (event.vm < stat.id);
	EXPECT_EQ(stat.id, event.vm);
	EXPECT_STREQ("told", event.vm_name);
	EXPECT_STREQ("", event.tier);
}

TEST_F(events, life_of_a_tier)
{
	struct policy_event event;
	uint32_t rank = 5;

	ASSERT_EQ(0, policy_tier_add(&self->p, TIER, VMSWAP_TIER_KIND_RAM, MIB));
	expect_event(TIER_ADDED);
	EXPECT_STREQ(TIER, event.tier);
	EXPECT_EQ(0, event.vm);
	ASSERT_EQ(0, set(&self->p, VMSWAP_CMD_TIER_SET, VMSWAP_A_TIER_RANK, &rank, sizeof(rank)));
	expect_event(TIER_CHANGED);
	EXPECT_STREQ(TIER, event.tier);
	ASSERT_EQ(0, policy_tier_del(&self->p, TIER));
	expect_event(TIER_DELETED);
	EXPECT_STREQ(TIER, event.tier);
}

TEST_F(events, setting_of_the_host)
{
	uint32_t exceed = VMSWAP_FULL_ACTION_EXCEED, wait = VMSWAP_FULL_ACTION_WAIT;
	struct policy_event event;

	ASSERT_EQ(0, set(&self->p, VMSWAP_CMD_HOST_SET, VMSWAP_A_HOST_FULL, &exceed, 4));
	expect_event(HOST_CHANGED);
	EXPECT_EQ(port_of(&self->p), event.port);
	EXPECT_EQ(0, event.vm);
	EXPECT_STREQ("", event.tier);
	EXPECT_EQ(0, set(&self->p, VMSWAP_CMD_HOST_SET, VMSWAP_A_HOST_FULL, &wait, 4));
}

VMSWAP_TEST_MAIN

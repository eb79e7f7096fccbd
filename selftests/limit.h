/* SPDX-License-Identifier: GPL-2.0 */
/* limit.h - what tests of limits have in common: a VM of four times its limit, small tiers. */
#ifndef SELFTESTS_LIMIT_H
#define SELFTESTS_LIMIT_H

/* Small, so that it can be filled. */
#define TEST_TIER_SIZE	(4 * MIB)

#include "test-lib.h"

#define VM_SIZE		(48 * MIB)
#define VM_PAGES	(VM_SIZE / PAGE)
#define LIMIT		(12 * MIB)
#define GRANULE		16
/* What a limit may be exceeded by: 1 MiB, and a granule for each thread in a fault. */
#define SLACK(threads)	(MIB + (threads) * GRANULE * PAGE)
#define BIG_TIER	"big"

FIXTURE(limit)
{
	struct test_mount mnt;
	struct policy policy;
	uint8_t *mem;
	uint64_t id;
	int fd;
};

static inline uint64_t resident(int fd)
{
	struct vmswap_vm_stat stat;

	return vm_stat(fd, &stat) ? UINT64_MAX : stat.resident;
}

FIXTURE_SETUP(limit)
{
	struct vmswap_vm_stat stat;

	ASSERT_EQ(0, policy_open(&self->policy));
	self->fd = mapped_open(&self->mnt, NULL, VM_SIZE, &self->mem);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	self->id = stat.id;
	ASSERT_EQ(0, policy_vm_limit(&self->policy, self->id, LIMIT));
}

static inline int set_full(struct policy *p, uint32_t action)
{
	policy_cmd(p, VMSWAP_CMD_HOST_SET);
	policy_put(p, VMSWAP_A_HOST_FULL, &action, sizeof(action));
	return policy_talk(p, NULL, NULL);
}

FIXTURE_TEARDOWN(limit)
{
	EXPECT_EQ(0, set_full(&self->policy, VMSWAP_FULL_ACTION_WAIT));
	EXPECT_EQ(0, mapped_close(&self->mnt, self->fd, self->mem, VM_SIZE));
	policy_close(&self->policy);
}

static inline int add_big_tier(struct policy *p)
{
	return policy_tier_add(p, BIG_TIER, VMSWAP_TIER_KIND_RAM, 256 * MIB);
}

#endif /* SELFTESTS_LIMIT_H */

// SPDX-License-Identifier: GPL-2.0
/* Messages of the kernel, and of whoever pretends to be the kernel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>

#include "decode.h"
#include "internal.h"
#include "ktap.h"
#include "sample.h"

static struct vmswap_vm vm;

/* From a copy of exactly this size, so that reading behind it is seen. */
static int decode(const void *data, size_t len)
{
	void *copy = malloc(len);
	int ret;

	memcpy(copy, data, len);
	ret = vmswap_decode(&vmswap_vm_attr_set, copy, len, &vm);
	free(copy);
	return ret;
}

static int decode_buffer(const struct buffer *b)
{
	int ret = decode(b->data, b->len);

	if (!ret)
		vmswap_release(&vmswap_vm_attr_set, &vm);
	return ret;
}

static void test_whole(void)
{
	struct buffer b;

	sample_vm(&b);
	check(!decode(b.data, b.len), "a whole VM");
	check(vm.id == 42 && !strcmp(vm.name, "vm1") && vm.deleted == 1 &&
	      vm.limit == 1 << 20 && vm.granule == 16 &&
	      vm.hints == VMSWAP_HINTS_OFF, "its attributes");
	check(vm.nr_regions == 2 && vm.regions[1].index == 1 &&
	      !strcmp(vm.regions[1].name, "ram1"), "its regions");
	check(vm.stats.resident == 1000 + VMSWAP_A_VM_STATS_RESIDENT &&
	      vm.stats.stalled == 1000 + VMSWAP_A_VM_STATS_STALLED &&
	      vm.stats.nr_tiers == 2 && vm.stats.tiers[1].pages == 77,
	      "its statistics");
	vmswap_release(&vmswap_vm_attr_set, &vm);
	check(!vm.name && !vm.regions && !vm.present, "released");
}

static void test_short(void)
{
	struct buffer b;
	bool well = true;
	size_t len;

	sample_vm(&b);
	for (len = 0; len < b.len; len++) {
		int ret = decode(b.data, len);

		well &= ret == 0 || ret == -EBADMSG;
		if (!ret)
			vmswap_release(&vmswap_vm_attr_set, &vm);
	}
	check(well, "a VM cut anywhere");
}

static int decode_one(uint16_t type, const void *data, size_t len)
{
	struct buffer b = { .len = 0 };

	put(&b, type, data, len);
	return decode_buffer(&b);
}

static void test_bad(void)
{
	struct buffer b = { .len = 0 };
	char zeroes[512] = { 0 };

	check(decode_one(VMSWAP_A_VM_ID, zeroes, 4) == -EBADMSG &&
	      decode_one(VMSWAP_A_VM_ID, zeroes, 9) == -EBADMSG &&
	      decode_one(VMSWAP_A_VM_GRANULE, zeroes, 0) == -EBADMSG &&
	      decode_one(VMSWAP_A_VM_DELETED, zeroes, 2) == -EBADMSG,
	      "a number of the wrong size");
	check(decode_one(VMSWAP_A_VM_NAME, "abc", 3) == -EBADMSG &&
	      decode_one(VMSWAP_A_VM_NAME, "a\0b", 4) == -EBADMSG &&
	      decode_one(VMSWAP_A_VM_NAME, "", 0) == -EBADMSG,
	      "a string without its end, or with two");
	put_u64(&b, VMSWAP_A_VM_ID, 1);
	put_u64(&b, VMSWAP_A_VM_ID, 2);
	check(decode_buffer(&b) == -EBADMSG, "a number twice");
	b.len = 0;
	put_string(&b, VMSWAP_A_VM_NAME, "a");
	put_string(&b, VMSWAP_A_VM_NAME, "b");
	check(decode_buffer(&b) == -EBADMSG, "a string twice");
	check(!decode_one(VMSWAP_A_VM_LAST + 1, zeroes, 7) &&
	      !decode_one(0, zeroes, 3), "an unknown attribute is skipped");
	check(decode_one(VMSWAP_A_VM_STATS, "\x03\0\x01\0", 4) == -EBADMSG,
	      "a nest with a length below its header");
	check(decode_one(VMSWAP_A_VM_STATS, "\xff\xff\x01\0", 4) == -EBADMSG,
	      "a nest with a length beyond its end");
	check(!decode(zeroes, 0), "nothing at all");
}

static int replies;

static int count_reply(const void *attrs, size_t len, void *arg)
{
	replies++;
	return 0;
}

/* A request with one attribute, and room for answers. */
static struct {
	struct nlmsghdr head;
	struct genlmsghdr genl;
	struct nlattr attr;
	uint32_t value;
} request = {
	.head = { .nlmsg_len = sizeof(request), .nlmsg_type = 30,
		  .nlmsg_seq = 5 },
	.attr = { .nla_len = 8, .nla_type = VMSWAP_A_VM_GRANULE },
};

static int feed(struct vmswap_exchange *x, const struct buffer *b)
{
	void *copy = malloc(b->len);
	int ret;

	memcpy(copy, b->data, b->len);
	*x = (struct vmswap_exchange){
		.request = &request.head, .set = &vmswap_vm_attr_set,
		.portid = 9, .reply = count_reply,
	};
	replies = 0;
	ret = vmswap_exchange_feed(x, copy, b->len);
	free(copy);
	return ret;
}

static void put_message(struct buffer *b, uint16_t type, uint16_t flags,
			uint32_t seq, const void *data, size_t len)
{
	struct nlmsghdr head = {
		.nlmsg_len = NLMSG_HDRLEN + len, .nlmsg_type = type,
		.nlmsg_flags = flags, .nlmsg_seq = seq, .nlmsg_pid = 9,
	};

	memcpy(b->data + b->len, &head, sizeof(head));
	memcpy(b->data + b->len + NLMSG_HDRLEN, data, len);
	b->len += NLMSG_ALIGN(NLMSG_HDRLEN + len);
}

/* An error as the kernel sends it, capped, with text and attribute. */
static void put_refusal(struct buffer *b, int error)
{
	struct buffer payload = { .len = 0 };

	memcpy(payload.data, &error, sizeof(error));
	memcpy(payload.data + sizeof(error), &request.head, NLMSG_HDRLEN);
	payload.len = sizeof(error) + NLMSG_HDRLEN;
	put_string(&payload, NLMSGERR_ATTR_MSG, "no good");
	put_u32(&payload, NLMSGERR_ATTR_OFFS, NLMSG_HDRLEN + GENL_HDRLEN);
	put_message(b, NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS, 5,
		    payload.data, payload.len);
}

static void test_messages(void)
{
	struct buffer b = { .len = 0 };
	struct genlmsghdr genl = { .cmd = VMSWAP_CMD_VM_GET };
	struct vmswap_exchange x;
	int zero = 0, positive = 1;

	put_message(&b, 30, 0, 4, &genl, sizeof(genl));
	put_message(&b, 30, 0, 5, &genl, sizeof(genl));
	put_message(&b, NLMSG_ERROR, 0, 5, &zero, sizeof(zero));
	check(feed(&x, &b) == 1 && replies == 1,
	      "an answer, and one to an older request");
	b.len = 0;
	put_message(&b, 30, NLM_F_MULTI | NLM_F_DUMP_INTR, 5, &genl,
		    sizeof(genl));
	check(!feed(&x, &b) && x.interrupted, "a dump that was disturbed");
	b.len = 0;
	put_refusal(&b, -EINVAL);
	check(feed(&x, &b) == -EINVAL && !strcmp(x.refusal.text, "no good") &&
	      !strcmp(x.refusal.attr, "granule"),
	      "a refusal names its attribute");
	b.len = 0;
	put_message(&b, NLMSG_ERROR, 0, 5, &positive, sizeof(positive));
	check(feed(&x, &b) == -EBADMSG, "an error that is none");
	b.len = 0;
	put_message(&b, NLMSG_ERROR, 0, 5, &zero, 2);
	check(feed(&x, &b) == -EBADMSG, "an error without a code");
	b.len = 0;
	put_message(&b, 30, 0, 5, &genl, 2);
	check(feed(&x, &b) == -EBADMSG, "an answer without its header");
}

static void test_short_messages(void)
{
	struct buffer b = { .len = 0 };
	struct vmswap_exchange x;
	bool well = true;
	size_t whole, i;

	put_refusal(&b, -EINVAL);
	whole = b.len;
	for (i = 0; i < whole; i++) {
		b.len = i;
		well &= feed(&x, &b) <= 0;
	}
	check(well, "a refusal cut anywhere");
	/* The message is whole, and its length says otherwise. */
	for (i = 0; i < whole; i++) {
		b.len = whole;
		memcpy(b.data, &(uint32_t){ i }, 4);
		well &= feed(&x, &b) <= 0;
	}
	check(well, "a refusal with any length in its header");
}

static void test_encode(void)
{
	char buf[64] __attribute__((aligned(4))) = { 0 };
	struct nlmsghdr *nlh = (void *)buf;
	struct vmswap_vm change = { 0 };
	char text[64];

	memset(text, 'x', 63);
	text[63] = 0;
	nlh->nlmsg_len = NLMSG_HDRLEN;
	VMSWAP_SET(&change, VM, ID, id, 7);
	check(!vmswap_encode(&vmswap_vm_attr_set, &change, nlh, sizeof(buf)) &&
	      nlh->nlmsg_len == NLMSG_HDRLEN + 12, "a number is sent");
	VMSWAP_SET(&change, VM, POLICY, policy, text);
	check(vmswap_encode(&vmswap_vm_attr_set, &change, nlh, sizeof(buf)) ==
	      -EMSGSIZE, "a message that is too large");
	change.present = VMSWAP_BIT(VM, STATS);
	check(vmswap_encode(&vmswap_vm_attr_set, &change, nlh, sizeof(buf)) ==
	      -EINVAL, "a nest is not sent");
	change.present = 1ull << 63;
	check(vmswap_encode(&vmswap_vm_attr_set, &change, nlh, sizeof(buf)) ==
	      -EINVAL, "an unknown attribute is not sent");
}

/* All that tier-add takes, each as long as it may be. */
static void test_largest_request(void)
{
	char buf[VMSWAP_REQUEST_SIZE] __attribute__((aligned(4))) = { 0 };
	struct nlmsghdr *nlh = (void *)buf;
	struct vmswap_tier tier = { 0 };
	char name[31 + 1], path[4095 + 1];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	nlh->nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	VMSWAP_SET(&tier, TIER, NAME, name, name);
	VMSWAP_SET(&tier, TIER, KIND, kind, VMSWAP_TIER_KIND_BLOCK);
	VMSWAP_SET(&tier, TIER, RANK, rank, 32767);
	VMSWAP_SET(&tier, TIER, SIZE, size, UINT64_MAX);
	VMSWAP_SET(&tier, TIER, ALGO, algo, VMSWAP_ALGO_ZSTD);
	VMSWAP_SET(&tier, TIER, PATH, path, path);
	VMSWAP_SET(&tier, TIER, RECLAIM_SAFE, reclaim_safe, 1);
	check(!vmswap_encode(&vmswap_tier_attr_set, &tier, nlh, sizeof(buf)),
	      "the largest request fits");
}

static void test_quantiles(void)
{
	uint64_t hist[VMSWAP_HIST_BUCKETS] = { 0 };

	check(vmswap_fault_quantile(hist, 500) == 0, "no fault");
	hist[10] = 98;
	hist[12] = 1;
	hist[20] = 1;
	check(vmswap_fault_quantile(hist, 500) == 1 << 10 &&
	      vmswap_fault_quantile(hist, 990) == 1 << 12 &&
	      vmswap_fault_quantile(hist, 1000) == 1 << 20,
	      "upper bounds of the buckets");
	memset(hist, 0xff, sizeof(hist));
	check(vmswap_fault_quantile(hist, 1000) == 1ull << 63,
	      "a histogram full to the brim");
}

static bool explains(const char *attr, const char *text, const char *expected)
{
	struct vmswap_refusal refusal = { 0 };
	struct vmswap h = { 0 };
	bool same;

	snprintf(refusal.attr, sizeof(refusal.attr), "%s", attr);
	snprintf(refusal.text, sizeof(refusal.text), "%s", text);
	vmswap_error_refused(&h, -EINVAL, &refusal);
	same = !strcmp(vmswap_strerror_ext(&h), expected);
	if (!same)
		printf("# %s\n", vmswap_strerror_ext(&h));
	vmswap_error_clear(&h);
	return same;
}

static void test_explanations(void)
{
	check(explains("granule", "too large", "granule: too large") &&
	      explains("limit", "limit is at least 1M", "limit is at least 1M") &&
	      explains("", "no good", "no good"), "a refusal is explained");
	check(explains("limit-percent", "too large", "limit in percent: too large") &&
	      explains("min-bytes", "not built", "min: not built") &&
	      explains("vm-id", "no such VM", "VM: no such VM"),
	      "attributes have the names that people know");
}

int main(void)
{
	test_whole();
	test_short();
	test_bad();
	test_messages();
	test_short_messages();
	test_encode();
	test_largest_request();
	test_quantiles();
	test_explanations();
	return ktap_end();
}

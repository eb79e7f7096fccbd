// SPDX-License-Identifier: GPL-2.0
/*
 * Every function that reads what others wrote, under one entry point.
 *
 * Without arguments: a fixed number of damaged messages, as a test.  With
 * arguments: the content of these files, to look into a finding.  A fuzzer
 * brings its own main() (-DFUZZER) and calls LLVMFuzzerTestOneInput().
 */
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>

#include "decode.h"
#include "internal.h"
#include "ktap.h"
#include "mounts.h"
#include "sample.h"
#include "size.h"
#include "spec.h"
#include "vmm.h"

#define ROUNDS	200000

static const struct attr_set *const sets[] = {
	&vmswap_host_attr_set, &vmswap_tier_attr_set, &vmswap_vm_attr_set,
	&vmswap_range_attr_set, &vmswap_event_attr_set,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed_attrs(const uint8_t *data, size_t size)
{
	union {
		struct vmswap_host host;
		struct vmswap_tier tier;
		struct vmswap_vm vm;
		struct vmswap_range_msg range;
		struct vmswap_event event;
	} obj;
	struct vmswap family = { .family = 0 };
	size_t i;

	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		if (!vmswap_decode(sets[i], data, size, &obj))
			vmswap_release(sets[i], &obj);
	}
	vmswap_family_decode(data, size, &family);
}

static void feed_messages(const uint8_t *data, size_t size)
{
	struct {
		struct nlmsghdr head;
		struct genlmsghdr genl;
		struct nlattr attr;
		uint64_t value;
	} __attribute__((packed, aligned(8))) request = {
		.head = { .nlmsg_len = 32, .nlmsg_type = 30 },
		.attr = { .nla_len = 12, .nla_type = VMSWAP_A_VM_ID },
	};
	struct vmswap_exchange x = {
		.request = (void *)&request, .set = &vmswap_vm_attr_set,
	};

	vmswap_exchange_feed(&x, data, size);
}

static void feed_text(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct vmswap_mount mount;
	struct vmswap_spec spec;
	struct ctl_mapping mapping;
	uint64_t bytes;

	ctl_parse_size(text, &bytes);
	if (!vmswap_spec_parse(text, &spec))
		vmswap_spec_free(&spec);
	ctl_mapping_parse(text, 0, 0, &mapping);
	ctl_qemu_without_async_pf(text, strlen(text) + 1);
	if (!vmswap_mount_parse(text, &mount)) {
		free(mount.root);
		free(mount.dir);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	feed_attrs(data, size);
	feed_messages(data, size);
	feed_text(data, size);
	return 0;
}

#ifndef FUZZER
/* Damages a few bytes, and cuts. */
static void damage(struct buffer *b)
{
	int changes = rand() % 4;

	while (changes--)
		b->data[rand() % b->len] = rand() % 3 ? rand() : 0xff;
	if (!(rand() % 4))
		b->len = rand() % b->len;
}

static void one_round(void)
{
	struct buffer b;
	uint8_t *copy;

	sample_vm(&b);
	damage(&b);
	copy = malloc(b.len);
	memcpy(copy, b.data, b.len);
	LLVMFuzzerTestOneInput(copy, b.len);
	free(copy);
}

static void feed_file(const char *name)
{
	static uint8_t data[1 << 20];
	FILE *file = fopen(name, "r");

	if (!file) {
		perror(name);
		exit(1);
	}
	LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof(data), file));
	fclose(file);
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		feed_file(argv[i]);
	if (argc > 1)
		return 0;
	srand(1);
	for (i = 0; i < ROUNDS; i++)
		one_round();
	check(true, "damaged messages do no harm");
	return ktap_end();
}
#endif

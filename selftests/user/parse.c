// SPDX-License-Identifier: GPL-2.0
/* Sizes, numbers, words and the names of VMs, as written on a command line. */
#include <errno.h>
#include <string.h>

#include "keys.h"
#include "ktap.h"
#include "nearest.h"
#include "range.h"
#include "size.h"
#include "spec.h"
#include "vm_keys.h"

static bool size_is(const char *text, uint64_t expected)
{
	uint64_t size;

	return !ctl_parse_size(text, &size) && size == expected;
}

static bool size_fails(const char *text, int error)
{
	uint64_t size;

	return ctl_parse_size(text, &size) == error;
}

static void test_sizes(void)
{
	check(size_is("0", 0), "size 0");
	check(size_is("4096", 4096), "size in bytes");
	check(size_is("4K", 4096) && size_is("4k", 4096), "size K");
	check(size_is("1M", 1 << 20) && size_is("3G", 3ull << 30) &&
	      size_is("2T", 2ull << 40), "size M G T");
	check(size_is("1.5G", 3ull << 29), "size with a fraction");
	check(size_is("0.25K", 256), "size below one");
	check(size_is("4KiB", 4096) && size_is("32MiB", 32 << 20) &&
	      size_is("1.5GiB", 3ull << 29) && size_is("2TiB", 2ull << 40),
	      "size KiB MiB GiB TiB");
	check(size_fails("32MB", -EINVAL) && size_fails("32Mi", -EINVAL) &&
	      size_fails("32MiBs", -EINVAL) && size_fails("32iB", -EINVAL) &&
	      size_fails("32B", -EINVAL), "units that are not accepted");
	check(size_is("18446744073709551615", UINT64_MAX), "largest size");
	check(size_fails("18446744073709551616", -ERANGE) &&
	      size_fails("16777216T", -ERANGE), "size of 2^64");
	check(size_fails("", -EINVAL) && size_fails("K", -EINVAL) &&
	      size_fails("-1", -EINVAL) && size_fails("+1", -EINVAL) &&
	      size_fails(" 1", -EINVAL) && size_fails("1KB", -EINVAL) &&
	      size_fails("1X", -EINVAL) && size_fails("1.G", -EINVAL) &&
	      size_fails(".5G", -EINVAL) && size_fails("1.5", -EINVAL) &&
	      size_fails("0x10", -EINVAL) && size_fails("1G ", -EINVAL),
	      "what is no size");
	check(size_is("1.0000000000000000000000001K", 1024),
	      "a very long fraction");
}

static bool shows(uint64_t size, bool exact, const char *expected)
{
	char buf[CTL_SIZE_LEN];

	return !strcmp(ctl_format_size(size, exact, buf), expected);
}

static void test_formats(void)
{
	check(shows(0, false, "0") && shows(1023, false, "1023"),
	      "small sizes are shown in bytes");
	check(shows(4096, false, "4K") && shows(3ull << 29, false, "1.5G"),
	      "K and G are shown");
	check(shows((1ull << 30) - 1, false, "1G"), "rounding moves to the next unit");
	check(shows(3ull << 29, true, "1610612736"), "exact bytes");
	check(shows(UINT64_MAX, false, "16777216T"), "the largest size is shown");
}

static void test_numbers(void)
{
	uint32_t value;

	check(!ctl_parse_u32("4294967295", &value) && value == UINT32_MAX,
	      "largest number");
	check(ctl_parse_u32("4294967296", &value) == -ERANGE &&
	      ctl_parse_u32("1K", &value) == -EINVAL &&
	      ctl_parse_u32("", &value) == -EINVAL, "what is no number");
	check(!ctl_parse_percent("50%", &value) && value == 50, "percent");
	check(ctl_parse_percent("50", &value) == -EINVAL &&
	      ctl_parse_percent("50%%", &value) == -EINVAL &&
	      ctl_parse_percent("%", &value) == -EINVAL, "what is no percent");
}

static void test_words(void)
{
	static const char *const words[] = { "list", "show", "set" };

	check(ctl_edit_distance("tier", "tier") == 0 &&
	      ctl_edit_distance("teir", "tier") == 1 &&
	      ctl_edit_distance("", "abc") == 3, "edit distance");
	check(!strcmp(ctl_nearest("lst", words, 3), "list") &&
	      !strcmp(ctl_nearest("shaw", words, 3), "show") &&
	      !strcmp(ctl_nearest("settle", words, 3), "set"), "nearest word");
	check(!ctl_nearest("remove", words, 3) && !ctl_nearest("rm", words, 3),
	      "no word is near");
}

static int parse_range(const char *a, const char *b, struct range *range)
{
	struct ctl ctl = { .json = true };
	char *const words[] = { (char *)a, (char *)b };

	return ctl_parse_range(&ctl, "vm evict a", words, b ? 2 : 1, range);
}

static void test_ranges(void)
{
	struct range r;

	check(!parse_range("all", NULL, &r) && r.all, "range all");
	check(!parse_range("4K", "1M", &r) && !r.all && r.offset == 4096 &&
	      r.length == 1 << 20, "range of offset and length");
	check(parse_range("4097", "1M", &r) == CTL_USAGE &&
	      parse_range("0", "100", &r) == CTL_USAGE,
	      "range that is not aligned");
	check(parse_range("0", NULL, &r) == CTL_USAGE &&
	      parse_range("all", "0", &r) == CTL_USAGE &&
	      parse_range("x", "0", &r) == CTL_USAGE &&
	      parse_range("18446744073709547520", "8192", &r) == CTL_USAGE,
	      "what is no range");
}

static int parse_keys(struct vmswap_vm *vm, char *const *words, int count)
{
	struct ctl ctl = { .json = true };

	*vm = (struct vmswap_vm){ 0 };
	return ctl_parse_keys(&ctl, "vm set", ctl_vm_keys, CTL_NR_VM_KEYS,
			      words, count, vm);
}

#define KEYS(vm, ...) ({					\
	char *const words_[] = { __VA_ARGS__ };			\
	parse_keys(vm, words_, sizeof(words_) / sizeof(*words_)); })

static void test_keys(void)
{
	struct vmswap_vm vm;

	check(!KEYS(&vm, "limit", "1G", "granule", "32") &&
	      vm.limit == 1 << 30 && vm.granule == 32 &&
	      vm.present == (VMSWAP_BIT(VM, LIMIT) | VMSWAP_BIT(VM, GRANULE)),
	      "several keys");
	check(!KEYS(&vm, "limit", "none") && vm.limit == VMSWAP_LIMIT_NONE,
	      "limit none");
	check(!KEYS(&vm, "limit", "50%") && vm.limit_percent == 50 &&
	      !VMSWAP_HAS(&vm, VM, LIMIT), "limit in percent");
	check(KEYS(&vm, "limit", "18446744073709551615") == CTL_FAILED,
	      "limit that would mean none");
	check(!KEYS(&vm, "tiers", "all") && !*vm.tiers, "tiers all");
	check(KEYS(&vm, "limit") == CTL_USAGE &&
	      KEYS(&vm, "limt", "1G") == CTL_USAGE &&
	      KEYS(&vm, "limit", "1Q") == CTL_USAGE &&
	      KEYS(&vm, "limit", "1G", "limit", "2G") == CTL_USAGE,
	      "wrong keys and values");
	check(KEYS(&vm, "limit", "1048575") == CTL_FAILED &&
	      !KEYS(&vm, "limit", "1M") &&
	      KEYS(&vm, "limit", "0%") == CTL_FAILED &&
	      KEYS(&vm, "limit", "101%") == CTL_FAILED &&
	      !KEYS(&vm, "limit", "100%") &&
	      KEYS(&vm, "limit", "50.5%") == CTL_USAGE, "range of the limit");
	check(KEYS(&vm, "granule", "0") == CTL_FAILED &&
	      KEYS(&vm, "granule", "3") == CTL_FAILED &&
	      KEYS(&vm, "granule", "1024") == CTL_FAILED &&
	      !KEYS(&vm, "granule", "1") && !KEYS(&vm, "granule", "512") &&
	      KEYS(&vm, "prefetch", "513") == CTL_FAILED &&
	      !KEYS(&vm, "prefetch", "0") && !KEYS(&vm, "prefetch", "512"),
	      "ranges of granule and prefetch");
	check(KEYS(&vm, "policy", "lru") == CTL_FAILED &&
	      !KEYS(&vm, "policy", "clock"), "policies");
	check(KEYS(&vm, "hints", "off") == CTL_FAILED &&
	      KEYS(&vm, "limit", "1G", "min", "1M") == CTL_FAILED &&
	      KEYS(&vm, "shares") == CTL_FAILED, "keys that are not built");
}

static bool accepts(const struct key *key, const char *text)
{
	char accepted[CTL_ACCEPTED_LEN];

	return !strcmp(ctl_key_accepted(key, accepted), text);
}

/* What is said to be accepted is what the key has a way to take. */
static void test_ways(void)
{
	struct key key = {
		.name = "limit", .accepted = "a size",
		.accepted_percent = "N% of it",
	};
	struct vmswap_vm vm;

	check(accepts(&key, "a size"), "a key of one way");
	key.set_none = ctl_vm_keys[0].set_none;
	check(accepts(&key, "a size; or none"), "a key that takes none");
	key.parse_percent = ctl_vm_keys[0].parse_percent;
	check(accepts(&key, "a size; N% of it; or none"), "a key of three ways");
	check(KEYS(&vm, "granule", "none") == CTL_USAGE &&
	      KEYS(&vm, "prefetch", "50%") == CTL_USAGE, "a way that a key has not");
}

static void test_specs(void)
{
	struct vmswap_spec s;

	check(!vmswap_spec_parse("7", &s) && s.kind == VMSWAP_SPEC_ID &&
	      s.id == 7 && !s.region, "a number is an id");
	vmswap_spec_free(&s);
	check(!vmswap_spec_parse("name:7", &s) &&
	      s.kind == VMSWAP_SPEC_NAME && !strcmp(s.name, "7"),
	      "a forced name");
	vmswap_spec_free(&s);
	check(!vmswap_spec_parse("vm1/ram0/x", &s) &&
	      s.kind == VMSWAP_SPEC_NAME && !strcmp(s.name, "vm1") &&
	      !strcmp(s.region, "ram0/x"), "a region");
	vmswap_spec_free(&s);
	check(!vmswap_spec_parse("7/ram0", &s) && s.kind == VMSWAP_SPEC_ID &&
	      s.id == 7 && !strcmp(s.region, "ram0"), "a region of an id");
	vmswap_spec_free(&s);
	check(!vmswap_spec_parse("/run/vmswap/vm1", &s) &&
	      s.kind == VMSWAP_SPEC_PATH, "a path");
	vmswap_spec_free(&s);
	check(vmswap_spec_parse("", &s) == -EINVAL &&
	      vmswap_spec_parse("name:", &s) == -EINVAL &&
	      vmswap_spec_parse("vm1/", &s) == -EINVAL &&
	      vmswap_spec_parse("99999999999999999999", &s) == -EINVAL,
	      "what names no VM");
}

int main(void)
{
	test_sizes();
	test_formats();
	test_numbers();
	test_words();
	test_ranges();
	test_keys();
	test_ways();
	test_specs();
	return ktap_end();
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "size.h"

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void print_time(uint64_t ns)
{
	time_t seconds = ns / 1000000000;
	char text[64];
	struct tm tm;

	if (!localtime_r(&seconds, &tm) ||
	    !strftime(text, sizeof(text), "%F %T", &tm))
		snprintf(text, sizeof(text), "-");
	printf("%s.%03u", text, (unsigned int)(ns % 1000000000 / 1000000));
}

static void print_name(const char *name)
{
	for (; *name; name++)
		putchar((unsigned char)*name < ' ' || *name == 0x7f ? '?' :
			*name);
}

static void print_text(const struct ctl *ctl, const struct vmswap_event *e)
{
	char offset[CTL_SIZE_LEN];

	print_time(e->time_ns);
	printf(" %s", vmswap_enum_name(VMSWAP_ENUM_EVENT_KIND, e->kind));
	if (VMSWAP_HAS(e, EVENT, VM_ID))
		printf(" vm %llu", (unsigned long long)e->vm_id);
	if (e->vm_name) {
		putchar(' ');
		print_name(e->vm_name);
	}
	if (VMSWAP_HAS(e, EVENT, REGION))
		printf(" region %u", e->region);
	if (VMSWAP_HAS(e, EVENT, OFFSET))
		printf(" offset %s",
		       ctl_format_size(e->offset, true, offset));
	if (e->tier_name) {
		printf(" tier ");
		print_name(e->tier_name);
	} else if (VMSWAP_HAS(e, EVENT, TIER_ID)) {
		printf(" tier-id %u", e->tier_id);
	}
	if (VMSWAP_HAS(e, EVENT, ERROR))
		printf(" error %s", strerror(e->error));
	putchar('\n');
	fflush(stdout);
}

static void print_event(const struct ctl *ctl, const struct vmswap_event *e)
{
	if (ctl->json)
		ctl_json_print_line(ctl_json_event(e));
	else
		print_text(ctl, e);
}

/* -1: for ever. */
static int time_left(const struct ctl *ctl, uint64_t deadline)
{
	uint64_t now;

	if (!(ctl->given & OPT_TIMEOUT))
		return -1;
	now = now_ms();
	if (now >= deadline)
		return 0;
	return deadline - now > INT_MAX ? INT_MAX : (int)(deadline - now);
}

static int read_events(struct ctl *ctl, struct vmswap_events *events)
{
	uint64_t deadline = now_ms() + ctl->timeout_ms;
	struct vmswap_event *event;
	uint64_t seen = 0;
	int ret;

	while (!(ctl->given & OPT_COUNT) || seen < ctl->count) {
		ret = vmswap_events_read(events, time_left(ctl, deadline),
					 &event);
		if (ret == -ETIME)
			return CTL_DONE;
		if (ret == -ENOBUFS) {
			ctl_warn(ctl, "events: some were lost: they came faster than they were read");
			continue;
		}
		if (ret)
			return ctl_fail(ctl, ret, "events: %s", strerror(-ret));
		print_event(ctl, event);
		vmswap_event_free(event);
		seen++;
		if (ferror(stdout))
			return ctl_fail(ctl, -EIO, "events: standard output is closed");
	}
	return CTL_DONE;
}

int ctl_events(struct ctl *ctl)
{
	struct vmswap_events *events;
	int ret;

	if (ctl->given & OPT_RING)
		return ctl_fail_not_yet(ctl, "option", "events --ring");
	if (ctl_open(ctl))
		return CTL_FAILED;
	ret = vmswap_events_open(ctl->h, &events);
	if (ret)
		return ctl_fail_lib(ctl, ret, "events");
	ret = read_events(ctl, events);
	vmswap_events_close(events);
	return ret;
}

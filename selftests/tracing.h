/* SPDX-License-Identifier: GPL-2.0 */
/* tracing.h - tracepoints for tests: what is in the kernel's trace, line by line. */
#ifndef SELFTESTS_TRACING_H
#define SELFTESTS_TRACING_H

#include "test-lib.h"

#define TRACING "/sys/kernel/tracing/"

/* Lines of earlier tests go when it is opened so. */
static inline int trace_clear(void)
{
	int fd = open(TRACING "trace", O_WRONLY | O_TRUNC | O_CLOEXEC);

	return fd < 0 ? -errno : close(fd);
}

/* Only what @filter says; NULL: all. */
static inline int trace_begin(const char *event, const char *filter)
{
	char path[256];
	int ret;

	write_file(TRACING "buffer_size_kb", "4096");
	snprintf(path, sizeof(path), TRACING "events/%s/filter", event);
	ret = filter ? write_file(path, filter) : 0;
	snprintf(path, sizeof(path), TRACING "events/%s/enable", event);
	return ret ?: trace_clear() ?: write_file(path, "1");
}

static inline void trace_end(const char *event)
{
	char path[256];

	snprintf(path, sizeof(path), TRACING "events/%s/enable", event);
	write_file(path, "0");
	snprintf(path, sizeof(path), TRACING "events/%s/filter", event);
	write_file(path, "0");
}

/* Called with each line. */
static inline int trace_lines(void (*fn)(const char *line, void *arg), void *arg)
{
	FILE *f = fopen(TRACING "trace", "r");
	char line[1024];

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f))
		if (line[0] != '#')
			fn(line, arg);
	fclose(f);
	return 0;
}

#endif /* SELFTESTS_TRACING_H */

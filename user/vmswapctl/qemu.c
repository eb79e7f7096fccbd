// SPDX-License-Identifier: GPL-2.0
/*
 * Does QEMU offer its guest asynchronous page faults? Linux asks for the CPUID bit
 * that QEMU names kvm-asyncpf-int ("page ready" comes as an interrupt, from 5.9 on).
 * The models "host" and "max" have all that KVM has; QEMU's named models do not
 * have this bit, unless it is asked for.
 */
#include <string.h>

#include "vmm.h"

#define PROPERTY	"kvm-asyncpf-int"

/* The word behind the last one that is @name. */
static const char *argument(const char *words, size_t size, const char *name)
{
	const char *end = words + size, *found = NULL, *word, *next;

	for (word = words; word < end; word = next) {
		next = word + strnlen(word, end - word) + 1;
		if (!strcmp(word, name) && next < end)
			found = next;
	}
	return found;
}

static bool is_property(const char *text, size_t len, const char *name)
{
	return strlen(name) == len && !strncmp(text, name, len);
}

/* "host,-a,b=off,c": what the last word about @name says; @otherwise without one. */
static bool has_property(const char *cpu, const char *name, bool otherwise)
{
	const char *at = strchr(cpu, ',');
	bool has = otherwise;

	while (at) {
		const char *word = at + 1, *end = strchrnul(word, ',');
		size_t len = strcspn(word, "=,");

		if (is_property(word, len, name))
			has = word[len] != '=' ||
			      !is_property(word + len + 1,
					   end - word - len - 1, "off");
		else if (*word == '+' && is_property(word + 1, len - 1, name))
			has = true;
		else if (*word == '-' && is_property(word + 1, len - 1, name))
			has = false;
		at = *end ? end : NULL;
	}
	return has;
}

const char *ctl_qemu_without_async_pf(const char *words, size_t size)
{
	const char *cpu, *machine;
	size_t len;
	bool all;

	/* A line that was cut, or is none. */
	if (!size || words[size - 1])
		return NULL;
	machine = argument(words, size, "-machine");
	if (machine && (strstr(machine, "kernel-irqchip=off") ||
			strstr(machine, "kernel_irqchip=off")))
		return machine;
	cpu = argument(words, size, "-cpu");
	if (!cpu)
		return "(no -cpu)";
	len = strcspn(cpu, ",");
	all = is_property(cpu, len, "host") || is_property(cpu, len, "max");
	if (has_property(cpu, PROPERTY, all) && has_property(cpu, "kvm", true))
		return NULL;
	return cpu;
}

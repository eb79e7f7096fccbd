/* SPDX-License-Identifier: GPL-2.0 */
/* What doctor found out, and what to do about it. */
#ifndef VMSWAPCTL_FINDINGS_H
#define VMSWAPCTL_FINDINGS_H

#include <stddef.h>

#include "ctl.h"

enum finding_level {
	FINDING_OK,
	FINDING_NOTE,		/* may be meant so */
	FINDING_PROBLEM,	/* stands in the way */
};

struct finding {
	enum finding_level level;
	const char *check;
	char *advice;		/* may be NULL */
	char *text;
};

struct findings {
	struct finding *list;
	size_t count;
};

/*
 * @advice may be NULL, or have several lines. A command in it is one to be pasted,
 * with the id of the VM: it is a whole line, or all that follows the last ": ".
 * @check is one word, fixed, for programs.
 */
void ctl_finding(struct findings *f, enum finding_level level,
		 const char *check, const char *advice, const char *format,
		 ...) __attribute__((format(printf, 5, 6)));

/* Prints all, frees them, and returns the exit code. */
int ctl_findings_print(const struct ctl *ctl, struct findings *f);
void ctl_findings_free(struct findings *f);

/* doctor_tiers.c */
void ctl_doctor_tiers(struct findings *f, struct vmswap_tier *const *tiers,
		      size_t count);

/* doctor_host.c: what can be told without the module. */
void ctl_doctor_host(struct findings *f);

/* doctor_vm.c */
void ctl_doctor_vm(struct findings *f, const struct vmswap_vm *vm,
		   struct vmswap_tier *const *tiers, size_t nr_tiers);

/*
 * doctor_stall.c: whether it waits or is over its limit. @waits: it did just now.
 * @among_others: it is named, and told of only when nothing of it can leave.
 */
void ctl_doctor_stall(struct findings *f, const struct vmswap_vm *vm,
		      bool waits, bool among_others,
		      struct vmswap_tier *const *tiers, size_t nr_tiers);

/* vmm.c: what in the processes that map memory of @vm stands in the way. */
void ctl_doctor_vmms(struct findings *f, const struct vmswap_vm *vm);

#endif

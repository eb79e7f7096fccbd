/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* How a VM is named on a command line. */
#ifndef LIBVMSWAP_SPEC_H
#define LIBVMSWAP_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "vmswap.h"

enum vmswap_spec_kind {
	VMSWAP_SPEC_ID,
	VMSWAP_SPEC_NAME,
	VMSWAP_SPEC_PATH,
};

struct vmswap_spec {
	enum vmswap_spec_kind kind;
	uint64_t id;
	uint32_t major;			/* of a path, once it is resolved */
	uint32_t minor;
	char *name;			/* or the path, until it is resolved */
	char *region;			/* NULL: none was given */
};

/* -EINVAL: an empty name or region, or a number above 2^64-1. */
int vmswap_spec_parse(const char *text, struct vmswap_spec *spec);
void vmswap_spec_free(struct vmswap_spec *spec);

/* For a name or a resolved path. */
bool vmswap_spec_fits(const struct vmswap_spec *spec,
		      const struct vmswap_vm *vm);

#endif

// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec.h"

#define FORCE_NAME	"name:"

static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

static int parse_id(struct vmswap_spec *spec)
{
	spec->kind = VMSWAP_SPEC_ID;
	errno = 0;
	spec->id = strtoull(spec->name, NULL, 10);
	return errno ? -EINVAL : 0;
}

/* Cuts "/REGION" off the name. */
static int split_region(struct vmswap_spec *spec)
{
	char *slash = strchr(spec->name, '/');

	if (!slash)
		return 0;
	*slash = 0;
	if (!slash[1])
		return -EINVAL;
	spec->region = strdup(slash + 1);
	return spec->region ? 0 : -ENOMEM;
}

int vmswap_spec_parse(const char *text, struct vmswap_spec *spec)
{
	bool force = !strncmp(text, FORCE_NAME, strlen(FORCE_NAME));
	int ret;

	*spec = (struct vmswap_spec){
		.kind = *text == '/' ? VMSWAP_SPEC_PATH : VMSWAP_SPEC_NAME,
	};
	spec->name = strdup(text + (force ? strlen(FORCE_NAME) : 0));
	if (!spec->name)
		return -ENOMEM;
	if (spec->kind == VMSWAP_SPEC_PATH)
		return 0;
	ret = split_region(spec);
	if (!ret && !*spec->name)
		ret = -EINVAL;
	if (!ret && !force && is_number(spec->name))
		ret = parse_id(spec);
	if (ret)
		vmswap_spec_free(spec);
	return ret;
}

void vmswap_spec_free(struct vmswap_spec *spec)
{
	free(spec->name);
	free(spec->region);
	*spec = (struct vmswap_spec){ 0 };
}

bool vmswap_spec_fits(const struct vmswap_spec *spec,
		      const struct vmswap_vm *vm)
{
	if (!vm->name || strcmp(vm->name, spec->name))
		return false;
	if (spec->kind != VMSWAP_SPEC_PATH)
		return true;
	return VMSWAP_HAS(vm, VM, DEV_MAJOR) && VMSWAP_HAS(vm, VM, DEV_MINOR) &&
	       vm->dev_major == spec->major && vm->dev_minor == spec->minor;
}

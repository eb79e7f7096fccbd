// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "json.h"

int ctl_version(struct ctl *ctl)
{
	json_t *obj;

	if (!ctl->json) {
		printf("vmswapctl %s\n", VMSWAP_VERSION);
		return CTL_DONE;
	}
	obj = json_object();
	json_object_set_new(obj, "version", ctl_json_text(VMSWAP_VERSION));
	ctl_json_print(obj);
	return CTL_DONE;
}

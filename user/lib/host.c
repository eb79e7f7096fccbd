// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include "internal.h"

int vmswap_host_get(struct vmswap *h, struct vmswap_host **host)
{
	return vmswap_object_get(h, VMSWAP_CMD_HOST_GET, &vmswap_host_attr_set,
				 NULL, (void **)host);
}

int vmswap_host_set(struct vmswap *h, const struct vmswap_host *change)
{
	return vmswap_request(h, VMSWAP_CMD_HOST_SET, 0, &vmswap_host_attr_set,
			      change, NULL, NULL);
}

void vmswap_host_free(struct vmswap_host *host)
{
	vmswap_object_free(&vmswap_host_attr_set, host);
}

// SPDX-License-Identifier: GPL-2.0
/* The bare command: what there is, in one look. */
#include <stdio.h>

#include "json.h"
#include "show.h"

static void print_state(const struct ctl *ctl, struct vmswap_tier **tiers,
			size_t nr_tiers, struct vmswap_vm **vms, size_t nr_vms)
{
	json_t *obj;

	if (!ctl->json) {
		ctl_show_tiers(ctl, tiers, nr_tiers);
		putchar('\n');
		ctl_show_vms(ctl, vms, nr_vms);
		return;
	}
	obj = json_object();
	json_object_set_new(obj, "tiers", ctl_json_tiers(tiers, nr_tiers));
	json_object_set_new(obj, "vms", ctl_json_vms(vms, nr_vms));
	ctl_json_print(obj);
}

int ctl_state(struct ctl *ctl)
{
	struct vmswap_tier **tiers;
	struct vmswap_vm **vms;
	size_t nr_tiers, nr_vms;
	int ret;

	if (ctl->given)
		return ctl_bad_usage(ctl, "a command must follow; vmswapctl --help lists them");
	if (ctl_open(ctl))
		return CTL_FAILED;
	ret = vmswap_tier_list(ctl->h, &tiers, &nr_tiers);
	if (ret)
		return ctl_fail_lib(ctl, ret, "tiers");
	ret = vmswap_vm_list(ctl->h, &vms, &nr_vms);
	if (ret) {
		vmswap_tier_list_free(tiers, nr_tiers);
		return ctl_fail_lib(ctl, ret, "VMs");
	}
	print_state(ctl, tiers, nr_tiers, vms, nr_vms);
	vmswap_vm_list_free(vms, nr_vms);
	vmswap_tier_list_free(tiers, nr_tiers);
	return CTL_DONE;
}

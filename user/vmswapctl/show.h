/* SPDX-License-Identifier: GPL-2.0 */
/* Tables that more than one command prints. */
#ifndef VMSWAPCTL_SHOW_H
#define VMSWAPCTL_SHOW_H

#include "ctl.h"

void ctl_show_tiers(const struct ctl *ctl, struct vmswap_tier *const *tiers,
		    size_t count);
void ctl_show_vms(const struct ctl *ctl, struct vmswap_vm *const *vms,
		  size_t count);

#endif

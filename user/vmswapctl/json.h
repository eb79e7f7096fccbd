/* SPDX-License-Identifier: GPL-2.0 */
/* The objects as JSON.  No key is ever absent: null means none. */
#ifndef VMSWAPCTL_JSON_H
#define VMSWAPCTL_JSON_H

#include <jansson.h>

#include "ctl.h"

/* What is not UTF-8 is replaced; NULL gives null. */
json_t *ctl_json_text(const char *text);
json_t *ctl_json_u64(bool present, uint64_t value);

json_t *ctl_json_host(const struct vmswap_host *host);
json_t *ctl_json_tier(const struct vmswap_tier *tier);
json_t *ctl_json_tiers(struct vmswap_tier *const *tiers, size_t count);
json_t *ctl_json_vm(const struct vmswap_vm *vm);
json_t *ctl_json_vms(struct vmswap_vm *const *vms, size_t count);
json_t *ctl_json_event(const struct vmswap_event *event);

/* Prints @value and gives it up. */
void ctl_json_print(json_t *value);
/* The same, on a line of its own. */
void ctl_json_print_line(json_t *value);

#endif

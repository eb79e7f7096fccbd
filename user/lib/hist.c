// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include "vmswap.h"

uint64_t vmswap_fault_quantile(const uint64_t hist[VMSWAP_HIST_BUCKETS],
			       unsigned int permille)
{
	__uint128_t total = 0, seen = 0, rank;
	int i;

	for (i = 0; i < VMSWAP_HIST_BUCKETS; i++)
		total += hist[i];
	if (!total)
		return 0;
	if (permille > 1000)
		permille = 1000;
	/* The smallest rank that covers the share; at least one fault. */
	rank = (total * permille + 999) / 1000;
	if (!rank)
		rank = 1;
	for (i = 0; i < VMSWAP_HIST_BUCKETS - 1; i++) {
		seen += hist[i];
		if (seen >= rank)
			break;
	}
	return UINT64_C(1) << i;
}

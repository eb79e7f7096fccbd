/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lz4_time.h - how long the kernel's LZ4 takes for pages written to a device.
 *
 * Open the device, write whole pages, read one struct lz4_time: the sums for all
 * pages written since the open.
 */
#ifndef LZ4_TIME_H
#define LZ4_TIME_H

#include <linux/types.h>

/* As VMSWAP_LZ4_COARSE of kernel/compress.h. */
#define LZ4_TIME_COARSE	20

#define LZ4_TIME_NAME	"lz4_time"

/* As vmswap's ram tier: more than this does not pay. */
#define LZ4_TIME_BOUND	3244

struct lz4_time {
	unsigned long pages;
	unsigned long compressible;	/* of them, within the bound */
	unsigned long bytes;		/* of those, compressed */
	unsigned long compress_ns;	/* into two pages, as vmswap and zram do */
	unsigned long coarse_ns;	/* the short look of vmswap */
	unsigned long decompress_ns;	/* of the compressible ones */
};

#endif /* LZ4_TIME_H */

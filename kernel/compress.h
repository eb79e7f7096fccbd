/* SPDX-License-Identifier: GPL-2.0 */
/* compress.h - one page in, fewer bytes out, by the kernel's LZ4 or zstd. */
#ifndef VMSWAP_COMPRESS_H
#define VMSWAP_COMPRESS_H

#include <linux/types.h>

struct vmswap_stream;

/* LZ4's "acceleration" in a short look: at about 190 places of a page instead of up to 690. */
#define VMSWAP_LZ4_COARSE	20

/* For what a tier puts before the compressed bytes. */
#define VMSWAP_HEADROOM	16

/**
 * vmswap_compress_enable() - make a compressor usable
 * @algo: VMSWAP_ALGO_*
 *
 * Process context, may sleep; under no lock that memory reclaim may take.  What it
 * allocates for each CPU stays until the module goes.
 *
 * Return: 0, -ENOMEM.
 */
int vmswap_compress_enable(u32 algo);

/**
 * vmswap_compress() - compress one page
 * @algo: VMSWAP_ALGO_*
 * @page: PAGE_SIZE bytes
 * @max: the most bytes worth having, at most PAGE_SIZE
 * @dense: a guess that it will not compress: LZ4 takes a short look first, and misses few
 *	pages that do.  zstd ignores it: it also codes by frequency, of which such a look
 *	says nothing
 * @s: out: the buffers in use, to be given back by vmswap_compress_done()
 * @out: out: the result, with room for VMSWAP_HEADROOM bytes before it; valid until then
 *
 * Process context, may sleep for the CPU's buffers, allocates nothing.
 * vmswap_compress_done() must follow, whatever the result.
 *
 * Return: length, or -E2BIG when it would be more than @max.
 */
int vmswap_compress(u32 algo, const void *page, unsigned int max, bool dense,
		    struct vmswap_stream **s, void **out);
void vmswap_compress_done(struct vmswap_stream *s);

/*
 * A page's worth of memory for an object that is read in two parts: this CPU's,
 * with preemption off from get to put.
 */
void *vmswap_copy_get(void);
void vmswap_copy_put(void);

/* Process context, preemption may be off; -EBADMSG unless it makes PAGE_SIZE bytes. */
int vmswap_decompress(u32 algo, const void *in, unsigned int len, void *page);

int vmswap_compress_init(void);
void vmswap_compress_exit(void);

#endif /* VMSWAP_COMPRESS_H */

// SPDX-License-Identifier: GPL-2.0
/* compress.c - per-CPU contexts of the kernel's compressors. */
#include <linux/cpumask.h>
#include <linux/lz4.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/zstd.h>

#include "compress.h"
#include "../uapi/linux/vmswap_netlink.h"

#define ZSTD_LEVEL 3

/*
 * One set per CPU, guarded by a mutex, since the task may move to another CPU in
 * between; it is contended only then.  Decompression has sets of its own, used
 * with preemption off, as the source may be a mapping that needs it.
 */
struct vmswap_stream {
	struct mutex lock;	/* all below down to zstd_cwork */
	void *buf;		/* headroom and two pages: a compressor may expand */
	void *lz4_work;
	void *zstd_cwork;
	void *zstd_dwork;	/* with preemption off, as is */
	void *copy;		/* a page */
};

static DEFINE_PER_CPU(struct vmswap_stream, streams);
static DEFINE_MUTEX(enable_lock);
static zstd_parameters zstd_params;

#define BUF_SIZE (2 * PAGE_SIZE)
static_assert(BUF_SIZE >= LZ4_COMPRESSBOUND(PAGE_SIZE));

static int enable_zstd(struct vmswap_stream *s)
{
	if (!s->zstd_cwork)
		s->zstd_cwork = kvmalloc(zstd_cctx_workspace_bound(&zstd_params.cParams),
					 GFP_KERNEL);
	if (!s->zstd_dwork)
		s->zstd_dwork = kvmalloc(zstd_dctx_workspace_bound(), GFP_KERNEL);
	return s->zstd_cwork && s->zstd_dwork ? 0 : -ENOMEM;
}

int vmswap_compress_enable(u32 algo)
{
	int cpu, ret = 0;

	if (algo != VMSWAP_ALGO_ZSTD)
		return 0;
	mutex_lock(&enable_lock);
	for_each_possible_cpu(cpu) {
		ret = enable_zstd(per_cpu_ptr(&streams, cpu));
		if (ret)
			break;
	}
	mutex_unlock(&enable_lock);
	return ret;
}

static int compress_zstd(struct vmswap_stream *s, const void *page)
{
	zstd_cctx *ctx = zstd_init_cctx(s->zstd_cwork,
					zstd_cctx_workspace_bound(&zstd_params.cParams));
	size_t n;

	if (!ctx)
		return -E2BIG;
	n = zstd_compress_cctx(ctx, s->buf + VMSWAP_HEADROOM, BUF_SIZE, page, PAGE_SIZE,
			       &zstd_params);
	return zstd_is_error(n) ? -E2BIG : n;
}

/*
 * Where no page can expand beyond, LZ4 does not look at the end after each step: 6 %
 * less for pages that compress, 4 % more for others.
 */
static int search_lz4(struct vmswap_stream *s, const void *page, int acceleration)
{
	return LZ4_compress_fast(page, s->buf + VMSWAP_HEADROOM, PAGE_SIZE, BUF_SIZE,
				 acceleration, s->lz4_work);
}

/* What does not shrink at all in a coarse search hardly pays in a fine one. */
static int compress_lz4(struct vmswap_stream *s, const void *page, bool dense)
{
	int n = dense ? search_lz4(s, page, VMSWAP_LZ4_COARSE) : 0;

	return n < PAGE_SIZE ? search_lz4(s, page, 1) : n;
}

int vmswap_compress(u32 algo, const void *page, unsigned int max, bool dense,
		    struct vmswap_stream **sp, void **out)
{
	struct vmswap_stream *s = raw_cpu_ptr(&streams);
	int n;

	mutex_lock(&s->lock);
	*sp = s;
	*out = s->buf + VMSWAP_HEADROOM;
	if (algo == VMSWAP_ALGO_ZSTD)
		n = compress_zstd(s, page);
	else
		n = compress_lz4(s, page, dense);
	return n > 0 && n <= max ? n : -E2BIG;
}

void vmswap_compress_done(struct vmswap_stream *s)
{
	mutex_unlock(&s->lock);
}

void *vmswap_copy_get(void)
{
	return get_cpu_ptr(&streams)->copy;
}

void vmswap_copy_put(void)
{
	put_cpu_ptr(&streams);
}

static int decompress_zstd(const void *in, unsigned int len, void *page)
{
	struct vmswap_stream *s = get_cpu_ptr(&streams);
	zstd_dctx *ctx = zstd_init_dctx(s->zstd_dwork, zstd_dctx_workspace_bound());
	size_t n = ctx ? zstd_decompress_dctx(ctx, page, PAGE_SIZE, in, len) : 0;

	put_cpu_ptr(&streams);
	return !zstd_is_error(n) && n == PAGE_SIZE ? 0 : -EBADMSG;
}

int vmswap_decompress(u32 algo, const void *in, unsigned int len, void *page)
{
	if (algo == VMSWAP_ALGO_ZSTD)
		return decompress_zstd(in, len, page);
	return LZ4_decompress_safe(in, page, len, PAGE_SIZE) == PAGE_SIZE ? 0 : -EBADMSG;
}

int vmswap_compress_init(void)
{
	int cpu;

	zstd_params = zstd_get_params(ZSTD_LEVEL, PAGE_SIZE);
	for_each_possible_cpu(cpu) {
		struct vmswap_stream *s = per_cpu_ptr(&streams, cpu);

		mutex_init(&s->lock);
		s->buf = kvmalloc(VMSWAP_HEADROOM + BUF_SIZE, GFP_KERNEL);
		s->copy = kvmalloc(PAGE_SIZE, GFP_KERNEL);
		s->lz4_work = kvmalloc(LZ4_MEM_COMPRESS, GFP_KERNEL);
		if (!s->buf || !s->copy || !s->lz4_work) {
			vmswap_compress_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

void vmswap_compress_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct vmswap_stream *s = per_cpu_ptr(&streams, cpu);

		kvfree(s->buf);
		kvfree(s->copy);
		kvfree(s->lz4_work);
		kvfree(s->zstd_cwork);
		kvfree(s->zstd_dwork);
	}
}

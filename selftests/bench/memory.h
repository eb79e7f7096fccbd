/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memory.h - memory whose pages can be made to leave and are brought back when
 * touched: vmswap's, and those it is compared with.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "bench.h"

struct memory {
	const struct memory_ops *ops;
	size_t pages;
	uint8_t *at;
	uint64_t *first;	/* the word at the start of each page */
	int fd;
	unsigned int granule;	/* asked for; 0: what is the default */
	unsigned int handlers;	/* the controller's threads; 0: one */
	void *priv;
	char setting[48];
};

/**
 * struct memory_ops - one kind of memory
 * @name: what figures say
 * @native: the settings of the kernel's own swap matter
 * @open: map it, nothing of it is resident
 * @close: give all of it back
 * @evict: make what can leave now leave; one try
 * @discard: give a range back, it reads as zero afterwards; may be NULL
 * @ins, @outs: pages brought in, and written out, since some moment
 */
struct memory_ops {
	const char *name;
	bool native;
	void (*open)(struct memory *m);
	void (*close)(struct memory *m);
	void (*evict)(struct memory *m);
	void (*discard)(struct memory *m, size_t page, size_t pages);
	uint64_t (*ins)(struct memory *m);
	uint64_t (*outs)(struct memory *m);
};

/* Dies when there is none of the name. */
const struct memory_ops *memory_kind(const char *name);

void memory_open(struct memory *m, const struct memory_ops *ops, size_t pages);
void memory_close(struct memory *m);

void memory_fill(struct memory *m, enum page_class class);
/* Dies when a page is not as it was filled. */
void memory_verify(struct memory *m, enum page_class class);
/* Until nothing is resident. */
void memory_evict_all(struct memory *m);
size_t memory_resident(struct memory *m);

/* One access to each page, in the order given; what is written is what is there. */
void memory_write(struct memory *m, const uint32_t *order, size_t n);
void memory_read(struct memory *m, const uint32_t *order, size_t n);

/* ------------------------------------------------------------- only of vmswap */

struct vmswap_vm_stat;

void vmswap_stat(struct memory *m, struct vmswap_vm_stat *stat);
void vmswap_limit(struct memory *m, uint64_t bytes);
/* DISCARD of many ranges by one call. */
void vmswap_discard_ranges(struct memory *m, const uint32_t *chunks, size_t n,
			   size_t chunk_pages);

extern const struct memory_ops controller_copy_ops, controller_continue_ops;

#endif /* MEMORY_H */

// SPDX-License-Identifier: GPL-2.0
/* memory.c - see memory.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vmswap.h>

#include "../policy.h"
#include "memory.h"

/* --------------------------------------------------------------------- vmswap */

static void set_granule(struct memory *m, uint64_t vm)
{
	uint32_t granule = m->granule;
	struct policy p;
	int ret = policy_open(&p);

	if (ret)
		bench_die("vmswap cannot be talked to: %s", strerror(-ret));
	policy_cmd(&p, VMSWAP_CMD_VM_SET);
	policy_put_u64(&p, VMSWAP_A_VM_ID, vm);
	policy_put(&p, VMSWAP_A_VM_GRANULE, &granule, sizeof(granule));
	ret = policy_talk(&p, NULL, NULL);
	policy_close(&p);
	if (ret && ret != -EOPNOTSUPP)
		bench_die("granule %u: %s", granule, strerror(-ret));
	snprintf(m->setting, sizeof(m->setting), "granule %u", ret ? 1 : granule);
}

static void vmswap_open(struct memory *m)
{
	struct vmswap_create_vm args = { .size = m->pages * PAGE };
	int dev = open("/dev/vmswap", O_RDWR | O_CLOEXEC);

	if (dev < 0)
		bench_die_errno("/dev/vmswap");
	m->fd = ioctl(dev, VMSWAP_IOC_CREATE_VM, &args);
	if (m->fd < 0)
		bench_die_errno("no VM of %zu pages", m->pages);
	close(dev);
	if (m->granule)
		set_granule(m, args.id);
	else
		strcpy(m->setting, "defaults");
	m->at = mmap(NULL, m->pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
}

static void file_close(struct memory *m)
{
	munmap(m->at, m->pages * PAGE);
	close(m->fd);
}

static void vmswap_evict(struct memory *m)
{
	struct vmswap_range range = { 0, m->pages * PAGE };
	struct vmswap_ranges args = { .ranges = (uintptr_t)&range, .nr_ranges = 1 };

	if (ioctl(m->fd, VMSWAP_IOC_EVICT, &args))
		bench_die_errno("EVICT");
	if (args.kept_no_room)
		bench_die("no tier has room for %llu pages", args.kept_no_room);
}

void vmswap_discard_ranges(struct memory *m, const uint32_t *chunks, size_t n, size_t chunk_pages)
{
	static struct vmswap_range ranges[VMSWAP_MAX_RANGES];
	struct vmswap_ranges args = { .ranges = (uintptr_t)ranges, .nr_ranges = n };
	size_t i;

	for (i = 0; i < n; i++) {
		ranges[i].offset = chunks[i] * chunk_pages * PAGE;
		ranges[i].length = chunk_pages * PAGE;
	}
	if (ioctl(m->fd, VMSWAP_IOC_DISCARD, &args))
		bench_die_errno("DISCARD");
}

static void remove_discard(struct memory *m, size_t page, size_t pages)
{
	if (madvise(m->at + page * PAGE, pages * PAGE, MADV_REMOVE))
		bench_die_errno("MADV_REMOVE");
}

void vmswap_stat(struct memory *m, struct vmswap_vm_stat *stat)
{
	if (ioctl(m->fd, VMSWAP_IOC_VM_STAT, stat))
		bench_die_errno("VM_STAT");
}

static uint64_t vmswap_ins(struct memory *m)
{
	struct vmswap_vm_stat stat;

	vmswap_stat(m, &stat);
	return stat.swapin_pages;
}

/* An unchanged page that has a copy leaves, too. */
static uint64_t vmswap_outs(struct memory *m)
{
	struct vmswap_vm_stat stat;

	vmswap_stat(m, &stat);
	return stat.swapout_pages + stat.swapout_skipped_clean;
}

void vmswap_limit(struct memory *m, uint64_t bytes)
{
	struct vmswap_vm_stat stat;
	struct policy p;
	int ret = policy_open(&p);

	vmswap_stat(m, &stat);
	if (!ret) {
		ret = policy_vm_limit(&p, stat.id, bytes);
		policy_close(&p);
	}
	if (ret)
		bench_die("limit: %s", strerror(-ret));
}

static const struct memory_ops vmswap_ops = {
	.name = "vmswap",
	.open = vmswap_open,
	.close = file_close,
	.evict = vmswap_evict,
	.discard = remove_discard,
	.ins = vmswap_ins,
	.outs = vmswap_outs,
};

/* ---------------------------------------------------------------- native swap */

static void anon_open(struct memory *m)
{
	m->at = mmap(NULL, m->pages * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* Huge pages would be split when they leave. */
	if (m->at != MAP_FAILED && madvise(m->at, m->pages * PAGE, MADV_NOHUGEPAGE))
		bench_die_errno("MADV_NOHUGEPAGE");
	strcpy(m->setting, "THP off");
}

static void anon_close(struct memory *m)
{
	munmap(m->at, m->pages * PAGE);
}

static void shmem_open(struct memory *m)
{
	m->fd = memfd_create("bench", MFD_CLOEXEC);
	if (m->fd < 0 || ftruncate(m->fd, m->pages * PAGE))
		bench_die_errno("memfd of %zu pages", m->pages);
	m->at = mmap(NULL, m->pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
}

static void native_evict(struct memory *m)
{
	if (madvise(m->at, m->pages * PAGE, MADV_PAGEOUT))
		bench_die_errno("MADV_PAGEOUT");
}

static uint64_t native_ins(struct memory *m)
{
	return file_counter("/proc/vmstat", "pswpin");
}

static uint64_t native_outs(struct memory *m)
{
	return file_counter("/proc/vmstat", "pswpout");
}

static const struct memory_ops anon_ops = {
	.name = "anonymous",
	.native = true,
	.open = anon_open,
	.close = anon_close,
	.evict = native_evict,
	.ins = native_ins,
	.outs = native_outs,
};

static const struct memory_ops shmem_ops = {
	.name = "shmem",
	.native = true,
	.open = shmem_open,
	.close = file_close,
	.evict = native_evict,
	.discard = remove_discard,
	.ins = native_ins,
	.outs = native_outs,
};

/* ----------------------------------------------------------------------- all */

const struct memory_ops *memory_kind(const char *name)
{
	static const struct memory_ops *const kinds[] = {
		&vmswap_ops, &anon_ops, &shmem_ops, &controller_copy_ops,
		&controller_continue_ops,
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(name, kinds[i]->name))
			return kinds[i];
	bench_die("%s: no such memory", name);
}

void memory_open(struct memory *m, const struct memory_ops *ops, size_t pages)
{
	m->ops = ops;
	m->pages = pages;
	m->fd = -1;
	m->setting[0] = 0;
	m->first = calloc(pages, sizeof(*m->first));
	ops->open(m);
	/* It must not be swapped with what is measured. */
	if (m->at == MAP_FAILED || !m->first || mlock(m->first, pages * sizeof(*m->first)))
		bench_die_errno("%s: %zu pages", ops->name, pages);
}

void memory_close(struct memory *m)
{
	m->ops->close(m);
	free(m->first);
}

void memory_fill(struct memory *m, enum page_class class)
{
	size_t i;

	for (i = 0; i < m->pages; i++) {
		page_make(m->at + i * PAGE, class, i);
		m->first[i] = *(uint64_t *)(m->at + i * PAGE);
	}
}

void memory_verify(struct memory *m, enum page_class class)
{
	size_t i;

	for (i = 0; i < m->pages; i++)
		if (!page_is(m->at + i * PAGE, class, i))
			bench_die("%s: page %zu has other bytes than it was given",
				  m->ops->name, i);
}

size_t memory_resident(struct memory *m)
{
	uint8_t *map = malloc(m->pages);
	size_t i, n = 0;

	if (!map || mincore(m->at, m->pages * PAGE, map))
		bench_die_errno("mincore");
	for (i = 0; i < m->pages; i++)
		n += map[i] & 1;
	free(map);
	return n;
}

/* What a write to a device holds, or a batch of another CPU, goes a moment later. */
void memory_evict_all(struct memory *m)
{
	size_t left = 0;
	int i;

	for (i = 0; i < 200; i++) {
		left = memory_resident(m);
		if (!left)
			return;
		m->ops->evict(m);
		if (i > 2)
			usleep(10000);
	}
	bench_die("%s: %zu pages do not leave", m->ops->name, left);
}

void memory_write(struct memory *m, const uint32_t *order, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		*(volatile uint64_t *)(m->at + order[i] * PAGE) = m->first[order[i]];
}

void memory_read(struct memory *m, const uint32_t *order, size_t n)
{
	uint64_t differs = 0;
	size_t i;

	for (i = 0; i < n; i++)
		differs |= *(volatile uint64_t *)(m->at + order[i] * PAGE) ^ m->first[order[i]];
	if (differs)
		bench_die("%s: a page has other bytes than it was given", m->ops->name);
}

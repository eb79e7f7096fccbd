// SPDX-License-Identifier: GPL-2.0
/*
 * tier_block.c - a block device.
 *
 * A slot is 4 KiB of the device.  Bios read into the page itself and write from
 * it: its folio stays locked until the bio ends, so nobody sees or changes bytes
 * on their way.  Slots are kept while the page is in memory, so that an unchanged
 * page is dropped without writing.
 *
 * What a bio in flight needs, and why it stays: the region, because its page
 * cache cannot be truncated while the folio is locked; the slot, because only the
 * holder of that lock frees it; the tier, because its removal waits for in_flight.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/mm.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>
#include <linux/xxhash.h>

#include "compat.h"
#include "fault.h"
#include "slot.h"
#include "tier.h"

#define SECTORS_PER_PAGE	(PAGE_SIZE >> SECTOR_SHIFT)

/* Bios kept for I/O when there is no memory: two runs. */
#define POOL_SIZE		(2 * VMSWAP_RUN_MAX)

struct block {
	struct vmswap_bdev dev;
	struct vmswap_slots slots;
	struct bio_set bios;
	atomic_t in_flight;
};

struct block_io {
	struct vmswap_tier *tier;
	struct folio *folio;
	u64 word;
	u64 start;			/* reads: ktime of the request */
	struct vmswap_store_batch *batch; /* writes */
	unsigned int index;
	struct work_struct work;	/* a failed read is tried again from here */
	struct bio bio;			/* last: its vector follows */
};

static struct workqueue_struct *retry_wq;

static unsigned long slot_of(u64 word)
{
	return vmswap_word_payload(word);
}

/* Binds a slot's content to its page and VM. */
static u64 page_sum(struct folio *folio)
{
	struct vmswap_region *region = vmswap_region_of(folio->mapping->host);
	void *addr = kmap_local_folio(folio, 0);
	u64 sum = xxh64(addr, PAGE_SIZE,
			region->vm->key ^ ((u64)region->index << 52) ^ folio->index);

	kunmap_local(addr);
	return sum;
}

/* ------------------------------------------------------------------------- bios */

static struct block_io *io_alloc(struct vmswap_tier *tier, struct folio *folio, u64 word,
				 blk_opf_t op, gfp_t gfp)
{
	struct block *block = tier->priv;
	struct bio *bio = bio_alloc_bioset(block->dev.bdev, 1, op, gfp, &block->bios);
	struct block_io *io;

	if (!bio)
		return NULL;
	io = container_of(bio, struct block_io, bio);
	io->tier = tier;
	io->folio = folio;
	io->word = word;
	bio->bi_iter.bi_sector = (sector_t)slot_of(word) * SECTORS_PER_PAGE;
	__bio_add_page(bio, folio_page(folio, 0), PAGE_SIZE, 0);
	atomic_inc(&block->in_flight);
	return io;
}

/* The last thing that is done with the tier. */
static void io_free(struct block_io *io)
{
	struct block *block = io->tier->priv;

	bio_put(&io->bio);
	if (atomic_dec_and_test(&block->in_flight))
		wake_up_var(&block->in_flight);
}

static bool sum_ok(struct block_io *io)
{
	struct block *block = io->tier->priv;

	return page_sum(io->folio) == *vmswap_slot_sum(&block->slots, slot_of(io->word));
}

/* ------------------------------------------------------------------------ reads */

static void read_done(struct block_io *io, int err)
{
	vmswap_load_done(io->folio, io->word, io->start, err);
	io_free(io);
}

static int read_again(struct block_io *io)
{
	struct block *block = io->tier->priv;
	struct bio_vec vec;
	struct bio bio;
	int ret;

	bio_init(&bio, block->dev.bdev, &vec, 1, REQ_OP_READ);
	bio.bi_iter.bi_sector = (sector_t)slot_of(io->word) * SECTORS_PER_PAGE;
	__bio_add_page(&bio, folio_page(io->folio, 0), PAGE_SIZE, 0);
	ret = submit_bio_wait(&bio);
	bio_uninit(&bio);
	if (ret)
		return ret;
	return sum_ok(io) ? 0 : -EBADMSG;
}

static void read_retry(struct work_struct *work)
{
	struct block_io *io = container_of(work, struct block_io, work);

	atomic64_inc(&io->tier->errors);
	read_done(io, read_again(io));
}

/* Softirq, mostly. */
static void read_end(struct bio *bio)
{
	struct block_io *io = container_of(bio, struct block_io, bio);

	if (likely(!bio->bi_status && sum_ok(io))) {
		read_done(io, 0);
		return;
	}
	INIT_WORK(&io->work, read_retry);
	queue_work(retry_wq, &io->work);
}

static int block_load(struct vmswap_tier *tier, struct vmswap_vm *vm, u64 word,
		      struct folio *folio)
{
	struct block_io *io = io_alloc(tier, folio, word, REQ_OP_READ, GFP_NOIO);

	io->start = ktime_get_ns();
	io->bio.bi_end_io = read_end;
	submit_bio(&io->bio);
	return -EINPROGRESS;
}

/* ----------------------------------------------------------------------- writes */

static void write_end(struct bio *bio)
{
	struct block_io *io = container_of(bio, struct block_io, bio);
	struct vmswap_store_batch *batch = io->batch;
	unsigned int index = io->index;
	int err = blk_status_to_errno(bio->bi_status);

	io_free(io);
	vmswap_store_end(batch, index, err);
}

static int block_store(struct vmswap_tier *tier, struct vmswap_store *store,
		       u64 *payload, bool *spec)
{
	struct block *block = tier->priv;
	struct block_io *io;
	long slot;

	slot = vmswap_slot_alloc(&block->slots);
	if (slot < 0)
		return slot;
	*payload = slot;
	*vmswap_slot_sum(&block->slots, slot) = page_sum(store->folio);
	atomic64_add(PAGE_SIZE, &tier->used);
	vmswap_tier_account(tier, store->region->vm, 1, PAGE_SIZE);
	/* A pool of bios of our own makes this succeed without memory. */
	io = io_alloc(tier, store->folio, vmswap_word_slot(tier->id, slot, false),
		      REQ_OP_WRITE | REQ_SYNC, GFP_NOIO);
	io->batch = store->batch;
	io->index = store->index;
	io->bio.bi_end_io = write_end;
	vmswap_store_begin(store->batch);
	submit_bio(&io->bio);
	return -EINPROGRESS;
}

static void block_free(struct vmswap_tier *tier, struct vmswap_vm *vm, u64 word)
{
	struct block *block = tier->priv;

	vmswap_slot_free(&block->slots, slot_of(word));
	atomic64_sub(PAGE_SIZE, &tier->used);
	vmswap_tier_account(tier, vm, -1, -(s64)PAGE_SIZE);
}

/* By checksum, keyed per VM: wrong once in 2^64 comparisons. */
static bool block_equal(struct vmswap_tier *tier, struct vmswap_vm *vm, u64 word,
			struct folio *folio)
{
	struct block *block = tier->priv;

	return page_sum(folio) == *vmswap_slot_sum(&block->slots, slot_of(word));
}

/* --------------------------------------------------------------- add and remove */

/* Memory reclaim must not wait for a device that needs memory itself. */
static bool needs_memory(struct block_device *bdev)
{
	const char *name = bdev->bd_disk->disk_name;

	return !strncmp(name, "loop", 4) || !strncmp(name, "rbd", 3) ||
	       !strncmp(name, "zram", 4);
}

static int open_device(struct vmswap_tier *tier, struct block *block, const char *path,
		       struct netlink_ext_ack *extack)
{
	int ret = vmswap_bdev_open(&block->dev, path, tier);

	if (ret == -ENOTBLK)
		NL_SET_ERR_MSG(extack, "not a block device; regular files are not built yet");
	else if (ret == -EBUSY)
		NL_SET_ERR_MSG(extack, "the device is in use (mounted, swap, or another tier)");
	else if (ret)
		NL_SET_ERR_MSG(extack, "the device cannot be opened for reading and writing");
	return ret == -ENOTBLK ? -EOPNOTSUPP : ret;
}

static int choose_size(struct vmswap_tier *tier, struct block *block, u64 wanted,
		       struct netlink_ext_ack *extack)
{
	u64 size = bdev_nr_bytes(block->dev.bdev);

	if (wanted > size) {
		NL_SET_ERR_MSG(extack, "size is more than the device has");
		return -EINVAL;
	}
	tier->size = round_down(wanted ?: size, PAGE_SIZE);
	if (!tier->size) {
		NL_SET_ERR_MSG(extack, "the device has no room for a page");
		return -EINVAL;
	}
	if (bdev_logical_block_size(block->dev.bdev) > PAGE_SIZE) {
		NL_SET_ERR_MSG(extack, "the device's logical blocks are larger than a page");
		return -EINVAL;
	}
	return 0;
}

static int block_create(struct vmswap_tier *tier, const struct vmswap_tier_params *params,
			struct netlink_ext_ack *extack)
{
	struct block *block;
	int ret;

	if (!params->path) {
		NL_SET_ERR_MSG(extack, "a block tier needs a path");
		return -EINVAL;
	}
	block = kzalloc(sizeof(*block), GFP_KERNEL);
	if (!block)
		return -ENOMEM;
	ret = open_device(tier, block, params->path, extack);
	if (ret)
		goto free;
	ret = choose_size(tier, block, params->size, extack);
	if (ret)
		goto close;
	ret = vmswap_slots_init(&block->slots, tier->size >> PAGE_SHIFT);
	if (ret)
		goto close;
	ret = bioset_init(&block->bios, POOL_SIZE, offsetof(struct block_io, bio),
			  BIOSET_NEED_BVECS);
	if (ret)
		goto slots;
	if (params->reclaim_safe < 0 && needs_memory(block->dev.bdev))
		tier->reclaim_safe = false;
	tier->priv = block;
	return 0;
slots:
	vmswap_slots_destroy(&block->slots);
close:
	vmswap_bdev_close(&block->dev, tier);
free:
	kfree(block);
	return ret;
}

static void block_destroy(struct vmswap_tier *tier)
{
	struct block *block = tier->priv;

	wait_var_event(&block->in_flight, !atomic_read(&block->in_flight));
	synchronize_rcu();	/* the last completion has left our text */
	bioset_exit(&block->bios);
	vmswap_slots_destroy(&block->slots);
	vmswap_bdev_close(&block->dev, tier);
	kfree(block);
}

const struct vmswap_tier_ops vmswap_tier_block_ops = {
	.kind		= VMSWAP_TIER_KIND_BLOCK,
	.keeps_copy	= true,
	.reclaim_safe	= true,
	.create		= block_create,
	.destroy	= block_destroy,
	.store		= block_store,
	.load		= block_load,
	.free		= block_free,
	.equal		= block_equal,
};

int vmswap_tier_block_init(void)
{
	retry_wq = alloc_workqueue("vmswap_retry", WQ_PERCPU | WQ_MEM_RECLAIM, 0);
	return retry_wq ? 0 : -ENOMEM;
}

void vmswap_tier_block_exit(void)
{
	destroy_workqueue(retry_wq);
}

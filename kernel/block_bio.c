// SPDX-License-Identifier: GPL-2.0
/*
 * block_bio.c - a block tier on a device.
 *
 * Bios read into the page itself and write from it.  Neighbouring pages of a run
 * have neighbouring slots: the block layer makes them one request.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/mm.h>

#include "block.h"

/*
 * Memory reclaim must not wait for a device that needs memory itself, or a process.
 * What lies below a device-mapper target is not seen: the operator tells it.
 */
static bool needs_memory(struct block_device *bdev)
{
	const char *name = bdev->bd_disk->disk_name;

	return !strncmp(name, "loop", 4) || !strncmp(name, "rbd", 3) ||
	       !strncmp(name, "zram", 4) || !strncmp(name, "ublk", 4);
}

/*
 * The disk was removed: the tier knows before its next I/O fails.  Not called before 6.9.
 * The holder's lock keeps the tier until it is released.
 */
static void bio_mark_dead(struct block_device *bdev, bool surprise)
{
	vmswap_tier_lost(bdev->bd_holder);
	vmswap_bdev_release_holder_lock(bdev);
}

static const struct blk_holder_ops holder_ops = {
	.mark_dead = bio_mark_dead,
};

static void bio_work(struct work_struct *work);

static int bio_open(struct vmswap_tier *tier, struct vmswap_block *block,
		    struct netlink_ext_ack *extack)
{
	int ret = vmswap_bdev_open(&block->dev, tier->path, tier, &holder_ops);

	if (ret == -EBUSY)
		NL_SET_ERR_MSG(extack, "the device is in use (mounted, swap, or another tier)");
	else if (ret)
		NL_SET_ERR_MSG(extack, "the device cannot be opened for reading and writing");
	if (ret)
		return ret;
	if (bdev_logical_block_size(block->dev.bdev) > PAGE_SIZE) {
		NL_SET_ERR_MSG(extack, "the device's logical blocks are larger than a page");
		vmswap_bdev_close(&block->dev, tier);
		return -EINVAL;
	}
	vmswap_block_queue_init(&block->queue[READ], bio_work);
	block->bytes = bdev_nr_bytes(block->dev.bdev);
	block->reclaim_safe = !needs_memory(block->dev.bdev);
	return 0;
}

static void bio_close(struct vmswap_tier *tier, struct vmswap_block *block)
{
	flush_work(&block->queue[READ].work);
	vmswap_bdev_close(&block->dev, tier);
}

static void leave_to_worker(struct vmswap_block_io *io)
{
	io->nowait = false;
	vmswap_block_defer(io);
}

/* Softirq, mostly. */
static void bio_end(struct bio *bio)
{
	struct vmswap_block_io *io = container_of(bio, struct vmswap_block_io, bio);
	int err = blk_status_to_errno(bio->bi_status);

	/*
	 * Before 6.9 nobody tells that the disk was removed, which waits for what was on its
	 * way.  The bio's own device is another one where a driver has passed it on.
	 */
	if (unlikely(test_bit(GD_DEAD, &vmswap_block_of(io)->dev.bdev->bd_disk->state)))
		vmswap_tier_lost(io->tier);
	bio_uninit(bio);
	/* A queue is full, or a device below knows no NOWAIT: who asked shall not wait for it. */
	if (unlikely(err == -EAGAIN || err == -EOPNOTSUPP) && io->nowait) {
		leave_to_worker(io);
		return;
	}
	vmswap_block_io_done(io, err);
}

static blk_opf_t opf_of(const struct vmswap_block_io *io)
{
	if (io->write)
		return REQ_OP_WRITE | REQ_SYNC;
	return REQ_OP_READ | (io->nowait ? REQ_NOWAIT : 0);
}

static void bio_submit(struct vmswap_block_io *io)
{
	struct block_device *bdev = vmswap_block_of(io)->dev.bdev;
	struct bio *bio = &io->bio;

	/* Such as dm-crypt: it would wait for room in the queue of the device below. */
	if (io->nowait && !bdev_nowait(bdev)) {
		leave_to_worker(io);
		return;
	}
	bio_init(bio, bdev, &io->vec, 1, opf_of(io));
	bio->bi_iter.bi_sector = vmswap_block_offset(io) >> SECTOR_SHIFT;
	bio->bi_end_io = bio_end;
	__bio_add_page(bio, folio_page(io->folio, 0), PAGE_SIZE, 0);
	submit_bio(bio);
}

static void bio_work(struct work_struct *work)
{
	struct vmswap_block_queue *queue = container_of(work, struct vmswap_block_queue, work);
	struct llist_node *list = vmswap_block_queue_take(queue);
	struct vmswap_block_io *io, *next;
	struct blk_plug plug;

	blk_start_plug(&plug);
	llist_for_each_entry_safe(io, next, list, node)
		bio_submit(io);
	blk_finish_plug(&plug);
}

const struct vmswap_block_ops vmswap_block_bio_ops = {
	.open	= bio_open,
	.close	= bio_close,
	.submit	= bio_submit,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * block_file.c - a block tier in a regular file.
 *
 * Where a file's bytes lie on the disk may change while it is open, so no bio is
 * ever made from its block map: the file system is asked for each page, with
 * O_DIRECT, as the loop driver does.  It may allocate and wait for a transaction
 * then, so it is entered only by workers of our own, which hold none of our locks
 * and must not write to other file systems for memory; and reclaim never waits
 * for them (reclaim_safe is no).
 */
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/stat.h>
#include <linux/uio.h>

#include "block.h"

/* ------------------------------------------------------------------ open, close */

/*
 * We write without an open of our own being seen: from one writer, which is us, to
 * one who denies writing.  Nobody else can open the file for writing, truncate or
 * map it writable until it is given back.
 */
static bool deny_writers(struct inode *inode)
{
	return atomic_cmpxchg(&inode->i_writecount, 1, -1) == 1;
}

static void allow_writers(struct inode *inode)
{
	atomic_add(2, &inode->i_writecount);
}

/* A file system that a process, another host or memory serves is none to swap to. */
static int check_fs(struct file *file, struct netlink_ext_ack *extack)
{
	struct super_block *sb = file_inode(file)->i_sb;

	if (sb->s_bdev && sb->s_magic != FUSE_SUPER_MAGIC &&
	    file->f_op->read_iter && file->f_op->write_iter)
		return 0;
	NL_SET_ERR_MSG(extack, "a local file system on a block device is needed (ext4, xfs)");
	return -EOPNOTSUPP;
}

/* What was written last may not have got its blocks yet. */
static int check_holes(struct file *file, u64 bytes, struct netlink_ext_ack *extack)
{
	struct kstat stat;
	int ret;

	ret = vfs_fsync(file, 0);
	if (!ret)
		ret = vfs_getattr(&file->f_path, &stat, STATX_BLOCKS, AT_STATX_SYNC_AS_STAT);
	if (ret) {
		NL_SET_ERR_MSG(extack, "the file cannot be synced");
		return ret;
	}
	if (stat.blocks << SECTOR_SHIFT >= bytes)
		return 0;
	NL_SET_ERR_MSG(extack, "the file has holes; make it with fallocate -l SIZE");
	return -EINVAL;
}

static int check_file(struct file *file, u64 bytes, struct netlink_ext_ack *extack)
{
	int ret = check_fs(file, extack) ?: check_holes(file, bytes, extack);

	if (ret)
		return ret;
	if (IS_SWAPFILE(file_inode(file)) || !deny_writers(file_inode(file))) {
		NL_SET_ERR_MSG(extack, "the file is in use (swap, open for writing, another tier)");
		return -ETXTBSY;
	}
	return 0;
}

static struct file *open_file(const char *path, struct netlink_ext_ack *extack)
{
	struct file *file = filp_open(path, O_RDWR | O_LARGEFILE | O_DIRECT, 0);
	int ret = PTR_ERR_OR_ZERO(file);

	if (ret == -EINVAL)
		NL_SET_ERR_MSG(extack, "the file system has no O_DIRECT");
	else if (ret == -ETXTBSY)
		NL_SET_ERR_MSG(extack, "the file is in use (swap, a program, or another tier)");
	else if (ret)
		NL_SET_ERR_MSG(extack, "the file cannot be opened for reading and writing");
	return file;
}

static void file_work(struct work_struct *work);

static int file_open_tier(struct vmswap_tier *tier, struct vmswap_block *block,
			  struct netlink_ext_ack *extack)
{
	struct file *file = open_file(tier->path, extack);
	int ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	block->bytes = i_size_read(file_inode(file));
	ret = check_file(file, block->bytes, extack);
	if (ret) {
		fput(file);
		return ret;
	}
	block->file = file;
	block->reclaim_safe = false;
	vmswap_block_queue_init(&block->queue[READ], file_work);
	vmswap_block_queue_init(&block->queue[WRITE], file_work);
	return 0;
}

static void file_close_tier(struct vmswap_tier *tier, struct vmswap_block *block)
{
	flush_work(&block->queue[READ].work);
	flush_work(&block->queue[WRITE].work);
	allow_writers(file_inode(block->file));
	fput(block->file);
}

/* ------------------------------------------------------------------------- I/O */

/* The file system may look at the request after it has completed it. */
static void put_io(struct vmswap_block_io *io)
{
	if (atomic_dec_and_test(&io->users))
		vmswap_block_io_done(io, io->err);
}

/*
 * A file system that is frozen (for a snapshot) is not written to.  Nor is it waited
 * for: pages are locked.  Completion ends in another context what began here, which
 * lockdep is told as aio tells it.
 */
static bool start_write(struct file *file)
{
	struct super_block *sb = file_inode(file)->i_sb;

	if (!sb_start_write_trylock(sb))
		return false;
	__sb_writers_release(sb, SB_FREEZE_WRITE);
	return true;
}

static void end_write(struct file *file)
{
	struct super_block *sb = file_inode(file)->i_sb;

	__sb_writers_acquired(sb, SB_FREEZE_WRITE);
	sb_end_write(sb);
}

static void file_complete(struct kiocb *kiocb, long ret)
{
	struct vmswap_block_io *io = container_of(kiocb, struct vmswap_block_io, kiocb);

	if (io->write)
		end_write(kiocb->ki_filp);
	io->err = ret == PAGE_SIZE ? 0 : ret < 0 ? ret : -EIO;
	put_io(io);
}

static void start_io(struct vmswap_block_io *io)
{
	struct file *file = vmswap_block_of(io)->file;
	struct iov_iter iter;
	ssize_t ret;

	io->kiocb = (struct kiocb) {
		.ki_filp	= file,
		.ki_pos		= vmswap_block_offset(io),
		.ki_complete	= file_complete,
		.ki_flags	= IOCB_DIRECT,
	};
	if (io->write && !start_write(file)) {
		vmswap_block_io_done(io, -EBUSY);
		return;
	}
	atomic_set(&io->users, 2);
	io->vec = (struct bio_vec) {
		.bv_page = folio_page(io->folio, 0), .bv_len = PAGE_SIZE,
	};
	iov_iter_bvec(&iter, io->write ? ITER_SOURCE : ITER_DEST, &io->vec, 1, PAGE_SIZE);
	if (io->write)
		ret = file->f_op->write_iter(&io->kiocb, &iter);
	else
		ret = file->f_op->read_iter(&io->kiocb, &iter);
	if (ret != -EIOCBQUEUED)
		file_complete(&io->kiocb, ret);
	put_io(io);
}

static void file_work(struct work_struct *work)
{
	struct vmswap_block_queue *queue = container_of(work, struct vmswap_block_queue, work);
	unsigned int old = current->flags & (PF_LOCAL_THROTTLE | PF_MEMALLOC_NOIO);
	struct llist_node *list = vmswap_block_queue_take(queue);
	struct vmswap_block_io *io, *next;
	struct blk_plug plug;

	/* Memory for this I/O must not need other I/O; nor is it throttled for others'. */
	current->flags |= PF_LOCAL_THROTTLE | PF_MEMALLOC_NOIO;
	blk_start_plug(&plug);
	llist_for_each_entry_safe(io, next, list, node) {
		start_io(io);
		cond_resched();
	}
	blk_finish_plug(&plug);
	current->flags &= ~(PF_LOCAL_THROTTLE | PF_MEMALLOC_NOIO);
	current->flags |= old;
}

const struct vmswap_block_ops vmswap_block_file_ops = {
	.open	= file_open_tier,
	.close	= file_close_tier,
	.submit	= vmswap_block_defer,
};

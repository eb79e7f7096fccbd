/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - the newest kernel interfaces, implemented on older kernels.
 *
 * The only place that may ask for the kernel's version.  Everything else is
 * written against the newest interface.
 */
#ifndef VMSWAP_COMPAT_H
#define VMSWAP_COMPAT_H

#include <linux/version.h>

/*
 * Others may build, but nobody has tried.  As none from 6.2 to 6.11 or from 6.13 to 7.1
 * is among them, the exact version in which an interface changed there does not matter.
 */
#define VMSWAP_KERNEL_IS(major, minor) \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(major, minor, 0) && \
	 LINUX_VERSION_CODE < KERNEL_VERSION(major, (minor) + 1, 0))

#if !VMSWAP_KERNEL_IS(6, 1) && !VMSWAP_KERNEL_IS(6, 12) && \
	!VMSWAP_KERNEL_IS(7, 2) && !VMSWAP_KERNEL_IS(7, 3)
#error "vmswap is tested on Linux 6.1, 6.12, 7.2 and 7.3 only"
#endif

/* khugepaged would put large folios of its own in place of ours where a file is executable. */
#ifdef CONFIG_READ_ONLY_THP_FOR_FS
#error "vmswap cannot have its pages collapsed: CONFIG_READ_ONLY_THP_FOR_FS has to be off"
#endif

/* Nothing would be charged to anybody, nor a dead VMM's last task be known. */
#ifndef CONFIG_MEMCG
#error "vmswap needs memory cgroups: CONFIG_MEMCG has to be on"
#endif

/* mbind() would not exist; distributions have it on. */
#ifndef CONFIG_NUMA
#error "vmswap is tested with CONFIG_NUMA only"
#endif

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/list_lru.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/uio.h>
#include <linux/workqueue.h>
#include <linux/zsmalloc.h>

/* 6.3: filemap_get_folio() returns an error pointer instead of NULL */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline struct folio *vmswap_filemap_get_folio(struct address_space *mapping,
						     pgoff_t index)
{
	struct folio *folio = __filemap_get_folio(mapping, index, 0, 0);

	return folio ? folio : ERR_PTR(-ENOENT);
}

#define filemap_get_folio vmswap_filemap_get_folio

/* 6.3: inode operations take an mnt_idmap */
#define mnt_idmap user_namespace
#define nop_mnt_idmap init_user_ns

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/* 6.4: a fault may hold the per-VMA lock instead of mmap_lock */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
static inline void release_fault_lock(struct vm_fault *vmf)
{
	mmap_read_unlock(vmf->vma->vm_mm);
}
#endif

/* 6.4: what reclaim credits is not of slabs only */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
static inline void mm_account_reclaimed_pages(unsigned long pages)
{
	if (current->reclaim_state)
		current->reclaim_state->reclaimed_slab += pages;
}
#endif

/* 6.5: splice by copy */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define copy_splice_read generic_file_splice_read
#endif

/* 6.6: copy_page_from_iter_atomic() of a folio */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
static inline size_t copy_folio_from_iter_atomic(struct folio *folio, size_t offset,
						 size_t bytes, struct iov_iter *from)
{
	return copy_page_from_iter_atomic(folio_page(folio, 0), offset, bytes, from);
}
#endif

/* 6.6: generic_fillattr() takes the mask */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define vmswap_fillattr(idmap, mask, inode, stat) \
	generic_fillattr(idmap, inode, stat)
#else
#define vmswap_fillattr(idmap, mask, inode, stat) \
	generic_fillattr(idmap, mask, inode, stat)
#endif

/* 6.7: accessors of the time stamps (inode_set_ctime_current() is in 6.1.y, too) */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline void simple_inode_init_ts(struct inode *inode)
{
	inode->i_atime = inode_set_ctime_current(inode);
	inode->i_mtime = inode->i_atime;
}

static inline void inode_set_mtime_to_ts(struct inode *inode, struct timespec64 ts)
{
	inode->i_mtime = ts;
}
#endif

/* 6.8: error_remove_page became error_remove_folio */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define VMSWAP_ERROR_REMOVE_PAGE
static inline int generic_error_remove_folio(struct address_space *mapping,
					     struct folio *folio)
{
	return generic_error_remove_page(mapping, &folio->page);
}
#endif

/* 6.9: a block device is opened as a file, whose holder is told when it is removed */
#include <linux/blkdev.h>

struct vmswap_bdev {
	struct block_device *bdev;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
	struct file *file;
#endif
};

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
/* Only I/O errors tell. */
struct blk_holder_ops {
	void (*mark_dead)(struct block_device *bdev, bool surprise);
};

static inline void vmswap_bdev_release_holder_lock(struct block_device *bdev)
{
}

static inline int vmswap_bdev_open(struct vmswap_bdev *dev, const char *path, void *holder,
				   const struct blk_holder_ops *hops)
{
	dev->bdev = blkdev_get_by_path(path, FMODE_READ | FMODE_WRITE | FMODE_EXCL, holder);
	return PTR_ERR_OR_ZERO(dev->bdev);
}

static inline void vmswap_bdev_close(struct vmswap_bdev *dev, void *holder)
{
	blkdev_put(dev->bdev, FMODE_READ | FMODE_WRITE | FMODE_EXCL);
}
#else
/* mark_dead() is called with it held and has to release it. */
static inline void vmswap_bdev_release_holder_lock(struct block_device *bdev)
{
	mutex_unlock(&bdev->bd_holder_lock);
}

static inline int vmswap_bdev_open(struct vmswap_bdev *dev, const char *path, void *holder,
				   const struct blk_holder_ops *hops)
{
	dev->file = bdev_file_open_by_path(path, BLK_OPEN_READ | BLK_OPEN_WRITE, holder, hops);
	if (IS_ERR(dev->file))
		return PTR_ERR(dev->file);
	dev->bdev = file_bdev(dev->file);
	return 0;
}

static inline void vmswap_bdev_close(struct vmswap_bdev *dev, void *holder)
{
	bdev_fput(dev->file);
}
#endif

/* 6.7: shrinkers are allocated; 6.8: list_lru_add() is told node and cgroup */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline struct shrinker *shrinker_alloc(unsigned int flags, const char *name)
{
	struct shrinker *shrinker = kzalloc(sizeof(*shrinker), GFP_KERNEL);

	if (shrinker) {
		shrinker->flags = flags;
		shrinker->seeks = DEFAULT_SEEKS;
	}
	return shrinker;
}

static inline void shrinker_free(struct shrinker *shrinker)
{
	unregister_shrinker(shrinker);
	kfree(shrinker);
}

/* Frees it when that fails. */
static inline int vmswap_shrinker_register(struct shrinker *shrinker, const char *name)
{
	int ret = register_shrinker(shrinker, "%s", name);

	if (ret)
		kfree(shrinker);
	return ret;
}
#else
static inline int vmswap_shrinker_register(struct shrinker *shrinker, const char *name)
{
	shrinker_register(shrinker);
	return 0;
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define list_lru_add_obj list_lru_add
#define list_lru_del_obj list_lru_del
#endif

/* 7.2: a walk of a list_lru does not tell its lock */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 2, 0)
#define VMSWAP_LRU_WALK_PARAMS \
	struct list_head *item, struct list_lru_one *list, spinlock_t *lock, void *arg
#else
#define VMSWAP_LRU_WALK_PARAMS \
	struct list_head *item, struct list_lru_one *list, void *arg
#endif

/* 7.3: what creates a file is not told whether it must be new: it always is */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
#define VMSWAP_CREATE_PARAMS \
	struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode, bool excl
#else
#define VMSWAP_CREATE_PARAMS \
	struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode
#endif

/* 7.2: <linux/pagevec.h> is gone */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 2, 0)
#include <linux/pagevec.h>
#else
#include <linux/folio_batch.h>
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 2, 0)
/* 7.2: what keeps a name in the dentry cache is a flag, not a reference */
static inline void d_make_persistent(struct dentry *dentry, struct inode *inode)
{
	d_instantiate(dentry, inode);
	dget(dentry);
}

/* 7.2: pages in bulk come in an array only */
#define alloc_pages_bulk(gfp, nr, pages) alloc_pages_bulk_array(gfp, nr, pages)

/* 7.2: what creates a worker does not start it */
#define kthread_run_worker kthread_create_worker

#define kill_anon_super kill_litter_super
#define inode_just_drop generic_delete_inode

/* 7.2: mkdir returns NULL, or an error, or the dentry that it used instead */
#define VMSWAP_MKDIR_RETURNS_INT

/* 7.2: a folio of the page cache is allocated by a memory policy; NULL: the task's */
struct mempolicy;
static inline struct folio *vmswap_filemap_alloc_folio(gfp_t gfp, unsigned int order,
						       struct mempolicy *policy)
{
	return filemap_alloc_folio(gfp, order);
}

#undef filemap_alloc_folio
#define filemap_alloc_folio vmswap_filemap_alloc_folio

/*
 * 7.2: zsmalloc copies an object that lies in two pages into memory of the
 * reader, for which the reader must know its length
 */
#define vmswap_zs_knows_length() true
#define zs_malloc(pool, size, gfp, nid) zs_malloc(pool, size, gfp)

static inline void *zs_obj_read_begin(struct zs_pool *pool, unsigned long handle,
				      size_t len, void *copy)
{
	return zs_map_object(pool, handle, ZS_MM_RO);
}

static inline void zs_obj_read_end(struct zs_pool *pool, unsigned long handle,
				   size_t len, void *object)
{
	zs_unmap_object(pool, handle);
}

static inline void zs_obj_write(struct zs_pool *pool, unsigned long handle, void *from,
				size_t len)
{
	memcpy(zs_map_object(pool, handle, ZS_MM_WO), from, len);
	zs_unmap_object(pool, handle);
}
#else
#define vmswap_zs_knows_length() false
#endif

#endif /* VMSWAP_COMPAT_H */

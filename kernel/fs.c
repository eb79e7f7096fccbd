// SPDX-License-Identifier: GPL-2.0
/*
 * fs.c - vmswapfs: super blocks, directories, inodes.
 *
 * A memory file system in the manner of ramfs: what exists is what the dentry
 * cache holds.  An entry of a mount's root is a VM: a file, or a directory with
 * all the files below it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/file.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/statfs.h>
#include <linux/swap.h>

#include "compat.h"
#include "fs.h"
#include "vm.h"

/**
 * struct vmswap_sb - a mount
 * @name_lock: serializes what makes, moves and names VMs in this mount
 * @mode: of the root directory
 * @uid: owner of the root directory
 * @gid: group of the root directory
 * @size: most bytes that all files may have together; 0 = no limit
 * @used: bytes that all files have
 * @private_ok: writable private mappings are allowed
 */
struct vmswap_sb {
	struct mutex name_lock;		/* what makes, moves and names VMs */
	umode_t mode;
	kuid_t uid;
	kgid_t gid;
	u64 size;
	atomic64_t used;
	bool private_ok;
};

static struct kmem_cache *region_cache;
static atomic_long_t nr_regions;	/* inodes not yet freed */
static atomic_long_t nr_files;		/* regular files */

static const struct inode_operations vmswap_dir_iops;
static const struct inode_operations vmswap_file_iops;
static struct file_system_type vmswapfs_type;

static struct vmswap_sb *sb_info(struct super_block *sb)
{
	return sb->s_fs_info;
}

long vmswap_fs_files(void)
{
	return atomic_long_read(&nr_files);
}

bool vmswap_fs_private_allowed(struct super_block *sb)
{
	return sb_info(sb)->private_ok;
}

/**
 * vmswap_fs_reserve() - account a change of a file's size with its mount
 * @inode: the file, its lock held
 * @new_size: the size it is going to have
 *
 * Return: 0, or -ENOSPC when the mount's size= would be exceeded.
 */
int vmswap_fs_reserve(struct inode *inode, loff_t new_size)
{
	struct vmswap_sb *info = sb_info(inode->i_sb);
	s64 delta = round_up(new_size, PAGE_SIZE) -
		    round_up(i_size_read(inode), PAGE_SIZE);

	if (atomic64_add_return(delta, &info->used) > info->size &&
	    info->size && delta > 0) {
		atomic64_sub(delta, &info->used);
		return -ENOSPC;
	}
	return 0;
}

/* ------------------------------------------------------------------ inodes */

static struct inode *vmswap_alloc_inode(struct super_block *sb)
{
	struct vmswap_region *region = alloc_inode_sb(sb, region_cache, GFP_KERNEL);

	if (!region)
		return NULL;
	region->vm = NULL;
	region->index = 0;
	memset(&region->place, 0, sizeof(region->place));
	spin_lock_init(&region->place_lock);
	memset(region->streams, 0, sizeof(region->streams));
	INIT_LIST_HEAD(&region->vm_node);
	vmswap_pagemap_init(&region->map);
	atomic_long_inc(&nr_regions);
	return &region->inode;
}

static void vmswap_free_inode(struct inode *inode)
{
	kmem_cache_free(region_cache, vmswap_region_of(inode));
	atomic_long_dec(&nr_regions);
}

static void region_init_once(void *obj)
{
	struct vmswap_region *region = obj;

	inode_init_once(&region->inode);
}

static void vmswap_evict_inode(struct inode *inode)
{
	struct vmswap_region *region = vmswap_region_of(inode);

	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	if (S_ISREG(inode->i_mode))
		atomic_long_dec(&nr_files);
	if (!region->vm)
		return;
	if (S_ISREG(inode->i_mode)) {
		atomic64_sub(round_up(i_size_read(inode), PAGE_SIZE),
			     &sb_info(inode->i_sb)->used);
		vmswap_vm_region_del(region);
	} else {
		vmswap_vm_put(region->vm);
	}
}

static struct inode *new_inode_of(struct super_block *sb, const struct inode *dir,
				  struct mnt_idmap *idmap, umode_t mode)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	inode->i_ino = get_next_ino();
	inode_init_owner(idmap, inode, dir, mode);
	simple_inode_init_ts(inode);
	inode->i_flags |= S_NOCMTIME;
	if (S_ISDIR(mode)) {
		inode->i_op = &vmswap_dir_iops;
		inode->i_fop = &simple_dir_operations;
		inc_nlink(inode);
		return inode;
	}
	atomic_long_inc(&nr_files);
	inode->i_op = &vmswap_file_iops;
	inode->i_fop = &vmswap_file_ops;
	inode->i_mapping->a_ops = &vmswap_aops;
	/* vmswap alone decides what leaves memory. */
	mapping_set_unevictable(inode->i_mapping);
	mapping_set_gfp_mask(inode->i_mapping, GFP_HIGHUSER_MOVABLE);
	return inode;
}

/* ------------------------------------------------------------ names and VMs */

/* The entry of the mount's root above which @dentry lies; a reference. */
static struct dentry *top_entry(struct dentry *dentry)
{
	struct dentry *parent;

	dget(dentry);
	while (!IS_ROOT(dentry)) {
		parent = dget_parent(dentry);
		if (IS_ROOT(parent)) {
			dput(parent);
			break;
		}
		dput(dentry);
		dentry = parent;
	}
	return dentry;
}

static bool same_vm(struct dentry *a, struct dentry *b)
{
	struct dentry *ta = top_entry(a), *tb = top_entry(b);
	bool same = ta == tb;

	dput(ta);
	dput(tb);
	return same;
}

/* Reserved for free-page hints, and never a VM. */
bool vmswap_fs_is_hints_name(const char *name, size_t len)
{
	static const char suffix[] = ".hints";
	size_t n = sizeof(suffix) - 1;

	return len >= n && !memcmp(name + len - n, suffix, n);
}

static bool is_hints_name(const struct dentry *dentry)
{
	return vmswap_fs_is_hints_name(dentry->d_name.name, dentry->d_name.len);
}

static int add_to_new_vm(struct dentry *top, struct inode *inode, struct vmswap_vm **vmp)
{
	struct vmswap_vm *vm;
	int ret;

	vm = vmswap_vm_create(top->d_name.name, inode->i_sb->s_dev);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	ret = vmswap_vm_region_add(vm, vmswap_region_of(inode));
	if (ret || !vmp)
		vmswap_vm_put(vm);
	else
		*vmp = vm;	/* the directory keeps the reference */
	return ret;
}

static int add_to_vm(struct dentry *dentry, struct inode *inode)
{
	struct dentry *top = top_entry(dentry);
	struct vmswap_region *dir;
	int ret = -ESTALE;

	lockdep_assert_held(&sb_info(inode->i_sb)->name_lock);
	if (top == dentry) {
		ret = add_to_new_vm(top, inode, NULL);
		goto out;
	}
	dir = vmswap_region_of(d_inode(top));
	if (dir->vm)
		ret = vmswap_vm_region_add(dir->vm, vmswap_region_of(inode));
	if (ret == -ESTALE) {
		if (dir->vm)
			vmswap_vm_put(dir->vm);
		dir->vm = NULL;
		ret = add_to_new_vm(top, inode, &dir->vm);
	}
out:
	dput(top);
	return ret;
}

/* An entry of the directory has come. */
static void touch_dir(struct inode *dir)
{
	inode_set_mtime_to_ts(dir, inode_set_ctime_current(dir));
}

static int vmswap_create(VMSWAP_CREATE_PARAMS)
{
	struct vmswap_sb *info = sb_info(dir->i_sb);
	struct inode *inode;
	int ret;

	if (is_hints_name(dentry))
		return -EOPNOTSUPP;
	inode = new_inode_of(dir->i_sb, dir, idmap, S_IFREG | mode);
	if (!inode)
		return -ENOMEM;
	mutex_lock(&info->name_lock);
	ret = add_to_vm(dentry, inode);
	if (!ret) {
		d_make_persistent(dentry, inode);	/* names live in the dentry cache */
		touch_dir(dir);
	}
	mutex_unlock(&info->name_lock);
	if (ret)
		iput(inode);
	return ret;
}

static struct dentry *vmswap_mkdir(struct mnt_idmap *idmap, struct inode *dir,
				   struct dentry *dentry, umode_t mode)
{
	struct inode *inode;

	if (is_hints_name(dentry))
		return ERR_PTR(-EOPNOTSUPP);
	inode = new_inode_of(dir->i_sb, dir, idmap, S_IFDIR | mode);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inc_nlink(dir);
	d_make_persistent(dentry, inode);
	touch_dir(dir);
	return NULL;
}

#ifdef VMSWAP_MKDIR_RETURNS_INT
static int vmswap_mkdir_int(struct mnt_idmap *idmap, struct inode *dir,
			    struct dentry *dentry, umode_t mode)
{
	return PTR_ERR_OR_ZERO(vmswap_mkdir(idmap, dir, dentry, mode));
}
#endif

/* A VM is named after its entry in the root. */
static void rename_vm(struct dentry *dentry, const char *name)
{
	struct vmswap_region *region = vmswap_region_of(d_inode(dentry));

	if (IS_ROOT(dentry->d_parent) && region->vm)
		vmswap_vm_rename(region->vm, name);
}

static int vmswap_rename(struct mnt_idmap *idmap, struct inode *old_dir,
			 struct dentry *old, struct inode *new_dir,
			 struct dentry *new, unsigned int flags)
{
	struct vmswap_sb *info = sb_info(old_dir->i_sb);
	int ret;

	if (flags & ~RENAME_NOREPLACE)
		return -EINVAL;
	if (is_hints_name(new))
		return -EOPNOTSUPP;
	mutex_lock(&info->name_lock);
	/* A page's owner never changes: what would move a file to another VM is a copy. */
	if (old_dir != new_dir &&
	    (IS_ROOT(old->d_parent) || IS_ROOT(new->d_parent) || !same_vm(old, new)))
		ret = -EXDEV;
	else
		ret = simple_rename(idmap, old_dir, old, new_dir, new, flags);
	if (!ret) {
		rename_vm(old, new->d_name.name);
		/* Ours to do (FS_RENAME_DOES_D_MOVE): names change under name_lock only. */
		d_move(old, new);
	}
	mutex_unlock(&info->name_lock);
	return ret;
}

/**
 * vmswap_fs_region_name() - the path of a region below its VM
 * @region: the region
 * @buf: where to put it
 * @size: of @buf, at least 2
 *
 * For a VM of one file in the root it is the file's name; after unlink the last
 * name stays.  A region without a name (/dev/vmswap) yields an empty string.
 *
 * Return: 0, or -ENAMETOOLONG with @buf empty.
 */
int vmswap_fs_region_name(struct vmswap_region *region, char *buf, size_t size)
{
	struct dentry *dentry = d_find_any_alias(&region->inode);
	char *path, *slash;
	int ret = 0;

	*buf = '\0';
	if (!dentry)
		return 0;
	path = dentry_path_raw(dentry, buf, size);
	if (IS_ERR(path)) {
		*buf = '\0';
		ret = -ENAMETOOLONG;
		goto out;
	}
	path += *path == '/';
	slash = strchr(path, '/');
	if (slash)
		path = slash + 1;
	memmove(buf, path, strlen(path) + 1);
out:
	dput(dentry);
	return ret;
}

static int vmswap_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
			  struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	int ret = setattr_prepare(idmap, dentry, attr);

	if (ret)
		return ret;
	if (attr->ia_valid & ATTR_SIZE && S_ISREG(inode->i_mode)) {
		ret = vmswap_file_resize(inode, attr->ia_size);
		if (ret)
			return ret;
	}
	setattr_copy(idmap, inode, attr);
	return 0;
}

/*
 * Tools take a file that has no blocks for one without data, so what is swapped
 * counts.  It is known per VM only: with several regions this is too much, never
 * too little.
 */
static u64 blocks_of(struct vmswap_region *region)
{
	u64 pages = region->inode.i_mapping->nrpages;

	if (region->vm)
		pages += vmswap_counter_sum(region->vm, VC_WORDS_SAME) +
			 vmswap_counter_sum(region->vm, VC_WORDS_SLOT) +
			 vmswap_counter_sum(region->vm, VC_WORDS_POISON);
	return min_t(u64, pages, vmswap_region_pages(region)) * (PAGE_SIZE / 512);
}

static int vmswap_getattr(struct mnt_idmap *idmap, const struct path *path,
			  struct kstat *stat, u32 mask, unsigned int flags)
{
	struct inode *inode = d_inode(path->dentry);

	vmswap_fillattr(idmap, mask, inode, stat);
	if (S_ISREG(inode->i_mode))
		stat->blocks = blocks_of(vmswap_region_of(inode));
	return 0;
}

static const struct inode_operations vmswap_file_iops = {
	.setattr	= vmswap_setattr,
	.getattr	= vmswap_getattr,
};

static const struct inode_operations vmswap_dir_iops = {
	.create		= vmswap_create,
	.lookup		= simple_lookup,
	.unlink		= simple_unlink,
#ifdef VMSWAP_MKDIR_RETURNS_INT
	.mkdir		= vmswap_mkdir_int,
#else
	.mkdir		= vmswap_mkdir,
#endif
	.rmdir		= simple_rmdir,
	.rename		= vmswap_rename,
	.setattr	= vmswap_setattr,
	.getattr	= vmswap_getattr,
};

/* -------------------------------------------------------------- super block */

static int vmswap_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct vmswap_sb *info = sb_info(dentry->d_sb);
	u64 used = atomic64_read(&info->used);

	simple_statfs(dentry, buf);
	buf->f_type = VMSWAPFS_MAGIC;
	buf->f_bsize = PAGE_SIZE;
	/* Without size= there is no total to tell, as in tmpfs. */
	if (info->size) {
		buf->f_blocks = info->size >> PAGE_SHIFT;
		buf->f_bfree = (info->size - min(used, info->size)) >> PAGE_SHIFT;
		buf->f_bavail = buf->f_bfree;
	}
	return 0;
}

static int vmswap_show_options(struct seq_file *m, struct dentry *root)
{
	struct vmswap_sb *info = sb_info(root->d_sb);

	seq_printf(m, ",mode=%03ho", info->mode & 07777);
	if (!uid_eq(info->uid, GLOBAL_ROOT_UID))
		seq_printf(m, ",uid=%u", from_kuid_munged(&init_user_ns, info->uid));
	if (!gid_eq(info->gid, GLOBAL_ROOT_GID))
		seq_printf(m, ",gid=%u", from_kgid_munged(&init_user_ns, info->gid));
	if (info->size)
		seq_printf(m, ",size=%llu", info->size);
	if (info->private_ok)
		seq_puts(m, ",private=allow");
	return 0;
}

static const struct super_operations vmswap_super_ops = {
	.alloc_inode	= vmswap_alloc_inode,
	.free_inode	= vmswap_free_inode,
	.evict_inode	= vmswap_evict_inode,
	.drop_inode	= inode_just_drop,
	.statfs		= vmswap_statfs,
	.show_options	= vmswap_show_options,
};

enum { OPT_MODE, OPT_UID, OPT_GID, OPT_SIZE, OPT_PRIVATE };
enum { PRIVATE_REFUSE, PRIVATE_ALLOW };

static const struct constant_table private_values[] = {
	{ "refuse",	PRIVATE_REFUSE },
	{ "allow",	PRIVATE_ALLOW },
	{}
};

static const struct fs_parameter_spec vmswap_params[] = {
	fsparam_u32oct("mode",		OPT_MODE),
	fsparam_u32("uid",		OPT_UID),
	fsparam_u32("gid",		OPT_GID),
	fsparam_string("size",		OPT_SIZE),
	fsparam_enum("private",		OPT_PRIVATE, private_values),
	{}
};

/* What each takes, for people: the kernel's own words for a bad value leave it out. */
static const struct {
	const char *name;
	const char *accepted;
} option_texts[] = {
	{ "mode",	"an octal number, at most 7777" },
	{ "uid",	"the number of a user" },
	{ "gid",	"the number of a group" },
	{ "size",	"bytes, or a number with K, M, G or T" },
	{ "private",	"refuse or allow" },
};

/* Behind the kernel's own words, so that it is the last line of the log. */
static int refuse_value(struct fs_context *fc, struct fs_parameter *param)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(option_texts); i++)
		if (!strcmp(param->key, option_texts[i].name))
			return invalfc(fc, "%s=%s: expected %s", param->key,
				       param->type == fs_value_is_string ? param->string : "",
				       option_texts[i].accepted);
	return -EINVAL;
}

/* As memparse(), which does not tell of a number that is too large, nor of one without digits. */
static bool parse_size(const char *value, u64 *size)
{
	size_t digits = strspn(value, "0123456789");
	char number[24] = "", unit[] = { '1', value[digits], 0 }, *end;
	u64 count, bytes;

	if (digits >= sizeof(number) || (value[digits] && value[digits + 1]))
		return false;
	memcpy(number, value, digits);
	bytes = memparse(unit, &end);
	if (*end || kstrtou64(number, 10, &count) || check_mul_overflow(count, bytes, &bytes) ||
	    bytes > MAX_LFS_FILESIZE)
		return false;
	*size = round_up(bytes, PAGE_SIZE);
	return true;
}

static bool set_option(struct vmswap_sb *info, struct fs_context *fc, int opt,
		       struct fs_parameter *param, const struct fs_parse_result *res)
{
	switch (opt) {
	case OPT_MODE:
		info->mode = res->uint_32;
		return !(res->uint_32 & ~07777);
	case OPT_UID:
		info->uid = make_kuid(fc->user_ns, res->uint_32);
		return uid_valid(info->uid);
	case OPT_GID:
		info->gid = make_kgid(fc->user_ns, res->uint_32);
		return gid_valid(info->gid);
	case OPT_SIZE:
		return parse_size(param->string, &info->size);
	case OPT_PRIVATE:
		info->private_ok = res->uint_32 == PRIVATE_ALLOW;
		return true;
	}
	return false;
}

static int vmswap_parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct fs_parse_result res;
	int opt = fs_parse(fc, vmswap_params, param, &res);
	int ret;

	if (opt >= 0 && set_option(fc->s_fs_info, fc, opt, param, &res))
		return 0;
	if (opt != -ENOPARAM)
		return refuse_value(fc, param);
	/* What stands before the directory; any word will do. */
	ret = vfs_parse_fs_param_source(fc, param);
	if (ret != -ENOPARAM)
		return ret;
	return invalfc(fc, "%s: no such option; expected mode=, uid=, gid=, size= or private=",
		       param->key);
}

static int vmswap_fill_super(struct super_block *sb, struct fs_context *fc)
{
	struct vmswap_sb *info = sb_info(sb);	/* was the context's */
	struct inode *root;

	sb->s_maxbytes = MAX_LFS_FILESIZE & PAGE_MASK;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_magic = VMSWAPFS_MAGIC;
	sb->s_op = &vmswap_super_ops;
	sb->s_time_gran = 1;
	sb->s_flags |= SB_NOATIME;
	sb->s_iflags |= SB_I_NOEXEC | SB_I_NODEV;
	root = new_inode_of(sb, NULL, &nop_mnt_idmap, S_IFDIR | info->mode);
	if (!root)
		return -ENOMEM;
	root->i_uid = info->uid;
	root->i_gid = info->gid;
	sb->s_root = d_make_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

static int vmswap_get_tree(struct fs_context *fc)
{
	return get_tree_nodev(fc, vmswap_fill_super);
}

/*
 * Remounting changes size and private; the root directory's owner and mode are
 * those of any directory, for chown and chmod to change.
 */
static int vmswap_reconfigure(struct fs_context *fc)
{
	struct vmswap_sb *new = fc->s_fs_info, *info = sb_info(fc->root->d_sb);

	if (new->mode != info->mode || !uid_eq(new->uid, info->uid) ||
	    !gid_eq(new->gid, info->gid))
		return invalfc(fc, "mode, uid and gid stay; chmod and chown the root directory");
	if (new->size && new->size < atomic64_read(&info->used))
		return invalfc(fc, "size=%llu: expected at least the size of the files, %lld",
			       new->size, atomic64_read(&info->used));
	info->size = new->size;
	info->private_ok = new->private_ok;
	return 0;
}

static void vmswap_free_fc(struct fs_context *fc)
{
	kfree(fc->s_fs_info);
}

static const struct fs_context_operations vmswap_context_ops = {
	.parse_param	= vmswap_parse_param,
	.get_tree	= vmswap_get_tree,
	.reconfigure	= vmswap_reconfigure,
	.free		= vmswap_free_fc,
};

static int vmswap_init_fs_context(struct fs_context *fc)
{
	struct vmswap_sb *info = kzalloc(sizeof(*info), GFP_KERNEL);

	if (!info)
		return -ENOMEM;
	mutex_init(&info->name_lock);
	info->mode = 0755;
	if (fc->purpose == FS_CONTEXT_FOR_RECONFIGURE) {
		const struct vmswap_sb *old = sb_info(fc->root->d_sb);

		info->mode = old->mode;
		info->uid = old->uid;
		info->gid = old->gid;
		info->size = old->size;
		info->private_ok = old->private_ok;
	}
	fc->s_fs_info = info;
	fc->ops = &vmswap_context_ops;
	/* Mounting takes CAP_SYS_ADMIN there; a container may be given /dev/vmswap. */
	fc->global = true;
	return 0;
}

static void vmswap_kill_sb(struct super_block *sb)
{
	struct vmswap_sb *info = sb->s_fs_info;

	kill_anon_super(sb);
	kfree(info);
}

static struct file_system_type vmswapfs_type = {
	.owner		 = THIS_MODULE,
	.name		 = "vmswapfs",
	.fs_flags	 = FS_RENAME_DOES_D_MOVE,
	.init_fs_context = vmswap_init_fs_context,
	.parameters	 = vmswap_params,
	.kill_sb	 = vmswap_kill_sb,
};
MODULE_ALIAS_FS("vmswapfs");

/* ----------------------------------------------------------- anonymous files */

static struct inode *anon_inode(struct super_block *sb, struct vmswap_vm *vm, u64 size)
{
	struct inode *inode;
	int ret;

	inode = new_inode_of(sb, NULL, &nop_mnt_idmap, S_IFREG | 0600);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->i_uid = current_fsuid();
	inode->i_gid = current_fsgid();
	ret = vmswap_vm_region_add(vm, vmswap_region_of(inode));
	if (ret)
		goto iput;
	inode_lock(inode);
	ret = vmswap_file_resize(inode, size);
	inode_unlock(inode);
	if (!ret)
		return inode;
iput:
	iput(inode);
	return ERR_PTR(ret);
}

/**
 * vmswap_fs_create_anon() - a file without a name, for /dev/vmswap
 * @vm: the VM it becomes the first region of; a reference is taken
 * @size: bytes, page-aligned
 *
 * Each such file has a mount of its own, which goes with it.  Whoever holds the inode
 * alone (a watch, "drop_caches") holds no mount, and so never ends one: the umount does
 * what such holders wait for, and waits for them.  It comes from the last fput(), on
 * the way to user space, where no lock is held: it is no internal mount of the kernel's
 * (SB_KERNMOUNT), which would end at once wherever its last reference is put.
 *
 * Return: an open file, or an error pointer.
 */
struct file *vmswap_fs_create_anon(struct vmswap_vm *vm, u64 size)
{
	struct vfsmount *mnt = vfs_kern_mount(&vmswapfs_type, 0, "none", NULL);
	struct inode *inode;
	struct file *file;

	if (IS_ERR(mnt))
		return ERR_CAST(mnt);
	inode = anon_inode(mnt->mnt_sb, vm, size);
	if (IS_ERR(inode)) {
		file = ERR_CAST(inode);
		goto put;
	}
	/* alloc_file_pseudo() does not take the reference that the last fput() drops. */
	__module_get(THIS_MODULE);
	file = alloc_file_pseudo(inode, mnt, "vmswap", O_RDWR | O_LARGEFILE,
				 &vmswap_file_ops);
	if (IS_ERR(file)) {
		module_put(THIS_MODULE);
		iput(inode);
		goto put;
	}
	/* As memfd_create(): a regular file, though nobody has opened it. */
	file->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE;
put:
	mntput(mnt);
	return file;
}

int vmswap_fs_init(void)
{
	int ret;

	region_cache = kmem_cache_create("vmswap_region", sizeof(struct vmswap_region), 0,
					 SLAB_ACCOUNT | SLAB_RECLAIM_ACCOUNT,
					 region_init_once);
	if (!region_cache)
		return -ENOMEM;
	ret = register_filesystem(&vmswapfs_type);
	if (ret)
		kmem_cache_destroy(region_cache);
	return ret;
}

void vmswap_fs_exit(void)
{
	unregister_filesystem(&vmswapfs_type);
	rcu_barrier();		/* inodes are freed after a grace period */
	if (atomic_long_read(&nr_regions))
		pr_err("leak: %ld inodes\n", atomic_long_read(&nr_regions));
	kmem_cache_destroy(region_cache);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* fs.h - vmswapfs: names, files and their system calls. */
#ifndef VMSWAP_FS_H
#define VMSWAP_FS_H

#include <linux/fs.h>

struct vmswap_region;
struct vmswap_vm;

extern const struct file_operations vmswap_file_ops;	/* file.c */
extern const struct vm_operations_struct vmswap_mmap_ops; /* fault.c */
extern const struct address_space_operations vmswap_aops; /* aops.c */

/* Process context, may sleep. */
struct file *vmswap_fs_create_anon(struct vmswap_vm *vm, u64 size);
bool vmswap_fs_private_allowed(struct super_block *sb);
int vmswap_fs_reserve(struct inode *inode, loff_t new_size);
bool vmswap_fs_is_hints_name(const char *name, size_t len);
int vmswap_fs_region_name(struct vmswap_region *region, char *buf, size_t size);
int vmswap_fs_init(void);
void vmswap_fs_exit(void);

/* file.c: process context, inode lock held. */
int vmswap_file_resize(struct inode *inode, loff_t size);

/*
 * file.c: process context; makes a page-aligned range read as zero.  Returns how many
 * of its pages held anything, or -EINTR when a kill ended a wait.
 */
long vmswap_file_discard(struct vmswap_region *region, pgoff_t start, pgoff_t end);

/* Any context: how many files there are. */
long vmswap_fs_files(void);

#endif /* VMSWAP_FS_H */

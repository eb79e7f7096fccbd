// SPDX-License-Identifier: GPL-2.0
/* dev.c - /dev/vmswap, which makes VMs.  uapi/linux/vmswap.h is the manual. */
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "dev.h"
#include "fs.h"
#include "ioctl.h"
#include "vm.h"

static bool create_args_ok(const struct vmswap_create_vm *args)
{
	return !(args->flags & ~VMSWAP_CREATE_FLAGS_ALL) && !args->reserved0 &&
	       !memchr_inv(args->reserved, 0, sizeof(args->reserved)) &&
	       strnlen(args->name, sizeof(args->name)) < sizeof(args->name) &&
	       vmswap_name_ok(args->name) &&
	       !vmswap_fs_is_hints_name(args->name, strlen(args->name)) &&
	       PAGE_ALIGNED(args->size) &&
	       args->size <= (MAX_LFS_FILESIZE & PAGE_MASK);
}

static long create_vm(void __user *arg)
{
	struct vmswap_create_vm args;
	struct vmswap_vm *vm;
	struct file *file;
	int fd;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (!create_args_ok(&args))
		return -EINVAL;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	vm = vmswap_vm_create(args.name, 0);
	if (IS_ERR(vm)) {
		put_unused_fd(fd);
		return PTR_ERR(vm);
	}
	file = vmswap_fs_create_anon(vm, args.size);
	args.id = vm->id;
	vmswap_vm_put(vm);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	if (copy_to_user(arg, &args, sizeof(args))) {
		fput(file);
		put_unused_fd(fd);
		return -EFAULT;
	}
	fd_install(fd, file);
	return fd;
}

static long vmswap_dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *p = (void __user *)arg;

	switch (cmd) {
	case VMSWAP_IOC_GET_INFO:
		return vmswap_ioctl_get_info(p);
	case VMSWAP_IOC_CREATE_VM:
		return create_vm(p);
	}
	return -ENOTTY;
}

static const struct file_operations vmswap_dev_ops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= vmswap_dev_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.llseek		= noop_llseek,
};

static struct miscdevice vmswap_dev = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "vmswap",
	.fops	= &vmswap_dev_ops,
	.mode	= 0660,
};

int vmswap_dev_init(void)
{
	return misc_register(&vmswap_dev);
}

void vmswap_dev_exit(void)
{
	misc_deregister(&vmswap_dev);
}

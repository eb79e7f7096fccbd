// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vmswap.h"

static int call(int fd, unsigned long request, void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

int vmswap_get_info(int fd, struct vmswap_info *info)
{
	memset(info, 0, sizeof(*info));
	return call(fd, VMSWAP_IOC_GET_INFO, info);
}

int vmswap_create_vm(int dev_fd, const char *name, uint64_t size, int *fd,
		     uint64_t *id)
{
	struct vmswap_create_vm arg = { .size = size };
	int ret;

	if (name && strlen(name) > VMSWAP_NAME_MAX)
		return -EINVAL;
	if (name)
		strcpy(arg.name, name);
	ret = call(dev_fd, VMSWAP_IOC_CREATE_VM, &arg);
	if (ret < 0)
		return ret;
	*fd = ret;
	*id = arg.id;
	return 0;
}

int vmswap_file_evict(int fd, struct vmswap_ranges *ranges)
{
	return call(fd, VMSWAP_IOC_EVICT, ranges);
}

int vmswap_file_prefetch(int fd, struct vmswap_ranges *ranges)
{
	return call(fd, VMSWAP_IOC_PREFETCH, ranges);
}

int vmswap_file_discard(int fd, struct vmswap_ranges *ranges)
{
	return call(fd, VMSWAP_IOC_DISCARD, ranges);
}

int vmswap_file_page_state(int fd, uint64_t offset, uint64_t length,
			   uint16_t *states)
{
	struct vmswap_page_state arg = {
		.offset = offset, .length = length,
		.states = (uintptr_t)states,
	};
	uint64_t done;
	int ret;

	/* After a signal go on behind what is there. */
	do {
		arg.done_pages = 0;
		ret = call(fd, VMSWAP_IOC_PAGE_STATE, &arg);
		done = arg.done_pages * VMSWAP_PAGE_SIZE;
		if (done > arg.length)
			return -EBADMSG;
		arg.offset += done;
		arg.length -= done;
		arg.states += arg.done_pages * sizeof(*states);
	} while (ret == -EINTR && done);
	return ret;
}

int vmswap_file_stat(int fd, struct vmswap_vm_stat *stat)
{
	memset(stat, 0, sizeof(*stat));
	return call(fd, VMSWAP_IOC_VM_STAT, stat);
}

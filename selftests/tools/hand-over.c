// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a VM that has no name in any mount, and hands its descriptor over:
 *
 *	hand-over NAME BYTES FD COMMAND...
 *
 * becomes COMMAND, in which FD is the file of VM NAME.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../uapi/linux/vmswap.h"

int main(int argc, char **argv)
{
	struct vmswap_create_vm args = { 0 };
	int fd, dev = open("/dev/vmswap", O_RDWR | O_CLOEXEC);

	if (argc < 5)
		return 2;
	args.size = strtoull(argv[2], NULL, 10);
	strncpy(args.name, argv[1], VMSWAP_NAME_MAX);
	fd = ioctl(dev, VMSWAP_IOC_CREATE_VM, &args);
	/* The copy stays open in COMMAND. */
	if (fd < 0 || dup2(fd, atoi(argv[3])) < 0) {
		perror("/dev/vmswap");
		return 1;
	}
	execvp(argv[4], argv + 4);
	perror(argv[4]);
	return 1;
}

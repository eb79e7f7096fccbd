// SPDX-License-Identifier: GPL-2.0
/*
 * Stands for a VMM: maps a file in one of several ways, until standard input ends.
 *
 *	hold-mapping FILE shared|private|misaligned|locked|userfaultfd|untouched|open
 *
 * FILE may be /dev/vmswap: then it makes a VM "nameless" there. The file is closed once
 * it is mapped; "open" has it open, and does not map it. Says "held" when it does.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux/vmswap.h"

#define PAGE_BYTES	4096ul
#define HUGE_BYTES	(2ul << 20)

/* At an address that is so many bytes above a multiple of 2 MiB. */
static void *map_at(int fd, size_t size, int flags, size_t above)
{
	uintptr_t at;
	char *room = mmap(NULL, size + 2 * HUGE_BYTES, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		return room;
	at = ((uintptr_t)room + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES + above;
	return mmap((void *)at, size, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);
}

static int hold(const char *how, int fd, size_t size)
{
	int flags = strcmp(how, "private") ? MAP_SHARED : MAP_PRIVATE;
	void *memory = map_at(fd, size, flags, strcmp(how, "misaligned") ? 0 : PAGE_BYTES);

	if (memory == MAP_FAILED)
		return -1;
	if (!strcmp(how, "locked"))
		return mlock(memory, size);
	if (!strcmp(how, "untouched"))
		return 0;
	if (!strcmp(how, "userfaultfd"))
		return syscall(SYS_userfaultfd, O_CLOEXEC) < 0 ? -1 : 0;
	memset(memory, 1, size);
	return 0;
}

static int open_file(const char *path)
{
	struct vmswap_create_vm vm = { .size = 16 << 20, .name = "nameless" };
	int dev = open(path, O_RDWR), fd;

	if (dev < 0 || strcmp(path, "/dev/vmswap"))
		return dev;
	fd = ioctl(dev, VMSWAP_IOC_CREATE_VM, &vm);
	close(dev);
	return fd;
}

static int keep(const char *how, int fd, size_t size)
{
	if (!strcmp(how, "open"))
		return 0;
	return hold(how, fd, size) ? -1 : close(fd);
}

int main(int argc, char **argv)
{
	struct stat st;
	int fd;

	if (argc != 3)
		return 2;
	fd = open_file(argv[1]);
	if (fd < 0 || fstat(fd, &st) || keep(argv[2], fd, st.st_size)) {
		perror(argv[1]);
		return 1;
	}
	puts("held");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}

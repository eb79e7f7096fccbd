// SPDX-License-Identifier: GPL-2.0
/*
 * Stands for a VMM: maps a file in one of several ways, until standard input ends.
 *
 *	hold-mapping FILE shared|private|misaligned|locked|userfaultfd
 *
 * Says "held" when it does.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

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
	if (!strcmp(how, "userfaultfd"))
		return syscall(SYS_userfaultfd, O_CLOEXEC) < 0 ? -1 : 0;
	memset(memory, 1, size);
	return 0;
}

int main(int argc, char **argv)
{
	struct stat st;
	int fd;

	if (argc != 3)
		return 2;
	fd = open(argv[1], O_RDWR);
	if (fd < 0 || fstat(fd, &st) || hold(argv[2], fd, st.st_size)) {
		perror(argv[1]);
		return 1;
	}
	puts("held");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}

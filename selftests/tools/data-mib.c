// SPDX-License-Identifier: GPL-2.0
/* How much of a file is data and not hole, in MiB rounded up. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	off_t size = 0, start = 0, end = 0;
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;

	if (fd < 0) {
		fputs("usage: data-mib FILE\n", stderr);
		return 2;
	}
	while ((start = lseek(fd, end, SEEK_DATA)) >= 0) {
		end = lseek(fd, start, SEEK_HOLE);
		if (end < 0)
			return 1;
		size += end - start;
	}
	printf("%lld\n", ((long long)size + (1 << 20) - 1) >> 20);
	return 0;
}

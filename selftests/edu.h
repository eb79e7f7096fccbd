/* SPDX-License-Identifier: GPL-2.0 */
/*
 * edu.h - QEMU's device "edu", which copies bytes between memory and a buffer of its own
 * when it is told to.  selftests/TESTS has the options that give the test host one.
 */
#ifndef SELFTESTS_EDU_H
#define SELFTESTS_EDU_H

#include <dirent.h>
#include <linux/pci_regs.h>

#include "test-lib.h"

#define EDU_VENDOR	"0x1234"
#define EDU_DEVICE	"0x11e8"
#define EDU_BUFFER	0x40000ul
#define EDU_REG_SRC	0x80
#define EDU_REG_DST	0x88
#define EDU_REG_COUNT	0x90
#define EDU_REG_CMD	0x98
#define EDU_CMD_START	1ull
#define EDU_CMD_OUT	2ull	/* from the device to memory */

static inline int edu_read_text(const char *dir, const char *name, char *text, size_t size)
{
	char path[PATH_MAX + 32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	close(fd);
	if (n <= 0)
		return -EIO;
	text[n] = 0;
	text[strcspn(text, "\n")] = 0;
	return 0;
}

/* Its address on the bus ("0000:00:04.0"). */
static inline bool edu_find(char *name, size_t size)
{
	DIR *dir = opendir("/sys/bus/pci/devices");
	char path[PATH_MAX], vendor[16], device[16];
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", entry->d_name);
		found = !edu_read_text(path, "vendor", vendor, sizeof(vendor)) &&
			!edu_read_text(path, "device", device, sizeof(device)) &&
			!strcmp(vendor, EDU_VENDOR) && !strcmp(device, EDU_DEVICE);
		if (found)
			snprintf(name, size, "%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

static inline void edu_set(volatile uint8_t *regs, unsigned int reg, uint64_t value)
{
	*(volatile uint64_t *)(regs + reg) = value;
}

/* After the device's delay of 100 ms; false when it never ends. */
static inline bool edu_dma(volatile uint8_t *regs, uint64_t src, uint64_t dst, size_t bytes,
			   uint64_t cmd)
{
	int i;

	edu_set(regs, EDU_REG_SRC, src);
	edu_set(regs, EDU_REG_DST, dst);
	edu_set(regs, EDU_REG_COUNT, bytes);
	edu_set(regs, EDU_REG_CMD, cmd | EDU_CMD_START);
	for (i = 0; i < 6000; i++) {
		if (!(*(volatile uint64_t *)(regs + EDU_REG_CMD) & EDU_CMD_START))
			return true;
		usleep(10000);
	}
	return false;
}

#endif /* SELFTESTS_EDU_H */

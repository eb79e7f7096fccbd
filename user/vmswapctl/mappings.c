// SPDX-License-Identifier: GPL-2.0
/* Who maps the memory of a VM, and how: lines of /proc/PID/maps. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "findings.h"
#include "vmm.h"

/* START-END PERMISSIONS OFFSET MAJOR:MINOR INODE PATH */
bool ctl_mapping_parse(char *line, unsigned int major, unsigned int minor,
		       struct ctl_mapping *m)
{
	unsigned int dev_major, dev_minor;
	unsigned long long start, offset;
	char permissions[5];
	int at = 0;

	if (sscanf(line, "%llx-%*x %4s %llx %x:%x %*u %n", &start, permissions,
		   &offset, &dev_major, &dev_minor, &at) < 5 || !at)
		return false;
	if (dev_major != major || dev_minor != minor)
		return false;
	line[strcspn(line, "\n")] = 0;
	*m = (struct ctl_mapping){
		.path = line + at,
		.is_private = permissions[3] == 'p',
		.is_misaligned = (start - offset) % CTL_HUGE_PAGE,
	};
	return true;
}

/* A path in maps is seen from the process: only its tail can be compared. */
static bool is_of_vm(const char *path, const struct vmswap_vm *vm)
{
	size_t len = strlen(vm->name);
	const char *at = path;

	while ((at = strstr(at, vm->name))) {
		bool begins = at > path && at[-1] == '/';
		bool ends = !at[len] || at[len] == '/' || at[len] == ' ';

		if (begins && ends)
			return true;
		at++;
	}
	return false;
}

int ctl_vmm_read_maps(struct ctl_vmm *vmm, const char *pid,
		      const struct vmswap_vm *vm)
{
	char name[64], *line = NULL;
	struct ctl_mapping m;
	bool found = false;
	size_t size = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%.20s/maps", pid);
	file = fopen(name, "re");
	if (!file)
		return -errno;
	while (getline(&line, &size, file) > 0) {
		if (!ctl_mapping_parse(line, vm->dev_major, vm->dev_minor, &m) ||
		    !is_of_vm(m.path, vm))
			continue;
		found = true;
		vmm->maps_privately |= m.is_private;
		vmm->is_misaligned |= !m.is_private && m.is_misaligned;
	}
	free(line);
	fclose(file);
	return found;
}

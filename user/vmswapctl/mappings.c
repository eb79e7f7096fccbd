// SPDX-License-Identifier: GPL-2.0
/*
 * A private mapping of guest memory defeats vmswap: what is written to it is
 * ordinary memory of the process, and the file stays empty.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "findings.h"

/* START-END PERMISSIONS OFFSET MAJOR:MINOR INODE PATH */
bool ctl_is_private_mapping(char *line, unsigned int major, unsigned int minor,
			    const char **path)
{
	unsigned int dev_major, dev_minor;
	char permissions[5];
	int at = 0;

	if (sscanf(line, "%*x-%*x %4s %*x %x:%x %*u %n", permissions,
		   &dev_major, &dev_minor, &at) < 3 || !at)
		return false;
	if (dev_major != major || dev_minor != minor || permissions[3] != 'p')
		return false;
	line[strcspn(line, "\n")] = 0;
	*path = line + at;
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

static bool maps_privately(const char *pid, const struct vmswap_vm *vm)
{
	char name[64], *line = NULL;
	const char *path;
	bool found = false;
	size_t size = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%.20s/maps", pid);
	file = fopen(name, "re");
	if (!file)
		return false;
	while (!found && getline(&line, &size, file) > 0)
		found = ctl_is_private_mapping(line, vm->dev_major,
					       vm->dev_minor, &path) &&
			is_of_vm(path, vm);
	free(line);
	fclose(file);
	return found;
}

void ctl_doctor_mappings(struct findings *f, const struct vmswap_vm *vm)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc || !vm->name || !VMSWAP_HAS(vm, VM, DEV_MAJOR)) {
		if (proc)
			closedir(proc);
		return;
	}
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !maps_privately(entry->d_name, vm))
			continue;
		ctl_finding(f, FINDING_PROBLEM, "private",
			    "in QEMU give the memory backend share=on; other programs map with MAP_SHARED",
			    "process %s maps its memory privately: what it writes there is not under vmswap",
			    entry->d_name);
	}
	closedir(proc);
}

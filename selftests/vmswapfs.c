// SPDX-License-Identifier: GPL-2.0
/* vmswapfs.c - names, modes and mounts as an unmodified VMM and ordinary tools see them. */
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <dirent.h>
#include <linux/magic.h>

#include "vmswapfs.h"

/* ----------------------------------------------------------- open, names, modes */

TEST_F(fs, open)
{
	const char *path = path_in(&self->mnt, "vm");
	struct stat st;
	int fd;

	EXPECT_EQ(-1, open(path, O_RDWR));
	EXPECT_EQ(ENOENT, errno);
	umask(0);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0644);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(S_IFREG | 0644, st.st_mode);
	EXPECT_EQ(0, st.st_size);
	EXPECT_EQ(-1, open(path, O_RDWR | O_CREAT | O_EXCL, 0644));
	EXPECT_EQ(EEXIST, errno);
	close(fd);
	fd = open(path, O_RDWR);
	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_EQ(0, unlink(path));
}

TEST_F(fs, mkstemp_unlink)
{
	char path[PATH_MAX];
	struct stat st;
	uint8_t *mem;
	int fd;

	strcpy(path, path_in(&self->mnt, "qemu_back_mem.XXXXXX"));
	fd = mkstemp(path);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unlink(path));
	ASSERT_EQ(0, ftruncate(fd, FILE_SIZE));
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(0, st.st_nlink);
	mem = map_shared(fd, FILE_SIZE);
	ASSERT_NE(MAP_FAILED, mem);
	fill_pages(mem, FILE_PAGES);
	EXPECT_TRUE(evict_pages(fd, FILE_PAGES));
	EXPECT_TRUE(pages_filled(mem, FILE_PAGES));
	close(fd);
	/* The mapping alone keeps it. */
	EXPECT_TRUE(pages_filled(mem, FILE_PAGES));
	munmap(mem, FILE_SIZE);
}

TEST_F(fs, nested_directories)
{
	int fd;

	ASSERT_EQ(0, mkdir(path_in(&self->mnt, "1-guest"), 0700));
	ASSERT_EQ(0, mkdir(path_in(&self->mnt, "1-guest/nodes"), 0700));
	fd = file_make(&self->mnt, "1-guest/nodes/ram-node0", FILE_SIZE);
	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_EQ(-1, rmdir(path_in(&self->mnt, "1-guest/nodes")));
	EXPECT_EQ(ENOTEMPTY, errno);
	EXPECT_EQ(0, unlink(path_in(&self->mnt, "1-guest/nodes/ram-node0")));
	EXPECT_EQ(0, rmdir(path_in(&self->mnt, "1-guest/nodes")));
	EXPECT_EQ(0, rmdir(path_in(&self->mnt, "1-guest")));
}

/*
 * Make a file or directory while its Nth allocation, or access to the caller's memory,
 * fails; false: it has not as many.
 */
static bool make_failing(int knob, unsigned int nth, const char *path, bool dir, int *ret)
{
	char left[16] = "";
	bool failed;
	int fd;

	dprintf(knob, "%u", nth);
	fd = dir ? mkdir(path, 0700) : open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	*ret = fd < 0 ? -errno : 0;
	/* This may be what fails. */
	failed = pread(knob, left, sizeof(left) - 1, 0) > 0 && !atoi(left);
	dprintf(knob, "0");
	if (*ret)
		return failed;
	if (!dir)
		close(fd);
	remove(path);
	return failed;
}

/* ENOSPC would say that there are too many VMs, or that size= is reached. */
TEST_F(fs, create_without_memory)
{
	int knob = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC), fd, ret, dir;
	unsigned int nth, refused;

	if (knob < 0 || write_file("/sys/kernel/debug/failslab/ignore-gfp-wait", "N"))
		SKIP(return, "%s", "the kernel does not inject failures");
	write_file("/sys/kernel/debug/failslab/verbose", "0");
	ASSERT_EQ(0, mkdir(path_in(&self->mnt, "vm"), 0700));
	/* The VM is there: nothing is refused but the file. */
	fd = file_make(&self->mnt, "vm/node0", PAGE);
	ASSERT_LE(0, fd);
	for (dir = 0; dir < 2; dir++) {
		refused = 0;
		for (nth = 1; make_failing(knob, nth, path_in(&self->mnt, "vm/new"), dir, &ret);
		     nth++) {
			refused += ret == -ENOMEM;
			EXPECT_NE(-ENOSPC, ret) {
				TH_LOG("%s, allocation %u", dir ? "mkdir" : "open", nth);
			}
			ASSERT_GT(100, nth);
		}
		EXPECT_LT(0, refused);
	}
	write_file("/sys/kernel/debug/failslab/ignore-gfp-wait", "Y");
	close(fd);
	close(knob);
}

TEST_F(fs, chown_chmod)
{
	struct stat st;
	int fd = file_make(&self->mnt, "vm", PAGE);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, mkdir(path_in(&self->mnt, "dir"), 0700));
	EXPECT_EQ(0, chown(path_in(&self->mnt, "vm"), 64055, 994));
	EXPECT_EQ(0, chown(path_in(&self->mnt, "dir"), 64055, 994));
	EXPECT_EQ(0, fchmod(fd, 0600));
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(64055, st.st_uid);
	EXPECT_EQ(994, st.st_gid);
	EXPECT_EQ(S_IFREG | 0600, st.st_mode);
	ASSERT_EQ(0, stat(path_in(&self->mnt, "dir"), &st));
	EXPECT_EQ(64055, st.st_uid);
	close(fd);
}

/* Who labels a file, as libvirt does, takes this answer for a file system without labels. */
TEST_F(fs, no_security_labels)
{
	int fd = file_make(&self->mnt, "vm", PAGE);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, setxattr(path_in(&self->mnt, "vm"), "security.vmswap", "x", 1, 0));
	EXPECT_EQ(ENOTSUP, errno);
	EXPECT_EQ(-1, fsetxattr(fd, "security.vmswap", "x", 1, 0));
	EXPECT_EQ(ENOTSUP, errno);
	EXPECT_EQ(-1, setxattr(self->mnt.dir, "security.vmswap", "x", 1, 0));
	EXPECT_EQ(ENOTSUP, errno);
	close(fd);
}

TEST_F(fs, rename)
{
	struct vmswap_vm_stat before, after;
	int fd = file_make(&self->mnt, "a", PAGE), other;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, vm_stat(fd, &before));
	EXPECT_EQ(0, rename(path_in(&self->mnt, "a"), path_in(&self->mnt, "b")));
	ASSERT_EQ(0, vm_stat(fd, &after));
	EXPECT_EQ(before.id, after.id);
	/* Over another VM: that one goes. */
	other = file_make(&self->mnt, "c", PAGE);
	ASSERT_LE(0, other);
	close(other);
	EXPECT_EQ(0, rename(path_in(&self->mnt, "b"), path_in(&self->mnt, "c")));
	other = open(path_in(&self->mnt, "c"), O_RDWR);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, vm_stat(other, &after));
	EXPECT_EQ(before.id, after.id);
	close(other);
	close(fd);
}

/* A page's owner never changes. */
TEST_F(fs, rename_to_other_vm)
{
	int fd = file_make(&self->mnt, "a", PAGE), fd2;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, mkdir(path_in(&self->mnt, "d1"), 0700));
	ASSERT_EQ(0, mkdir(path_in(&self->mnt, "d1/sub"), 0700));
	ASSERT_EQ(0, mkdir(path_in(&self->mnt, "d2"), 0700));
	fd2 = file_make(&self->mnt, "d1/node0", PAGE);
	ASSERT_LE(0, fd2);
	EXPECT_EQ(-1, rename(path_in(&self->mnt, "a"), path_in(&self->mnt, "d1/a")));
	EXPECT_EQ(EXDEV, errno);
	EXPECT_EQ(-1, rename(path_in(&self->mnt, "d1/node0"), path_in(&self->mnt, "node0")));
	EXPECT_EQ(EXDEV, errno);
	EXPECT_EQ(-1, rename(path_in(&self->mnt, "d1/node0"), path_in(&self->mnt, "d2/node0")));
	EXPECT_EQ(EXDEV, errno);
	EXPECT_EQ(-1, rename(path_in(&self->mnt, "d1"), path_in(&self->mnt, "d2/d1")));
	EXPECT_EQ(EXDEV, errno);
	/* Within one it may. */
	EXPECT_EQ(0, rename(path_in(&self->mnt, "d1/node0"), path_in(&self->mnt, "d1/sub/n")));
	close(fd);
	close(fd2);
}

TEST_F(fs, files_of_a_directory_are_one_vm)
{
	struct vmswap_vm_stat a, b, c;
	int fd[3];

	ASSERT_EQ(0, mkdir(path_in(&self->mnt, "d"), 0700));
	fd[0] = file_make(&self->mnt, "d/node0", PAGE);
	fd[1] = file_make(&self->mnt, "d/node1", 3 * PAGE);
	fd[2] = file_make(&self->mnt, "e", PAGE);
	ASSERT_EQ(0, vm_stat(fd[0], &a));
	ASSERT_EQ(0, vm_stat(fd[1], &b));
	ASSERT_EQ(0, vm_stat(fd[2], &c));
	EXPECT_EQ(a.id, b.id);
	EXPECT_NE(a.id, c.id);
	EXPECT_EQ(4 * PAGE, a.size);
	close(fd[0]);
	close(fd[1]);
	close(fd[2]);
}

TEST_F(fs, recursive_delete_while_mapped)
{
	struct vmswap_vm_stat stat;
	uint8_t *mem;
	int fd;

	ASSERT_EQ(0, mkdir(path_in(&self->mnt, "d"), 0700));
	ASSERT_EQ(0, mkdir(path_in(&self->mnt, "d/e"), 0700));
	fd = file_make(&self->mnt, "d/e/ram", FILE_SIZE);
	ASSERT_LE(0, fd);
	mem = map_shared(fd, FILE_SIZE);
	fill_pages(mem, FILE_PAGES);
	EXPECT_TRUE(evict_pages(fd, FILE_PAGES / 2));
	ASSERT_EQ(0, unlink(path_in(&self->mnt, "d/e/ram")));
	ASSERT_EQ(0, rmdir(path_in(&self->mnt, "d/e")));
	ASSERT_EQ(0, rmdir(path_in(&self->mnt, "d")));
	EXPECT_TRUE(pages_filled(mem, FILE_PAGES));
	EXPECT_TRUE(evict_pages(fd, FILE_PAGES));
	ASSERT_EQ(0, vm_stat(fd, &stat));
	EXPECT_EQ(FILE_SIZE, stat.swapped);
	EXPECT_TRUE(pages_filled(mem, FILE_PAGES));
	munmap(mem, FILE_SIZE);
	close(fd);
}

TEST_F(fs, hints_name)
{
	int fd = file_make(&self->mnt, "vm", PAGE);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, open(path_in(&self->mnt, "vm.hints"), O_RDWR | O_CREAT, 0600));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, rename(path_in(&self->mnt, "vm"), path_in(&self->mnt, "vm.hints")));
	EXPECT_EQ(EOPNOTSUPP, errno);
	/* A directory of the root would be a VM of that name. */
	EXPECT_EQ(-1, mkdir(path_in(&self->mnt, "dir.hints"), 0700));
	EXPECT_EQ(EOPNOTSUPP, errno);
	ASSERT_EQ(0, mkdir(path_in(&self->mnt, "dir"), 0700));
	EXPECT_EQ(-1, rename(path_in(&self->mnt, "dir"), path_in(&self->mnt, "dir.hints")));
	EXPECT_EQ(EOPNOTSUPP, errno);
	close(fd);
}

TEST_F(fs, other_kinds_of_entries)
{
	int fd = file_make(&self->mnt, "vm", PAGE);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, symlink("vm", path_in(&self->mnt, "link")));
	EXPECT_EQ(-1, link(path_in(&self->mnt, "vm"), path_in(&self->mnt, "link")));
	EXPECT_EQ(-1, mknod(path_in(&self->mnt, "null"), S_IFCHR | 0600, makedev(1, 3)));
	EXPECT_EQ(-1, mkfifo(path_in(&self->mnt, "fifo"), 0600));
	close(fd);
}

TEST_F(fs, statfs)
{
	struct statfs fs;
	int fd = file_make(&self->mnt, "vm", PAGE);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fstatfs(fd, &fs));
	EXPECT_EQ(VMSWAPFS_MAGIC, fs.f_type);
	EXPECT_NE(TMPFS_MAGIC, fs.f_type);
	EXPECT_NE(HUGETLBFS_MAGIC, fs.f_type);
	EXPECT_EQ(PAGE, fs.f_bsize);
	close(fd);
}

TEST_F(fs, two_mounts_are_two_trees)
{
	struct test_mount other;
	int fd = file_make(&self->mnt, "vm", PAGE);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, test_mount(&other, NULL));
	EXPECT_EQ(-1, access(path_in(&other, "vm"), F_OK));
	EXPECT_EQ(-1, rename(path_in(&self->mnt, "vm"), path_in(&other, "vm")));
	EXPECT_EQ(EXDEV, errno);
	close(fd);
	EXPECT_EQ(0, test_umount(&other));
}

/* ------------------------------------------------------------------ the end */

TEST_F(fs, last_close_frees)
{
	struct policy_host host;
	struct policy p;
	uint8_t *mem;
	int fd, i;

	ASSERT_EQ(0, policy_open(&p));
	fd = file_make(&self->mnt, "vm", FILE_SIZE);
	ASSERT_LE(0, fd);
	mem = map_shared(fd, FILE_SIZE);
	fill_pages(mem, FILE_PAGES);
	EXPECT_TRUE(evict_pages(fd, FILE_PAGES / 2));
	ASSERT_EQ(0, policy_host_get(&p, &host));
	EXPECT_EQ(1, host.vms);
	ASSERT_EQ(0, unlink(path_in(&self->mnt, "vm")));
	close(fd);
	ASSERT_EQ(0, policy_host_get(&p, &host));
	EXPECT_EQ(1, host.vms);
	munmap(mem, FILE_SIZE);
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(0, policy_host_get(&p, &host));
		if (!host.vms && !host.leaks)
			break;
		usleep(10000);
	}
	EXPECT_EQ(0, host.vms);
	EXPECT_EQ(0, host.leaks);
	policy_close(&p);
}

VMSWAP_TEST_MAIN

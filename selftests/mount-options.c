// SPDX-License-Identifier: GPL-2.0
/* mount-options.c - what a mount takes, and what is said of what it does not take. */
#include <sys/statfs.h>

#include "test-lib.h"

FIXTURE(options)
{
	struct test_mount mnt;
};

FIXTURE_SETUP(options)
{
	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
}

FIXTURE_TEARDOWN(options)
{
	EXPECT_EQ(0, test_umount(&self->mnt));
}

TEST_F(options, mount_owner_and_mode)
{
	struct stat st;

	ASSERT_EQ(0, mount_again(&self->mnt, "mode=1770,uid=64055,gid=994"));
	ASSERT_EQ(0, stat(self->mnt.dir, &st));
	EXPECT_EQ(S_IFDIR | 01770, st.st_mode);
	EXPECT_EQ(64055, st.st_uid);
	EXPECT_EQ(994, st.st_gid);
}

TEST_F(options, mount_options_refused)
{
	static const char *const bad[] = {
		"mode=8", "mode=17777", "uid=x", "size=", "size=1X", "size=-1", "size=1KB", "size=K",
		/* 2^64 bytes, and more than a number holds */
		"size=16777216T", "size=18446744073709551616", "size=8388608T",
		"private=perhaps",
		"huge=always", "limit=1G",
	};
	int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(-EINVAL, mount_again(&self->mnt, bad[i])) {
			TH_LOG("option %s", bad[i]);
			umount(self->mnt.dir);
		}
	}
	/* For the fixture's end. */
	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
}

TEST_F(options, mount_size)
{
	struct statfs fs;
	int fd, fd2;

	ASSERT_EQ(0, mount_again(&self->mnt, "size=1M"));
	ASSERT_EQ(0, statfs(self->mnt.dir, &fs));
	EXPECT_EQ(MIB / PAGE, fs.f_blocks);
	EXPECT_EQ(MIB / PAGE, fs.f_bfree);
	fd = file_make(&self->mnt, "a", MIB);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, statfs(self->mnt.dir, &fs));
	EXPECT_EQ(0, fs.f_bfree);
	EXPECT_EQ(0, fs.f_bavail);
	EXPECT_EQ(-1, ftruncate(fd, MIB + 1));
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_EQ(-1, fallocate(fd, 0, 0, MIB + 1));
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_EQ(-1, pwrite(fd, "x", 1, MIB));
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_EQ(-ENOSPC, file_make(&self->mnt, "b", 1));
	ASSERT_EQ(0, ftruncate(fd, 4097));
	fd2 = open(path_in(&self->mnt, "b"), O_RDWR);
	ASSERT_LE(0, fd2);
	EXPECT_EQ(0, ftruncate(fd2, MIB - 2 * PAGE));
	EXPECT_EQ(-1, ftruncate(fd2, MIB - 2 * PAGE + 1));
	/* What is unlinked and closed counts no more. */
	close(fd);
	EXPECT_EQ(0, unlink(path_in(&self->mnt, "a")));
	EXPECT_EQ(0, ftruncate(fd2, MIB));
	close(fd2);
}

/* A changed option is applied or refused, never passed over. */
TEST_F(options, remount)
{
	struct statfs fs;
	int ret = mount(NULL, self->mnt.dir, NULL, MS_REMOUNT, "size=1M");

	ASSERT_EQ(0, statfs(self->mnt.dir, &fs));
	EXPECT_EQ(ret ? 0 : MIB / PAGE, fs.f_blocks);
	/* Read-only and back is the kernel's own business. */
	EXPECT_EQ(0, mount(NULL, self->mnt.dir, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	EXPECT_EQ(-EROFS, file_make(&self->mnt, "vm", PAGE));
}

/* ------------------------------------------------------------------ what is said */

/* Whose lines these are: the file system's, as fs_context says them; the module's. */
#define FS	"vmswapfs: "
#define MODULE	"vmswap: "

/* Where the kernel log goes on from here. */
static int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* The last line of @whose; a record is "numbers;text\n" and what it is about. */
static void log_last(int fd, const char *whose, char *text, size_t size)
{
	char record[8192], *begin;
	ssize_t n;

	*text = 0;
	while ((n = read(fd, record, sizeof(record) - 1)) > 0) {
		record[n] = 0;
		begin = strchr(record, ';');
		if (!begin || strncmp(begin + 1, whose, strlen(whose)))
			continue;
		begin += 1 + strlen(whose);
		snprintf(text, size, "%.*s", (int)strcspn(begin, "\n"), begin);
	}
	close(fd);
}

/* mount(8) sends its user to the kernel log: its last line has all that is to be known. */
TEST_F(options, refusals_name_the_option_and_what_it_takes)
{
	static const struct {
		const char *options;
		const char *said;
	} refused[] = {
		{ "mode=999", "mode=999: expected an octal number, at most 7777" },
		{ "mode=17777", "mode=17777: expected an octal number, at most 7777" },
		{ "mode", "mode=: expected an octal number, at most 7777" },
		{ "size=1M,uid=me", "uid=me: expected the number of a user" },
		{ "uid=4294967295", "uid=4294967295: expected the number of a user" },
		{ "gid=", "gid=: expected the number of a group" },
		{ "size=x", "size=x: expected bytes, or a number with K, M, G or T" },
		{ "private=perhaps", "private=perhaps: expected refuse or allow" },
		{ "huge=always",
		  "huge: no such option; expected mode=, uid=, gid=, size= or private=" },
	};
	char said[256];
	int i, fd;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		fd = log_open();
		ASSERT_LE(0, fd);
		EXPECT_EQ(-EINVAL, mount_again(&self->mnt, refused[i].options));
		log_last(fd, FS, said, sizeof(said));
		EXPECT_STREQ(refused[i].said, said);
	}
	/* For the fixture's end. */
	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
}

TEST_F(options, refusals_to_remount_tell_why)
{
	static const struct {
		const char *options;
		const char *said;
	} refused[] = {
		{ "mode=700", "mode, uid and gid stay; chmod and chown the root directory" },
		{ "size=4K", "size=4096: expected at least the size of the files, 8192" },
	};
	char said[256];
	int i, fd, vm = file_make(&self->mnt, "vm", 2 * PAGE);

	ASSERT_LE(0, vm);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		fd = log_open();
		ASSERT_LE(0, fd);
		EXPECT_EQ(-1, mount(NULL, self->mnt.dir, NULL, MS_REMOUNT, refused[i].options));
		EXPECT_EQ(EINVAL, errno);
		log_last(fd, FS, said, sizeof(said));
		EXPECT_STREQ(refused[i].said, said);
	}
	close(vm);
}

/* A VMM sees EINVAL only: the log names the way out. */
TEST_F(options, refused_private_mapping_names_the_options)
{
	char said[256], expected[256];
	int fd, vm = file_make(&self->mnt, "vm", PAGE);

	ASSERT_LE(0, vm);
	fd = log_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, vm, 0));
	EXPECT_EQ(EINVAL, errno);
	log_last(fd, MODULE, said, sizeof(said));
	snprintf(expected, sizeof(expected),
		 "%s[%d]: private writable mapping refused: use share=on (MAP_SHARED), or mount with private=allow",
		 program_invocation_short_name, getpid());
	EXPECT_STREQ(expected, said);
	close(vm);
}

VMSWAP_TEST_MAIN

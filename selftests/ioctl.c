// SPDX-License-Identifier: GPL-2.0
/*
 * ioctl.c - a walk through the contract of uapi/linux/vmswap.h.
 *
 * Built for 64 and for 32 bits: both must see the same.
 */
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <sys/uio.h>
#include <linux/falloc.h>

#include "test-lib.h"

#define FILE_PAGES	64
#define FILE_SIZE	(FILE_PAGES * PAGE)
#define IOC(nr, size)	_IOC(_IOC_READ | _IOC_WRITE, VMSWAP_IOC_MAGIC, nr, size)

FIXTURE(dev)
{
	int dev;
	struct vmswap_create_vm args;
};

FIXTURE_SETUP(dev)
{
	self->dev = open("/dev/vmswap", O_RDWR);
	ASSERT_LE(0, self->dev);
	self->args.size = FILE_SIZE;
	strcpy(self->args.name, "test");
}

FIXTURE_TEARDOWN(dev)
{
	close(self->dev);
}

FIXTURE(vm)
{
	int fd;
	uint8_t *mem;
	struct vmswap_range ranges[VMSWAP_MAX_RANGES];
	struct vmswap_ranges args;
	struct vmswap_page_state state;
	uint16_t states[2 * FILE_PAGES];
};

FIXTURE_SETUP(vm)
{
	unsigned int i;

	self->fd = vm_create("test", FILE_SIZE);
	ASSERT_LE(0, self->fd);
	self->mem = map_shared(self->fd, FILE_SIZE);
	ASSERT_NE(MAP_FAILED, self->mem);
	for (i = 0; i < FILE_PAGES; i++)
		page_make(self->mem + i * PAGE, PAGE_RANDOM, test_seed + i);
	self->args.ranges = (uintptr_t)self->ranges;
	self->args.nr_ranges = 1;
	self->ranges[0].length = FILE_SIZE;
	self->state.length = FILE_SIZE;
	self->state.states = (uintptr_t)self->states;
}

FIXTURE_TEARDOWN(vm)
{
	munmap(self->mem, FILE_SIZE);
	close(self->fd);
}

static const unsigned long range_cmds[] = {
	VMSWAP_IOC_EVICT, VMSWAP_IOC_PREFETCH, VMSWAP_IOC_DISCARD,
};

#define for_each_range_cmd(i) for (i = 0; i < 3; i++)

static int do_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

/* ---------------------------------------------------------------------- layout */

/* The same numbers in a program of 32 bits. */
TEST(layout)
{
	EXPECT_EQ(56, sizeof(struct vmswap_info));
	EXPECT_EQ(112, sizeof(struct vmswap_create_vm));
	EXPECT_EQ(16, sizeof(struct vmswap_range));
	EXPECT_EQ(80, sizeof(struct vmswap_ranges));
	EXPECT_EQ(56, sizeof(struct vmswap_page_state));
	EXPECT_EQ(256, sizeof(struct vmswap_vm_stat));
}

/* -------------------------------------------------------------------- GET_INFO */

static void check_info(struct __test_metadata *_metadata, int fd)
{
	struct vmswap_info info;
	unsigned int i;

	memset(&info, 0xff, sizeof(info));
	ASSERT_EQ(0, do_ioctl(fd, VMSWAP_IOC_GET_INFO, &info));
	EXPECT_EQ(VMSWAP_ABI_VERSION, info.abi_version);
	EXPECT_EQ(VMSWAP_PAGE_SIZE, info.page_size);
	EXPECT_EQ(VMSWAP_FEATURES_ALL, info.features);
	EXPECT_EQ(VMSWAP_MAX_RANGES, info.max_ranges);
	EXPECT_LT(1ull << 40, info.max_size);
	EXPECT_EQ(0, info.max_size % PAGE);
	for (i = 0; i < 7; i++) {
		EXPECT_EQ(0, info.reserved[i]);
	}
	EXPECT_EQ(-EFAULT, do_ioctl(fd, VMSWAP_IOC_GET_INFO, NULL));
}

TEST_F(dev, get_info)
{
	check_info(_metadata, self->dev);
}

TEST_F(vm, get_info)
{
	check_info(_metadata, self->fd);
}

TEST_F(dev, device_node)
{
	struct stat st;

	ASSERT_EQ(0, fstat(self->dev, &st));
	EXPECT_EQ(S_IFCHR | 0660, st.st_mode);
	EXPECT_LE(0, lseek(self->dev, 0, SEEK_END));
}

TEST_F(dev, unknown)
{
	struct vmswap_ranges args = {};

	EXPECT_EQ(-ENOTTY, do_ioctl(self->dev, IOC(0x7f, 8), &args));
	EXPECT_EQ(-ENOTTY, do_ioctl(self->dev, VMSWAP_IOC_EVICT, &args));
	EXPECT_EQ(-ENOTTY, do_ioctl(self->dev, IOC(0x01, 8), &args));
	EXPECT_EQ(-ENOTTY, do_ioctl(self->dev, 0x5401, &args));
}

TEST_F(vm, unknown)
{
	EXPECT_EQ(-ENOTTY, do_ioctl(self->fd, IOC(0x7f, 8), &self->args));
	EXPECT_EQ(-ENOTTY, do_ioctl(self->fd, VMSWAP_IOC_CREATE_VM, &self->args));
	EXPECT_EQ(-ENOTTY, do_ioctl(self->fd, IOC(0x10, 8), &self->args));
	EXPECT_EQ(-ENOTTY, do_ioctl(self->fd, 0x5401, &self->args));
}

/* ------------------------------------------------------------------- CREATE_VM */

TEST_F(dev, create)
{
	struct vmswap_vm_stat stat;
	struct statfs fs;
	struct stat st;
	int fd = do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, &self->args), fd2;
	uint64_t id = self->args.id;
	char byte = 0;

	ASSERT_LE(0, fd);
	EXPECT_NE(0, id);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(fd, F_GETFL) & O_ACCMODE);
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_TRUE(S_ISREG(st.st_mode));
	EXPECT_EQ(FILE_SIZE, st.st_size);
	EXPECT_EQ(FILE_SIZE, lseek(fd, 0, SEEK_END));
	EXPECT_EQ(1, pwrite(fd, "x", 1, PAGE));
	EXPECT_EQ(1, pread(fd, &byte, 1, PAGE));
	EXPECT_EQ('x', byte);
	ASSERT_EQ(0, fstatfs(fd, &fs));
	EXPECT_EQ(VMSWAPFS_MAGIC, fs.f_type);
	EXPECT_EQ(0, fchmod(fd, 0640));
	EXPECT_EQ(0, fchown(fd, 1, 1));
	ASSERT_EQ(0, vm_stat(fd, &stat));
	EXPECT_EQ(id, stat.id);
	/* The same name twice: two VMs. */
	fd2 = do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, &self->args);
	ASSERT_LE(0, fd2);
	EXPECT_NE(id, self->args.id);
	close(fd);
	close(fd2);
}

TEST_F(dev, create_sizes)
{
	static const uint64_t bad[] = { 1, PAGE - 1, PAGE + 1, 1ull << 63, ~0ull, ~0ull - 4095 };
	struct vmswap_info info;
	unsigned int i;
	int fd;

	for (i = 0; i < 6; i++) {
		self->args.size = bad[i];
		EXPECT_EQ(-EINVAL, do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, &self->args)) {
			TH_LOG("size %llx", (unsigned long long)bad[i]);
		}
	}
	ASSERT_EQ(0, do_ioctl(self->dev, VMSWAP_IOC_GET_INFO, &info));
	self->args.size = info.max_size;
	fd = do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, &self->args);
	EXPECT_LE(0, fd);
	close(fd);
	self->args.size = 0;
	fd = do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, &self->args);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, lseek(fd, 0, SEEK_END));
	EXPECT_EQ(0, ftruncate(fd, FILE_SIZE));
	EXPECT_EQ(FILE_SIZE, lseek(fd, 0, SEEK_END));
	close(fd);
}

/* The watch outlives the descriptor, and so holds the inode alone. */
TEST_F(dev, create_watched)
{
	int fd = do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, &self->args);
	int watch = inotify_init1(IN_CLOEXEC);
	char path[64];

	ASSERT_LE(0, fd);
	ASSERT_LE(0, watch);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ASSERT_LE(0, inotify_add_watch(watch, path, IN_MODIFY));
	close(fd);
	close(watch);
	EXPECT_EQ(0, system("sync -f /"));
}

/* A member of group kvm in a container. */
TEST_F(dev, create_in_user_namespace)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (unshare(CLONE_NEWUSER))
			_exit(2);
		_exit(do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, &self->args) < 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(dev, create_names)
{
	static const char *const good[] = { "", "a", "A.z_0-9", "..", "vm-1" };
	static const char *const bad[] = { "a b", "a/b", "a\n", "a:b", "\xe9t\xe9", "a\x7f", "@" };
	unsigned int i;
	int fd;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		memset(self->args.name, 0, sizeof(self->args.name));
		strcpy(self->args.name, good[i]);
		fd = do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, &self->args);
		EXPECT_LE(0, fd) {
			TH_LOG("name '%s'", good[i]);
		}
		close(fd);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(self->args.name, bad[i]);
		fd = do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, &self->args);
		EXPECT_EQ(-EINVAL, fd) {
			TH_LOG("name %u", i);
			close(fd);
		}
	}
	memset(self->args.name, 'x', VMSWAP_NAME_MAX + 1);
	EXPECT_EQ(-EINVAL, do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, &self->args));
	self->args.name[VMSWAP_NAME_MAX] = 0;
	fd = do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, &self->args);
	EXPECT_LE(0, fd);
	close(fd);
}

TEST_F(dev, create_reserved)
{
	unsigned int i;

	self->args.flags = 1;
	EXPECT_EQ(-EINVAL, do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, &self->args));
	self->args.flags = 0;
	self->args.reserved0 = 1;
	EXPECT_EQ(-EINVAL, do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, &self->args));
	self->args.reserved0 = 0;
	for (i = 0; i < 3; i++) {
		self->args.reserved[i] = 1ull << 63;
		EXPECT_EQ(-EINVAL, do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, &self->args));
		self->args.reserved[i] = 0;
	}
	EXPECT_EQ(-EFAULT, do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, NULL));
}

/* The answer cannot be written: no descriptor, no VM stays. */
TEST_F(dev, create_read_only_arguments)
{
	struct vmswap_create_vm *args = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int next = dup(self->dev);

	ASSERT_NE(MAP_FAILED, args);
	close(next);
	*args = self->args;
	ASSERT_EQ(0, mprotect(args, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, args));
	EXPECT_EQ(next, dup(self->dev));
	close(next);
	munmap(args, PAGE);
}

TEST_F(vm, map_and_reopen)
{
	char path[64];
	uint8_t *mem;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	ASSERT_EQ(0, do_ioctl(self->fd, VMSWAP_IOC_EVICT, &self->args));
	fd = open(path, O_RDWR);
	ASSERT_LE(0, fd);
	mem = map_shared(fd, FILE_SIZE);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_TRUE(page_is(mem, PAGE_RANDOM, test_seed));
	mem[0] ^= 1;
	EXPECT_EQ(mem[0], self->mem[0]);
	EXPECT_EQ(-1, open(path, O_RDWR | O_TRUNC));
	EXPECT_EQ(ETXTBSY, errno);
	munmap(mem, FILE_SIZE);
	close(fd);
}

static int send_fd(int sock, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct iovec iov = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int sock)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	int fd;

	if (recvmsg(sock, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return -EIO;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* As with vhost-user: another process gets the descriptor alone. */
TEST_F(vm, scm_rights)
{
	int sock[2], status;
	pid_t pid;

	ASSERT_EQ(0, do_ioctl(self->fd, VMSWAP_IOC_EVICT, &self->args));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	pid = fork();
	if (!pid) {
		uint8_t *mem;
		int fd;

		munmap(self->mem, FILE_SIZE);
		close(self->fd);
		fd = receive_fd(sock[1]);
		mem = map_shared(fd, FILE_SIZE);
		if (mem == MAP_FAILED || !page_is(mem + PAGE, PAGE_RANDOM, test_seed + 1))
			_exit(1);
		page_make(mem, PAGE_RANDOM, 7);
		_exit(0);
	}
	ASSERT_EQ(0, send_fd(sock[0], self->fd));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(page_is(self->mem, PAGE_RANDOM, 7));
	close(sock[0]);
	close(sock[1]);
}

/* In flight, nobody else has it: it lives until the socket goes. */
TEST_F(dev, scm_rights_in_flight)
{
	int fd = do_ioctl(self->dev, VMSWAP_IOC_CREATE_VM, &self->args), sock[2];
	struct vmswap_vm_stat stat;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	ASSERT_EQ(0, send_fd(sock[0], fd));
	close(fd);
	fd = receive_fd(sock[1]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, vm_stat(fd, &stat));
	EXPECT_EQ(FILE_SIZE, stat.size);
	ASSERT_EQ(0, send_fd(sock[0], fd));
	close(fd);
	close(sock[0]);
	close(sock[1]);
}

/* ------------------------------------------------- EVICT, PREFETCH, DISCARD */

static unsigned int count_states(struct __test_metadata *_metadata, int fd, uint16_t bits,
				 uint16_t want)
{
	uint16_t states[FILE_PAGES];
	unsigned int i, n = 0;

	ASSERT_EQ(0, page_states(fd, 0, FILE_PAGES, states));
	for (i = 0; i < FILE_PAGES; i++)
		n += (states[i] & bits) == want;
	return n;
}

#define COUNT(bits, want) count_states(_metadata, self->fd, bits, want)

TEST_F(vm, evict_prefetch_discard)
{
	struct vmswap_vm_stat stat;
	unsigned int i;

	ASSERT_EQ(0, do_ioctl(self->fd, VMSWAP_IOC_EVICT, &self->args));
	EXPECT_EQ(FILE_SIZE, self->args.done_bytes);
	EXPECT_EQ(FILE_PAGES, self->args.done_pages);
	EXPECT_EQ(0, self->args.kept_pinned + self->args.kept_busy + self->args.kept_no_room);
	EXPECT_EQ(FILE_PAGES, COUNT(VMSWAP_PAGE_RESIDENT | VMSWAP_PAGE_SLOT, VMSWAP_PAGE_SLOT));
	self->args.done_bytes = 0;
	self->ranges[0].length = FILE_SIZE / 2;
	ASSERT_EQ(0, do_ioctl(self->fd, VMSWAP_IOC_PREFETCH, &self->args));
	EXPECT_EQ(FILE_PAGES / 2, self->args.done_pages);
	EXPECT_EQ(FILE_PAGES / 2, COUNT(VMSWAP_PAGE_RESIDENT, VMSWAP_PAGE_RESIDENT));
	for (i = 0; i < FILE_PAGES; i++) {
		EXPECT_TRUE(page_is(self->mem + i * PAGE, PAGE_RANDOM, test_seed + i));
	}
	self->args.done_bytes = 0;
	self->ranges[0].length = FILE_SIZE;
	ASSERT_EQ(0, do_ioctl(self->fd, VMSWAP_IOC_DISCARD, &self->args));
	EXPECT_EQ(FILE_PAGES, self->args.done_pages);
	EXPECT_EQ(FILE_PAGES, COUNT(0xffff, VMSWAP_PAGE_ZERO));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(FILE_SIZE, stat.zero);
	EXPECT_TRUE(is_zero(self->mem, FILE_SIZE));
}

TEST_F(vm, range_arrays)
{
	unsigned int i;

	/* Every second page, the last range beyond the end of the file. */
	for (i = 0; i < FILE_PAGES / 2; i++)
		self->ranges[i] = (struct vmswap_range){ 2 * i * PAGE, PAGE };
	self->ranges[i++] = (struct vmswap_range){ 4 * FILE_SIZE, FILE_SIZE };
	self->ranges[i++] = (struct vmswap_range){ PAGE, 0 };
	self->args.nr_ranges = i;
	ASSERT_EQ(0, do_ioctl(self->fd, VMSWAP_IOC_EVICT, &self->args));
	EXPECT_EQ(FILE_SIZE / 2 + FILE_SIZE, self->args.done_bytes);
	EXPECT_EQ(FILE_PAGES / 2, self->args.done_pages);
	for (i = 0; i < FILE_PAGES; i++) {
		EXPECT_EQ(i % 2, is_resident(self->fd, i * PAGE));
	}
	self->args.nr_ranges = VMSWAP_MAX_RANGES;
	self->args.done_bytes = 0;
	EXPECT_EQ(0, do_ioctl(self->fd, VMSWAP_IOC_PREFETCH, &self->args));
	self->args.nr_ranges = VMSWAP_MAX_RANGES + 1;
	EXPECT_EQ(-EINVAL, do_ioctl(self->fd, VMSWAP_IOC_PREFETCH, &self->args));
	self->args.nr_ranges = 0;
	EXPECT_EQ(-EINVAL, do_ioctl(self->fd, VMSWAP_IOC_PREFETCH, &self->args));
}

/* What stays is told for all ranges together, also when a page is tried again. */
TEST_F(vm, ranges_add_up)
{
	struct iovec iov = { self->mem + 9 * PAGE, PAGE };
	int busy[2];

	self->ranges[0] = (struct vmswap_range){ 0, 8 * PAGE };
	self->ranges[1] = (struct vmswap_range){ 8 * PAGE, 8 * PAGE };
	self->args.nr_ranges = 2;
	ASSERT_EQ(0, mlock(self->mem, 2 * PAGE));
	/* A pipe refers to the page. */
	ASSERT_EQ(0, pipe(busy));
	ASSERT_EQ(PAGE, vmsplice(busy[1], &iov, 1, 0));
	ASSERT_EQ(0, do_ioctl(self->fd, VMSWAP_IOC_EVICT, &self->args));
	EXPECT_EQ(13, self->args.done_pages);
	EXPECT_EQ(2, self->args.kept_pinned);
	EXPECT_EQ(1, self->args.kept_busy);
	close(busy[0]);
	close(busy[1]);
	EXPECT_EQ(0, munlock(self->mem, 2 * PAGE));
}

/* done_bytes says where to go on: only the rest is worked on. */
TEST_F(vm, resume)
{
	unsigned int i, cmd;

	self->ranges[0] = (struct vmswap_range){ 0, 8 * PAGE };
	self->ranges[1] = (struct vmswap_range){ 16 * PAGE, 8 * PAGE };
	self->args.nr_ranges = 2;
	self->args.done_bytes = 10 * PAGE;
	ASSERT_EQ(0, do_ioctl(self->fd, VMSWAP_IOC_EVICT, &self->args));
	EXPECT_EQ(16 * PAGE, self->args.done_bytes);
	EXPECT_EQ(6, self->args.done_pages);
	for (i = 0; i < FILE_PAGES; i++) {
		EXPECT_EQ(i < 18 || i >= 24, is_resident(self->fd, i * PAGE));
	}
	/* All done: nothing to do. */
	for_each_range_cmd(cmd) {
		ASSERT_EQ(0, do_ioctl(self->fd, range_cmds[cmd], &self->args));
		EXPECT_EQ(16 * PAGE, self->args.done_bytes);
		EXPECT_EQ(0, self->args.done_pages);
	}
	self->args.done_bytes = 1;
	EXPECT_EQ(-EINVAL, do_ioctl(self->fd, VMSWAP_IOC_EVICT, &self->args));
	self->args.done_bytes = 64 * FILE_SIZE;
	EXPECT_EQ(0, do_ioctl(self->fd, VMSWAP_IOC_DISCARD, &self->args));
	EXPECT_EQ(0, self->args.done_pages);
	EXPECT_TRUE(page_is(self->mem, PAGE_RANDOM, test_seed));
}

static void on_signal(int sig)
{
}

/* Interrupted, it tells how far it came; handed in again, it goes on from there. */
TEST_F(vm, interrupted)
{
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = {};
	struct sigaction action = { .sa_handler = on_signal };
	uint64_t size = 64 * MIB, last = 0;
	int fd = vm_create("big", size), ret, n = 0;
	uint8_t *mem = map_shared(fd, size);
	size_t at;

	ASSERT_NE(MAP_FAILED, mem);
	for (at = 0; at < size; at += PAGE)
		memcpy(mem + at, &at, sizeof(at));
	self->ranges[0].length = size;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (;;) {
		ret = do_ioctl(fd, VMSWAP_IOC_EVICT, &self->args);
		ASSERT_TRUE(ret == 0 || ret == -EINTR);
		if (!ret)
			break;
		ASSERT_LT(last, self->args.done_bytes);
		last = self->args.done_bytes;
		n++;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	EXPECT_EQ(size, self->args.done_bytes);
	EXPECT_LT(0, n);
	for (at = 0; at < size; at += PAGE) {
		ASSERT_EQ(0, memcmp(mem + at, &at, sizeof(at)));
	}
	munmap(mem, size);
	close(fd);
}

TEST_F(vm, ranges_refused)
{
	static const struct {
		uint64_t offset, length;
		int err;
	} bad[] = {
		{ 1, PAGE, -EINVAL }, { 0, 1, -EINVAL }, { PAGE - 1, PAGE, -EINVAL },
		{ PAGE, 1ull << 63, -EOVERFLOW }, { 1ull << 63, PAGE, -EOVERFLOW },
		{ ~0ull - 4095, 4096, -EOVERFLOW }, { ~0ull - 4095, 8192, -EOVERFLOW },
		{ 0, 1ull << 63, -EOVERFLOW }, { (1ull << 63) - PAGE, PAGE, -EOVERFLOW },
	};
	unsigned int i, cmd;

	for_each_range_cmd(cmd)
		for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			/* The good range before it is not worked on, either. */
			self->ranges[1].offset = bad[i].offset;
			self->ranges[1].length = bad[i].length;
			self->args.nr_ranges = 2;
			self->args.done_bytes = 0;
			EXPECT_EQ(bad[i].err, do_ioctl(self->fd, range_cmds[cmd], &self->args)) {
				TH_LOG("command %u, range %u", cmd, i);
			}
		}
	EXPECT_TRUE(page_is(self->mem, PAGE_RANDOM, test_seed));
	EXPECT_EQ(FILE_PAGES, COUNT(VMSWAP_PAGE_RESIDENT, VMSWAP_PAGE_RESIDENT));
}

TEST_F(vm, ranges_largest)
{
	self->ranges[0].length = (1ull << 63) - PAGE;
	ASSERT_EQ(0, do_ioctl(self->fd, VMSWAP_IOC_EVICT, &self->args));
	EXPECT_EQ((1ull << 63) - PAGE, self->args.done_bytes);
	EXPECT_EQ(FILE_PAGES, self->args.done_pages);
}

TEST_F(vm, ranges_reserved)
{
	unsigned int i, cmd;

	for_each_range_cmd(cmd) {
		self->args.flags = 1u << 31;
		EXPECT_EQ(-EINVAL, do_ioctl(self->fd, range_cmds[cmd], &self->args));
		self->args.flags = 0;
		for (i = 0; i < 3; i++) {
			self->args.reserved[i] = 1;
			EXPECT_EQ(-EINVAL, do_ioctl(self->fd, range_cmds[cmd], &self->args));
			self->args.reserved[i] = 0;
		}
	}
}

TEST_F(vm, ranges_fault)
{
	unsigned int cmd;

	for_each_range_cmd(cmd) {
		EXPECT_EQ(-EFAULT, do_ioctl(self->fd, range_cmds[cmd], NULL));
		self->args.ranges = 0;
		EXPECT_EQ(-EFAULT, do_ioctl(self->fd, range_cmds[cmd], &self->args));
		self->args.ranges = ~0ull;
		EXPECT_EQ(-EFAULT, do_ioctl(self->fd, range_cmds[cmd], &self->args));
		self->args.ranges = (uintptr_t)self->ranges;
	}
	EXPECT_TRUE(page_is(self->mem, PAGE_RANDOM, test_seed));
}

TEST_F(vm, ranges_need_writing)
{
	unsigned int cmd;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	for_each_range_cmd(cmd) {
		EXPECT_EQ(-EBADF, do_ioctl(fd, range_cmds[cmd], &self->args));
	}
	EXPECT_EQ(0, do_ioctl(fd, VMSWAP_IOC_PAGE_STATE, &self->state));
	EXPECT_EQ(FILE_PAGES, self->state.done_pages);
	close(fd);
	fd = open(path, O_PATH);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBADF, do_ioctl(fd, VMSWAP_IOC_EVICT, &self->args));
	close(fd);
	EXPECT_TRUE(page_is(self->mem, PAGE_RANDOM, test_seed));
}

/* A descriptor of another kind of file is not taken for one of ours. */
TEST_F(vm, other_files)
{
	int pipefd[2];

	ASSERT_EQ(0, pipe(pipefd));
	EXPECT_EQ(-ENOTTY, do_ioctl(pipefd[0], VMSWAP_IOC_EVICT, &self->args));
	close(pipefd[0]);
	close(pipefd[1]);
}

/* ------------------------------------------------------------------- PAGE_STATE */

TEST_F(vm, page_state)
{
	EXPECT_EQ(VMSWAP_PAGE_RESIDENT | VMSWAP_PAGE_DIRTY, page_state(self->fd, 0));
	EXPECT_TRUE(evict_page(self->fd, 0));
	EXPECT_EQ(VMSWAP_PAGE_SLOT, page_state(self->fd, 0) & ~VMSWAP_PAGE_TIER_MASK);
	page_make(self->mem, PAGE_SAME_FILLED, 0x77);
	EXPECT_TRUE(evict_page(self->fd, 0));
	EXPECT_EQ(VMSWAP_PAGE_SAME, page_state(self->fd, 0));
	EXPECT_EQ(0x77, self->mem[0]);
	EXPECT_EQ(VMSWAP_PAGE_SAME | VMSWAP_PAGE_RESIDENT, page_state(self->fd, 0));
	memset(self->mem, 0, PAGE);
	EXPECT_TRUE(evict_page(self->fd, 0));
	EXPECT_EQ(VMSWAP_PAGE_ZERO, page_state(self->fd, 0));
	EXPECT_EQ(0, mlock(self->mem, PAGE));
	EXPECT_EQ(VMSWAP_PAGE_RESIDENT | VMSWAP_PAGE_PINNED,
		  page_state(self->fd, 0) & ~VMSWAP_PAGE_DIRTY);
	EXPECT_EQ(VMSWAP_PAGE_BEYOND, page_state(self->fd, FILE_SIZE));
}

/* Values that one word of the page map cannot express, and those that it can. */
TEST_F(vm, same_filled_values)
{
	static const uint64_t values[] = {
		1, 0xff, 0x5555555555555555, 0xffffffffffffffff, 0x8000000080000000,
		0xffffffff80000000, 0x001fffffffffffff, 0x0020000000000000, 0xffe0000000000000,
		0xffdfffffffffffff, 0x123456789abcdef0, 0xdeadbeefdeadbeef, 0x00000000ffffffff,
	};
	unsigned int i, k;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		uint64_t *w = (uint64_t *)self->mem;

		for (k = 0; k < PAGE / 8; k++)
			w[k] = values[i];
		ASSERT_TRUE(evict_page(self->fd, 0));
		for (k = 0; k < PAGE / 8; k++) {
			ASSERT_EQ(values[i], w[k]);
		}
	}
}

TEST_F(vm, page_state_refused)
{
	self->state.offset = 1;
	EXPECT_EQ(-EINVAL, do_ioctl(self->fd, VMSWAP_IOC_PAGE_STATE, &self->state));
	self->state.offset = 0;
	self->state.length = 100;
	EXPECT_EQ(-EINVAL, do_ioctl(self->fd, VMSWAP_IOC_PAGE_STATE, &self->state));
	self->state.length = 1ull << 63;
	EXPECT_EQ(-EOVERFLOW, do_ioctl(self->fd, VMSWAP_IOC_PAGE_STATE, &self->state));
	self->state.length = PAGE;
	self->state.flags = 1;
	EXPECT_EQ(-EINVAL, do_ioctl(self->fd, VMSWAP_IOC_PAGE_STATE, &self->state));
	self->state.flags = 0;
	self->state.reserved0 = 1;
	EXPECT_EQ(-EINVAL, do_ioctl(self->fd, VMSWAP_IOC_PAGE_STATE, &self->state));
	self->state.reserved0 = 0;
	self->state.reserved[1] = 1;
	EXPECT_EQ(-EINVAL, do_ioctl(self->fd, VMSWAP_IOC_PAGE_STATE, &self->state));
	self->state.reserved[1] = 0;
	self->state.states = 0;
	EXPECT_EQ(-EFAULT, do_ioctl(self->fd, VMSWAP_IOC_PAGE_STATE, &self->state));
	EXPECT_EQ(0, self->state.done_pages);
	EXPECT_EQ(-EFAULT, do_ioctl(self->fd, VMSWAP_IOC_PAGE_STATE, NULL));
}

TEST_F(vm, page_state_stays_within)
{
	memset(self->states, 0xee, sizeof(self->states));
	self->state.length = 3 * PAGE;
	self->state.offset = FILE_SIZE - PAGE;
	ASSERT_EQ(0, do_ioctl(self->fd, VMSWAP_IOC_PAGE_STATE, &self->state));
	EXPECT_EQ(3, self->state.done_pages);
	EXPECT_TRUE(self->states[0] & VMSWAP_PAGE_RESIDENT);
	EXPECT_EQ(VMSWAP_PAGE_BEYOND, self->states[1]);
	EXPECT_EQ(VMSWAP_PAGE_BEYOND, self->states[2]);
	EXPECT_EQ(0xeeee, self->states[3]);
	self->state.length = 0;
	ASSERT_EQ(0, do_ioctl(self->fd, VMSWAP_IOC_PAGE_STATE, &self->state));
	EXPECT_EQ(0, self->state.done_pages);
}

/* --------------------------------------------------------------------- VM_STAT */

/* One page of each kind; each is in exactly one gauge. */
TEST_F(vm, stat_sums)
{
	struct vmswap_vm_stat stat;
	unsigned int i;

	for (i = 0; i < FILE_PAGES; i++)
		page_make(self->mem + i * PAGE, i % PAGE_CLASSES, test_seed + i);
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(FILE_SIZE, stat.resident);
	EXPECT_EQ(FILE_SIZE, stat.dirty);
	ASSERT_EQ(0, do_ioctl(self->fd, VMSWAP_IOC_EVICT, &self->args));
	memset(&stat, 0xff, sizeof(stat));
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(FILE_SIZE, stat.size);
	EXPECT_EQ(FILE_SIZE, stat_sum(&stat));
	EXPECT_EQ(0, stat.resident);
	EXPECT_EQ(FILE_SIZE / 4, stat.zero);
	EXPECT_LE(FILE_SIZE / 4, stat.same + stat.swapped / 3);
	EXPECT_EQ(0, stat.dirty + stat.pinned + stat.poisoned + stat.hinted);
	EXPECT_EQ(~0ull, stat.limit);
	EXPECT_LT(0, stat.overhead);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(0, stat.reserved[i]);
	}
	for (i = 0; i < FILE_PAGES / 2; i++) {
		EXPECT_TRUE(page_is(self->mem + i * PAGE, i % PAGE_CLASSES, test_seed + i));
	}
	ASSERT_EQ(0, vm_stat(self->fd, &stat));
	EXPECT_EQ(FILE_SIZE, stat_sum(&stat));
	/* Those that were touched, and what was read ahead. */
	EXPECT_LE(FILE_SIZE / 2, stat.resident);
	EXPECT_LT(0, stat.faults_major);
	EXPECT_EQ(-EFAULT, do_ioctl(self->fd, VMSWAP_IOC_VM_STAT, NULL));
}

VMSWAP_TEST_MAIN

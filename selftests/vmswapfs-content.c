// SPDX-License-Identifier: GPL-2.0
/* vmswapfs-content.c - what files hold: sizes, holes, zeroing, reading and writing. */
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <linux/falloc.h>
#include <linux/loop.h>

#include "kvm.h"
#include "vmswapfs.h"

/* ----------------------------------------------------------------------- sizes */

TEST_F(file, size)
{
	struct stat st;

	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(FILE_SIZE, st.st_size);
	EXPECT_EQ(FILE_SIZE, lseek(self->fd, 0, SEEK_END));
	/* Growing a mapped file is what QEMU and virtio-mem do. */
	EXPECT_EQ(0, ftruncate(self->fd, 2 * FILE_SIZE));
	EXPECT_EQ(2 * FILE_SIZE, lseek(self->fd, 0, SEEK_END));
}

TEST_F(file, shrink_mapped)
{
	page_make(self->mem + FILE_SIZE - PAGE, PAGE_RANDOM, 1);
	EXPECT_EQ(-1, ftruncate(self->fd, FILE_SIZE - PAGE));
	EXPECT_EQ(ETXTBSY, errno);
	EXPECT_EQ(-1, ftruncate(self->fd, FILE_SIZE - 1));
	EXPECT_EQ(ETXTBSY, errno);
	EXPECT_EQ(-1, open(path_in(&self->mnt, "vm"), O_RDWR | O_TRUNC));
	EXPECT_EQ(ETXTBSY, errno);
	EXPECT_EQ(-1, truncate(path_in(&self->mnt, "vm"), 0));
	EXPECT_EQ(ETXTBSY, errno);
	EXPECT_TRUE(page_is(self->mem + FILE_SIZE - PAGE, PAGE_RANDOM, 1));
	munmap(self->mem, FILE_SIZE);
	EXPECT_EQ(0, ftruncate(self->fd, FILE_SIZE - PAGE));
	EXPECT_EQ(0, truncate(path_in(&self->mnt, "vm"), 0));
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_END));
}

TEST_F(file, shrink_and_grow_reads_zero)
{
	uint8_t page[PAGE];
	int swapped;

	for (swapped = 0; swapped < 2; swapped++) {
		page_make(page, PAGE_RANDOM, 1);
		munmap(self->mem, FILE_SIZE);
		ASSERT_EQ(PAGE, pwrite(self->fd, page, PAGE, 0));
		ASSERT_EQ(PAGE, pwrite(self->fd, page, PAGE, PAGE));
		if (swapped) {
			EXPECT_TRUE(evict_pages(self->fd, 2));
		}
		ASSERT_EQ(0, ftruncate(self->fd, 100));
		ASSERT_EQ(0, ftruncate(self->fd, FILE_SIZE));
		self->mem = map_shared(self->fd, FILE_SIZE);
		EXPECT_EQ(0, memcmp(self->mem, page, 100));
		EXPECT_TRUE(is_zero(self->mem + 100, 2 * PAGE - 100));
		EXPECT_TRUE(evict_pages(self->fd, 2));
		EXPECT_EQ(0, memcmp(self->mem, page, 100));
		EXPECT_TRUE(is_zero(self->mem + 100, 2 * PAGE - 100));
	}
}

TEST_F(file, beyond_end)
{
	uint8_t *mem;
	int status;
	pid_t pid;

	ASSERT_EQ(0, ftruncate(self->fd, FILE_SIZE));
	mem = map_shared(self->fd, FILE_SIZE + PAGE);
	ASSERT_NE(MAP_FAILED, mem);
	pid = fork();
	if (!pid) {
		signal(SIGBUS, SIG_DFL);
		mem[FILE_SIZE] = 1;
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGBUS, WTERMSIG(status));
	EXPECT_EQ(0, pread(self->fd, self->mem, PAGE, FILE_SIZE));
	EXPECT_EQ(PAGE - 1, pread(self->fd, self->mem, PAGE, FILE_SIZE - PAGE + 1));
	munmap(mem, FILE_SIZE + PAGE);
}

/* A system call that is given such memory is told so; no signal ends the thread. */
TEST_F(file, beyond_end_in_a_call)
{
	uint8_t *mem = map_shared(self->fd, FILE_SIZE + PAGE);

	ASSERT_NE(MAP_FAILED, mem);
	page_make(self->mem, PAGE_RANDOM, 1);
	expect_efault(_metadata, self->fd, 0, mem + FILE_SIZE);
	EXPECT_TRUE(page_is(self->mem, PAGE_RANDOM, 1));
	EXPECT_EQ(FILE_SIZE, lseek(self->fd, 0, SEEK_END));
	munmap(mem, FILE_SIZE + PAGE);
}

#define GUEST_PAGES	8

static const uint8_t reads_beyond[] = {
	X86_LOAD_AL((GUEST_PAGES - 1) * PAGE), X86_HLT,
	X86_LOAD_AL(GUEST_PAGES * PAGE), X86_HLT,
};

/* The guest has more memory than its file: the VMM is told, and may make the file longer. */
TEST_F(file, beyond_end_in_a_guest)
{
	size_t size = (GUEST_PAGES + 1) * PAGE;
	struct kvm_guest g;
	uint8_t *mem;
	int fd;

	if (!kvm_usable())
		SKIP(return, "%s", "no /dev/kvm");
	fd = file_make(&self->mnt, "guest", GUEST_PAGES * PAGE);
	ASSERT_LE(0, fd);
	mem = map_shared(fd, size);
	ASSERT_NE(MAP_FAILED, mem);
	memcpy(mem, reads_beyond, sizeof(reads_beyond));
	mem[(GUEST_PAGES - 1) * PAGE] = 0xa5;
	ASSERT_EQ(0, kvm_guest_begin(&g, mem, size));
	ASSERT_EQ(0, kvm_guest_run(&g));
	EXPECT_EQ(0xa5, kvm_guest_al(&g));
	EXPECT_EQ(-EFAULT, kvm_guest_run(&g));
	EXPECT_EQ(-EFAULT, kvm_guest_run(&g));
	EXPECT_EQ(GUEST_PAGES * PAGE, lseek(fd, 0, SEEK_END));
	ASSERT_EQ(0, ftruncate(fd, size));
	EXPECT_EQ(0, kvm_guest_run(&g));
	EXPECT_EQ(0, kvm_guest_al(&g));
	kvm_guest_end(&g);
	munmap(mem, size);
	close(fd);
}

TEST_F(fs, largest_size)
{
	struct vmswap_info info;
	uint8_t *mem;
	int fd = file_make(&self->mnt, "vm", 0);
	off_t last;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, VMSWAP_IOC_GET_INFO, &info));
	EXPECT_EQ(-1, ftruncate(fd, info.max_size + 1));
	EXPECT_EQ(EFBIG, errno);
	ASSERT_EQ(0, ftruncate(fd, info.max_size));
	last = info.max_size - PAGE;
	ASSERT_EQ(1, pwrite(fd, "x", 1, last));
	mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, last);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ('x', *mem);
	memset(mem, 'y', PAGE);
	page_make(mem, PAGE_RANDOM, 1);
	EXPECT_TRUE(evict_page(fd, last));
	EXPECT_TRUE(page_is(mem, PAGE_RANDOM, 1));
	EXPECT_EQ(last, lseek(fd, 0, SEEK_DATA));
	EXPECT_EQ(0, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, last, PAGE));
	EXPECT_EQ(0, *mem);
	munmap(mem, PAGE);
	EXPECT_EQ(0, ftruncate(fd, 0));
	close(fd);
}

/* ------------------------------------------------- zeroing at odd offsets */

/* What an edge page may be. */
enum residency { CLEAN, DIRTY, SWAPPED, ABSENT, RESIDENCIES };

#define ODD_PAGES	6
#define ODD_SIZE	(ODD_PAGES * PAGE)

static const char *const residency_names[] = { "clean", "dirty", "swapped", "absent" };

/* Same-filled pages are clean when read back: their word holds them. */
static bool make_residency(int fd, uint8_t *mem, uint8_t *shadow, enum residency r)
{
	unsigned int i;

	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, FILE_SIZE);
	memset(shadow, 0, ODD_SIZE);
	for (i = 0; i < ODD_PAGES && r != ABSENT; i++)
		page_make(shadow + i * PAGE, r == CLEAN ? PAGE_SAME_FILLED : PAGE_RANDOM,
			  0x5555 + i);
	if (r != ABSENT)
		memcpy(mem, shadow, ODD_SIZE);
	if (r == CLEAN || r == SWAPPED)
		if (!evict_pages(fd, ODD_PAGES))
			return false;
	for (i = 0; i < ODD_PAGES && r == CLEAN; i++)
		if (mem[i * PAGE] != shadow[i * PAGE] ||
		    page_state(fd, i * PAGE) & VMSWAP_PAGE_DIRTY)
			return false;
	for (i = 0; i < ODD_PAGES; i++)
		if (is_resident(fd, i * PAGE) != (r == CLEAN || r == DIRTY))
			return false;
	return true;
}

static const struct { off_t from, len; } odd[] = {
	{ 0, PAGE }, { 100, 200 }, { 100, PAGE }, { 0, 1 }, { PAGE - 1, 2 }, { PAGE - 1, 1 },
	{ 1, ODD_SIZE - 2 }, { PAGE + 1, 2 * PAGE - 1 }, { 17, 3 * PAGE - 17 }, { PAGE, 17 },
	{ 2 * PAGE, 3 * PAGE }, { 4000, 97 },
};

/* Right now, through read(), and after a trip to the tier. */
static bool same_everywhere(int fd, const uint8_t *mem, const uint8_t *shadow)
{
	uint8_t copy[ODD_SIZE];

	if (pread(fd, copy, ODD_SIZE, 0) != ODD_SIZE || memcmp(copy, shadow, ODD_SIZE))
		return false;
	if (!evict_pages(fd, ODD_PAGES) || pread(fd, copy, ODD_SIZE, 0) != ODD_SIZE ||
	    memcmp(copy, shadow, ODD_SIZE))
		return false;
	return !memcmp(mem, shadow, ODD_SIZE) && evict_pages(fd, ODD_PAGES) &&
	       !memcmp(mem, shadow, ODD_SIZE);
}

static void zero_at_odd_offsets(struct __test_metadata *_metadata, int fd, uint8_t *mem, int mode)
{
	uint8_t shadow[ODD_SIZE];
	int r, i;

	for (r = 0; r < RESIDENCIES; r++)
		for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
			ASSERT_TRUE(make_residency(fd, mem, shadow, r)) {
				TH_LOG("pages are not %s", residency_names[r]);
			}
			ASSERT_EQ(0, fallocate(fd, mode, odd[i].from, odd[i].len));
			memset(shadow + odd[i].from, 0, odd[i].len);
			EXPECT_TRUE(same_everywhere(fd, mem, shadow)) {
				TH_LOG("%s, from %ld length %ld", residency_names[r],
				       (long)odd[i].from, (long)odd[i].len);
			}
		}
}

TEST_F(file, punch_hole_odd)
{
	zero_at_odd_offsets(_metadata, self->fd, self->mem,
			    FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
}

TEST_F(file, zero_range_odd)
{
	zero_at_odd_offsets(_metadata, self->fd, self->mem, FALLOC_FL_ZERO_RANGE);
}

TEST_F(file, truncate_odd)
{
	uint8_t shadow[ODD_SIZE];
	int r, i;

	munmap(self->mem, FILE_SIZE);
	for (r = 0; r < RESIDENCIES; r++)
		for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
			self->mem = map_shared(self->fd, FILE_SIZE);
			ASSERT_TRUE(make_residency(self->fd, self->mem, shadow, r));
			munmap(self->mem, FILE_SIZE);
			ASSERT_EQ(0, ftruncate(self->fd, odd[i].from));
			ASSERT_EQ(0, ftruncate(self->fd, FILE_SIZE));
			memset(shadow + odd[i].from, 0, ODD_SIZE - odd[i].from);
			self->mem = map_shared(self->fd, FILE_SIZE);
			EXPECT_TRUE(same_everywhere(self->fd, self->mem, shadow)) {
				TH_LOG("%s, to %ld", residency_names[r], (long)odd[i].from);
			}
			munmap(self->mem, FILE_SIZE);
		}
	self->mem = map_shared(self->fd, FILE_SIZE);
}

TEST_F(file, fallocate)
{
	struct stat st;

	fill_pages(self->mem, FILE_PAGES);
	EXPECT_EQ(0, fallocate(self->fd, 0, 0, FILE_SIZE));
	EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
	EXPECT_EQ(0, fallocate(self->fd, FALLOC_FL_KEEP_SIZE, 0, 2 * FILE_SIZE));
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(FILE_SIZE, st.st_size);
	EXPECT_EQ(0, fallocate(self->fd, 0, FILE_SIZE, 100));
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(FILE_SIZE + 100, st.st_size);
	EXPECT_EQ(0, fallocate(self->fd, FALLOC_FL_ZERO_RANGE, FILE_SIZE, 2 * PAGE));
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(FILE_SIZE + 2 * PAGE, st.st_size);
	EXPECT_EQ(-1, fallocate(self->fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, fallocate(self->fd, FALLOC_FL_INSERT_RANGE, 0, PAGE));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
}

/* Balloon inflation: page and slot go, without a read. */
TEST_F(file, punch_swapped_reads_nothing)
{
	struct vmswap_vm_stat before, after;
	int i;

	fill_pages(self->mem, FILE_PAGES);
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES));
	ASSERT_EQ(0, vm_stat(self->fd, &before));
	EXPECT_EQ(FILE_SIZE, before.swapped);
	for (i = 0; i < FILE_PAGES; i++) {
		ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				       i * PAGE, PAGE));
		ASSERT_EQ(0, madvise(self->mem + i * PAGE, PAGE, MADV_DONTNEED));
	}
	ASSERT_EQ(0, vm_stat(self->fd, &after));
	EXPECT_EQ(before.swapin_pages, after.swapin_pages);
	EXPECT_EQ(0, after.swapped);
	EXPECT_EQ(0, after.resident);
	EXPECT_EQ(FILE_SIZE, after.zero);
	EXPECT_EQ(FILE_PAGES, after.discarded_pages - before.discarded_pages);
	EXPECT_TRUE(is_zero(self->mem, FILE_SIZE));
}

/* A page counts once, whatever it was. */
TEST_F(file, punch_counts_pages_once)
{
	struct vmswap_vm_stat before, after;
	uint8_t shadow[ODD_SIZE];
	int r;

	for (r = 0; r < ABSENT; r++) {
		ASSERT_TRUE(make_residency(self->fd, self->mem, shadow, r));
		ASSERT_EQ(0, vm_stat(self->fd, &before));
		ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				       0, ODD_SIZE));
		ASSERT_EQ(0, vm_stat(self->fd, &after));
		EXPECT_EQ(ODD_PAGES, after.discarded_pages - before.discarded_pages) {
			TH_LOG("%s", residency_names[r]);
		}
	}
}

/* Nor does it matter how they go. */
TEST_F(file, shrink_counts_pages_once)
{
	struct vmswap_vm_stat before, after;
	uint8_t shadow[ODD_SIZE];
	int r;

	for (r = 0; r < RESIDENCIES; r++) {
		ASSERT_TRUE(make_residency(self->fd, self->mem, shadow, r));
		munmap(self->mem, FILE_SIZE);
		/* What came beside them goes first. */
		ASSERT_EQ(0, ftruncate(self->fd, ODD_SIZE));
		ASSERT_EQ(0, vm_stat(self->fd, &before));
		/* Of the second page a part stays. */
		ASSERT_EQ(0, ftruncate(self->fd, PAGE + 1));
		ASSERT_EQ(0, vm_stat(self->fd, &after));
		EXPECT_EQ(r == ABSENT ? 0 : ODD_PAGES - 2,
			  after.discarded_pages - before.discarded_pages) {
			TH_LOG("%s", residency_names[r]);
		}
		ASSERT_EQ(0, ftruncate(self->fd, FILE_SIZE));
		self->mem = map_shared(self->fd, FILE_SIZE);
		ASSERT_NE(MAP_FAILED, self->mem);
	}
}

TEST_F(file, punch_whole_empty_file)
{
	ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			       FILE_SIZE));
	ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FILE_SIZE,
			       FILE_SIZE));
	EXPECT_TRUE(is_zero(self->mem, FILE_SIZE));
}

/* -------------------------------------------------------------------- seeking */

TEST_F(file, seek_data_hole)
{
	uint8_t page[PAGE];

	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_HOLE));
	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_DATA));
	EXPECT_EQ(ENXIO, errno);
	EXPECT_EQ(-1, lseek(self->fd, FILE_SIZE, SEEK_HOLE));
	EXPECT_EQ(ENXIO, errno);
	/* By system call: a page fault brings in the zero pages of its granule, too. */
	page_make(page, PAGE_RANDOM, 1);
	ASSERT_EQ(PAGE, pwrite(self->fd, page, PAGE, 3 * PAGE));
	ASSERT_EQ(PAGE, pwrite(self->fd, page, PAGE, 4 * PAGE));
	page_make(page, PAGE_SAME_FILLED, 1);
	ASSERT_EQ(PAGE, pwrite(self->fd, page, PAGE, 9 * PAGE));
	EXPECT_TRUE(evict_page(self->fd, 4 * PAGE));
	EXPECT_TRUE(evict_page(self->fd, 9 * PAGE));
	EXPECT_EQ(3 * PAGE, lseek(self->fd, 0, SEEK_DATA));
	EXPECT_EQ(3 * PAGE + 7, lseek(self->fd, 3 * PAGE + 7, SEEK_DATA));
	EXPECT_EQ(5 * PAGE, lseek(self->fd, 3 * PAGE, SEEK_HOLE));
	EXPECT_EQ(9 * PAGE, lseek(self->fd, 5 * PAGE, SEEK_DATA));
	EXPECT_EQ(10 * PAGE, lseek(self->fd, 9 * PAGE, SEEK_HOLE));
	EXPECT_EQ(0, discard(self->fd, 4 * PAGE, PAGE));
	EXPECT_EQ(4 * PAGE, lseek(self->fd, 3 * PAGE, SEEK_HOLE));
	EXPECT_EQ(9 * PAGE, lseek(self->fd, 4 * PAGE, SEEK_DATA));
	/* None of this brought anything in. */
	EXPECT_TRUE(page_state(self->fd, 9 * PAGE) & VMSWAP_PAGE_SAME);
	EXPECT_FALSE(is_resident(self->fd, 9 * PAGE));
	page_make(self->mem + FILE_SIZE - PAGE, PAGE_RANDOM, 1);
	EXPECT_EQ(FILE_SIZE, lseek(self->fd, FILE_SIZE - 1, SEEK_HOLE));
}

/* Tools take a file without blocks for one without data. */
TEST_F(file, stat_blocks)
{
	struct stat st;

	fill_pages(self->mem, FILE_PAGES);
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(FILE_SIZE / 512, st.st_blocks);
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES));
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(FILE_SIZE / 512, st.st_blocks);
	ASSERT_EQ(0, discard(self->fd, 0, FILE_SIZE));
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(0, st.st_blocks);
}

/* ----------------------------------------------------------- reading and writing */

TEST_F(file, read_write)
{
	uint8_t in[3 * PAGE], out[3 * PAGE];
	int i;

	for (i = 0; i < 3; i++)
		page_make(in + i * PAGE, PAGE_RANDOM, 100 + i);
	EXPECT_EQ(sizeof(in), pwrite(self->fd, in, sizeof(in), 777));
	EXPECT_EQ(0, memcmp(self->mem + 777, in, sizeof(in)));
	EXPECT_TRUE(evict_pages(self->fd, 5));
	EXPECT_EQ(sizeof(out), pread(self->fd, out, sizeof(out), 777));
	EXPECT_EQ(0, memcmp(in, out, sizeof(in)));
	EXPECT_TRUE(evict_pages(self->fd, 5));
	/* A part of a swapped page. */
	EXPECT_EQ(10, pwrite(self->fd, "0123456789", 10, PAGE));
	memcpy(in + PAGE - 777, "0123456789", 10);
	EXPECT_EQ(0, memcmp(self->mem + 777, in, sizeof(in)));
	ASSERT_EQ(777, lseek(self->fd, 777, SEEK_SET));
	EXPECT_EQ(sizeof(out), read(self->fd, out, sizeof(out)));
	EXPECT_EQ(0, memcmp(in, out, sizeof(in)));
	EXPECT_EQ(4, write(self->fd, "tail", 4));
	EXPECT_EQ(0, memcmp(self->mem + 777 + sizeof(in), "tail", 4));
}

TEST_F(file, read_write_bad_address)
{
	void *bad = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_EQ(-1, pread(self->fd, bad, PAGE, 0));
	EXPECT_EQ(EFAULT, errno);
	page_make(self->mem, PAGE_RANDOM, 1);
	EXPECT_EQ(-1, pread(self->fd, bad, PAGE, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, pwrite(self->fd, bad, PAGE, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_TRUE(page_is(self->mem, PAGE_RANDOM, 1));
	/* What could not be written does not lengthen the file. */
	EXPECT_EQ(-1, pwrite(self->fd, bad, PAGE, FILE_SIZE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(FILE_SIZE, lseek(self->fd, 0, SEEK_END));
	munmap(bad, PAGE);
}

TEST_F(file, write_from_itself)
{
	fill_pages(self->mem, FILE_PAGES);
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES));
	EXPECT_EQ(PAGE, pwrite(self->fd, self->mem, PAGE, 0));
	EXPECT_EQ(PAGE, pwrite(self->fd, self->mem + PAGE, PAGE, 8 * PAGE));
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES));
	EXPECT_EQ(PAGE, pread(self->fd, self->mem + 9 * PAGE, PAGE, 2 * PAGE));
	EXPECT_TRUE(pages_filled(self->mem, 8));
	EXPECT_TRUE(page_is(self->mem + 8 * PAGE, PAGE_RANDOM, test_seed + 1));
	EXPECT_TRUE(page_is(self->mem + 9 * PAGE, PAGE_RANDOM, test_seed + 2));
}

TEST_F(fs, write_extends)
{
	int fd = file_make(&self->mnt, "vm", 0);
	char buf[8] = "";

	ASSERT_LE(0, fd);
	EXPECT_EQ(3, pwrite(fd, "end", 3, PAGE + 10));
	EXPECT_EQ(PAGE + 13, lseek(fd, 0, SEEK_END));
	EXPECT_EQ(3, pread(fd, buf, 8, PAGE + 10));
	EXPECT_EQ(0, strcmp(buf, "end"));
	close(fd);
	fd = open(path_in(&self->mnt, "vm"), O_RDWR | O_APPEND);
	EXPECT_EQ(1, write(fd, "!", 1));
	EXPECT_EQ(PAGE + 14, lseek(fd, 0, SEEK_END));
	close(fd);
}

TEST_F(file, splice)
{
	uint8_t page[PAGE];
	loff_t in = PAGE, out = 20 * PAGE;
	int pipefd[2];

	fill_pages(self->mem, FILE_PAGES);
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES));
	ASSERT_EQ(0, pipe(pipefd));
	ASSERT_EQ(PAGE, splice(self->fd, &in, pipefd[1], NULL, PAGE, 0));
	/* What the pipe holds is held. */
	evict(self->fd, 0, FILE_SIZE);
	EXPECT_TRUE(page_is(self->mem + PAGE, PAGE_RANDOM, test_seed + 1));
	ASSERT_EQ(PAGE, read(pipefd[0], page, PAGE));
	EXPECT_TRUE(page_is(page, PAGE_RANDOM, test_seed + 1));
	ASSERT_EQ(PAGE, write(pipefd[1], page, PAGE));
	ASSERT_EQ(PAGE, splice(pipefd[0], NULL, self->fd, &out, PAGE, SPLICE_F_MOVE));
	EXPECT_TRUE(page_is(self->mem + 20 * PAGE, PAGE_RANDOM, test_seed + 1));
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES));
	EXPECT_TRUE(page_is(self->mem + 20 * PAGE, PAGE_RANDOM, test_seed + 1));
	close(pipefd[0]);
	close(pipefd[1]);
}

TEST_F(file, sendfile)
{
	int fd = file_make(&self->mnt, "copy", 0);
	uint8_t *copy;
	off_t pos = 0;

	ASSERT_LE(0, fd);
	fill_pages(self->mem, FILE_PAGES / 2);
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES / 4));
	while (pos < FILE_SIZE) {
		ASSERT_LT(0, sendfile(fd, self->fd, &pos, FILE_SIZE - pos));
	}
	copy = map_shared(fd, FILE_SIZE);
	ASSERT_NE(MAP_FAILED, copy);
	EXPECT_TRUE(pages_filled(copy, FILE_PAGES / 2));
	EXPECT_TRUE(is_zero(copy + FILE_SIZE / 2, FILE_SIZE / 2));
	munmap(copy, FILE_SIZE);
	close(fd);
}

TEST_F(file, msync_fsync)
{
	fill_pages(self->mem, FILE_PAGES);
	EXPECT_EQ(0, msync(self->mem, FILE_SIZE, MS_SYNC));
	EXPECT_EQ(0, fsync(self->fd));
	EXPECT_EQ(0, fdatasync(self->fd));
	EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
}

/* Other users of the memory reach swapped pages, too. */
TEST_F(file, proc_mem)
{
	int fd = open("/proc/self/mem", O_RDWR);
	uint8_t page[PAGE];

	ASSERT_LE(0, fd);
	fill_pages(self->mem, FILE_PAGES);
	EXPECT_TRUE(evict_pages(self->fd, 2));
	ASSERT_EQ(PAGE, pread(fd, page, PAGE, (uintptr_t)self->mem));
	EXPECT_TRUE(page_is(page, PAGE_RANDOM, test_seed));
	ASSERT_EQ(PAGE, pwrite(fd, page, PAGE, (uintptr_t)self->mem + PAGE));
	EXPECT_TRUE(evict_pages(self->fd, 2));
	EXPECT_TRUE(page_is(self->mem + PAGE, PAGE_RANDOM, test_seed));
	close(fd);
}

/* A loop device on tmpfs takes O_DIRECT, tmpfs itself does not. */
static int loop_attach(char *path, size_t size, int backing)
{
	int ctl = open("/dev/loop-control", O_RDWR), fd, n;

	if (ctl < 0)
		return -errno;
	n = ioctl(ctl, LOOP_CTL_GET_FREE);
	close(ctl);
	snprintf(path, size, "/dev/loop%d", n);
	fd = open(path, O_RDWR | O_DIRECT);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, LOOP_SET_FD, backing)) {
		n = -errno;
		close(fd);
		return n;
	}
	return fd;
}

TEST_F(file, direct_io)
{
	char path[32], name[] = "/tmp/vmswap-loop.XXXXXX";
	int backing, loop;

	backing = mkstemp(name);
	ASSERT_LE(0, backing);
	unlink(name);
	ASSERT_EQ(0, ftruncate(backing, FILE_SIZE));
	if (access("/dev/loop-control", F_OK))
		system("modprobe loop");
	loop = loop_attach(path, sizeof(path), backing);
	if (loop < 0) {
		close(backing);
		SKIP(return, "no loop device: %s", strerror(-loop));
	}
	fill_pages(self->mem, FILE_PAGES);
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES));
	EXPECT_EQ(FILE_SIZE, pwrite(loop, self->mem, FILE_SIZE, 0));
	memset(self->mem, 0xee, FILE_SIZE);
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES));
	EXPECT_EQ(FILE_SIZE, pread(loop, self->mem, FILE_SIZE, 0));
	EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
	EXPECT_TRUE(evict_pages(self->fd, FILE_PAGES));
	EXPECT_TRUE(pages_filled(self->mem, FILE_PAGES));
	ioctl(loop, LOOP_CLR_FD, 0);
	close(loop);
	close(backing);
}

VMSWAP_TEST_MAIN

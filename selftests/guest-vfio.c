// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that a device may write to at any moment: VFIO's type1 map behind an
 * emulated IOMMU, with a device that does DMA; and the UMEM of an AF_XDP socket.
 * They stay, are counted, and leave once they are let go.
 *
 * The device is QEMU's "edu"; selftests/TESTS has the test host's options.
 */
#include <linux/if_xdp.h>
#include <linux/vfio.h>
#include <sys/socket.h>

#include "edu.h"
#include "test-lib.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif
#ifndef SOL_XDP
#define SOL_XDP 283
#endif

#define FILE_PAGES	512u
#define FILE_BYTES	(FILE_PAGES * PAGE)
/* What is pinned: a part in the middle. */
#define PIN_FIRST	100u
#define PIN_PAGES	200u
#define IOVA		0x100000ul

/* ------------------------------------------------------------- the device's side */

/* Of its buffer of 4 KiB it refuses to fill the last byte. */
#define EDU_BYTES	(PAGE / 2)

struct vfio {
	int container, group, device;
	volatile uint8_t *regs;
};

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Gives it to vfio-pci; returns the number of its group, or -errno. */
static int bind_device(const char *name)
{
	char path[PATH_MAX], group[PATH_MAX];
	ssize_t n;
	int ret;

	if (system("modprobe vfio_iommu_type1 allow_unsafe_interrupts=1 && modprobe vfio-pci"))
		return -ENOENT;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override", name);
	ret = write_text(path, "vfio-pci");
	if (!ret)
		ret = write_text("/sys/bus/pci/drivers_probe", name);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", name);
	n = readlink(path, group, sizeof(group) - 1);
	if (n < 0)
		return -errno;
	group[n] = 0;
	return atoi(strrchr(group, '/') + 1);
}

static void *map_registers(int device)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info), .index = VFIO_PCI_BAR0_REGION_INDEX,
	};

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info))
		return MAP_FAILED;
	return mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, device, info.offset);
}

/* It answers to its registers, and may use the bus. */
static int enable_device(int device)
{
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	struct vfio_region_info info = {
		.argsz = sizeof(info), .index = VFIO_PCI_CONFIG_REGION_INDEX,
	};

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -errno;
	if (pwrite(device, &command, 2, info.offset + PCI_COMMAND) != 2)
		return -errno;
	return 0;
}

static int vfio_open(struct vfio *v, const char *name)
{
	char path[64];
	int group = bind_device(name);

	if (group < 0)
		return group;
	snprintf(path, sizeof(path), "/dev/vfio/%d", group);
	v->container = open("/dev/vfio/vfio", O_RDWR);
	v->group = open(path, O_RDWR);
	if (v->container < 0 || v->group < 0)
		return -errno;
	if (ioctl(v->group, VFIO_GROUP_SET_CONTAINER, &v->container) ||
	    ioctl(v->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return -errno;
	v->device = ioctl(v->group, VFIO_GROUP_GET_DEVICE_FD, name);
	if (v->device < 0)
		return -errno;
	v->regs = map_registers(v->device);
	if (v->regs == MAP_FAILED)
		return -errno;
	return enable_device(v->device);
}

static void vfio_close(struct vfio *v)
{
	close(v->device);
	close(v->group);
	close(v->container);
}

static int dma_map(struct vfio *v, void *at, size_t size)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)at, .iova = IOVA, .size = size,
	};

	return ioctl(v->container, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

static int dma_unmap(struct vfio *v, size_t size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = IOVA, .size = size,
	};

	return ioctl(v->container, VFIO_IOMMU_UNMAP_DMA, &unmap) ? -errno : 0;
}

static bool dma_run(struct vfio *v, uint64_t src, uint64_t dst, uint64_t cmd)
{
	return edu_dma(v->regs, src, dst, EDU_BYTES, cmd);
}

/* ------------------------------------------------------------------------- tests */

FIXTURE(pin) {
	struct test_mount mount;
	uint8_t *mem;
	int fd;
};

static void fill(uint8_t *mem)
{
	unsigned int i;

	for (i = 0; i < FILE_PAGES; i++)
		page_make(mem + i * PAGE, PAGE_COMPRESSIBLE, test_seed + i);
}

static unsigned int wrong_pages(const uint8_t *mem)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < FILE_PAGES; i++)
		wrong += !page_is(mem + i * PAGE, PAGE_COMPRESSIBLE, test_seed + i);
	return wrong;
}

/* How many pages from @first on are resident. */
static unsigned int residents(int fd, unsigned int first, unsigned int n)
{
	unsigned int i, resident = 0;

	for (i = first; i < first + n; i++)
		resident += is_resident(fd, i * PAGE);
	return resident;
}

FIXTURE_SETUP(pin)
{
	ASSERT_EQ(0, test_mount(&self->mount, NULL));
	self->fd = file_make(&self->mount, "vm", FILE_BYTES);
	ASSERT_LE(0, self->fd);
	self->mem = map_shared(self->fd, FILE_BYTES);
	ASSERT_NE(MAP_FAILED, (void *)self->mem);
	fill(self->mem);
}

FIXTURE_TEARDOWN(pin)
{
	munmap(self->mem, FILE_BYTES);
	close(self->fd);
	EXPECT_EQ(0, test_umount(&self->mount));
}

/* All that is not pinned leaves, however often it is tried. */
static void expect_pinned(struct __test_metadata *_metadata, int fd)
{
	struct vmswap_ranges res;
	struct vmswap_vm_stat stat;
	int i;

	for (i = 0; i < 1000 && residents(fd, 0, FILE_PAGES) > PIN_PAGES; i++)
		ASSERT_EQ(0, evict(fd, 0, FILE_BYTES));
	ASSERT_EQ(0, ranges_ioctl(fd, VMSWAP_IOC_EVICT, 0, FILE_BYTES, &res));
	EXPECT_EQ(PIN_PAGES, res.kept_pinned);
	EXPECT_EQ(0, residents(fd, 0, PIN_FIRST));
	EXPECT_EQ(PIN_PAGES, residents(fd, PIN_FIRST, PIN_PAGES));
	EXPECT_EQ(0, residents(fd, PIN_FIRST + PIN_PAGES, FILE_PAGES - PIN_FIRST - PIN_PAGES));
	EXPECT_TRUE(page_state(fd, PIN_FIRST * PAGE) & VMSWAP_PAGE_PINNED);
	ASSERT_EQ(0, vm_stat(fd, &stat));
	EXPECT_EQ(PIN_PAGES * PAGE, stat.pinned);
}

/* Nothing holds them any more. */
static void expect_free(struct __test_metadata *_metadata, int fd)
{
	struct vmswap_vm_stat stat;
	int i;

	for (i = 0; i < 1000 && residents(fd, 0, FILE_PAGES); i++) {
		ASSERT_EQ(0, evict(fd, 0, FILE_BYTES));
		usleep(1000);
	}
	EXPECT_EQ(0, residents(fd, 0, FILE_PAGES));
	ASSERT_EQ(0, vm_stat(fd, &stat));
	EXPECT_EQ(0, stat.pinned);
}

static void open_vfio(struct __test_metadata *_metadata, struct vfio *v)
{
	char name[256];

	/* TESTS gives the test host both: without them nothing would be tested. */
	ASSERT_TRUE(edu_find(name, sizeof(name))) TH_LOG("no edu device: --qemu-arg -device --qemu-arg edu");
	ASSERT_EQ(0, vfio_open(v, name)) TH_LOG("no VFIO; is there an IOMMU?");
}

/* Does "vmswapctl doctor" find this about the VM? */
static bool doctor_finds(const char *path, const char *check)
{
	char command[PATH_MAX + 64], output[16384];
	FILE *pipe;
	size_t n;

	snprintf(command, sizeof(command), "vmswapctl -j doctor %s", path);
	pipe = popen(command, "r");
	if (!pipe)
		return false;
	n = fread(output, 1, sizeof(output) - 1, pipe);
	output[n] = 0;
	pclose(pipe);
	snprintf(command, sizeof(command), "\"%s\"", check);
	return strstr(output, command);
}

TEST_F(pin, vfio)
{
	uint8_t *pinned = self->mem + PIN_FIRST * PAGE;
	const char *path = path_in(&self->mount, "vm");
	struct vfio v;

	EXPECT_FALSE(doctor_finds(path, "vfio"));
	open_vfio(_metadata, &v);
	ASSERT_EQ(0, dma_map(&v, pinned, PIN_PAGES * PAGE));
	expect_pinned(_metadata, self->fd);
	EXPECT_TRUE(doctor_finds(path, "vfio"));
	EXPECT_TRUE(doctor_finds(path, "pinned"));
	ASSERT_EQ(0, dma_unmap(&v, PIN_PAGES * PAGE));
	expect_free(_metadata, self->fd);
	EXPECT_EQ(0, wrong_pages(self->mem));
	vfio_close(&v);
}

/* Does the page begin as page @from of the file did, and end as page @to? */
static bool is_merged(const uint8_t *page, unsigned int from, unsigned int to)
{
	uint8_t a[PAGE], b[PAGE];

	page_make(a, PAGE_COMPRESSIBLE, test_seed + from);
	page_make(b, PAGE_COMPRESSIBLE, test_seed + to);
	return !memcmp(page, a, EDU_BYTES) &&
	       !memcmp(page + EDU_BYTES, b + EDU_BYTES, PAGE - EDU_BYTES);
}

/* The device reads what was swapped, and what it writes is there, and leaves. */
TEST_F(pin, vfio_dma_of_swapped_pages)
{
	uint8_t *pinned = self->mem + PIN_FIRST * PAGE;
	struct vfio v;

	ASSERT_EQ(0, evict(self->fd, 0, FILE_BYTES));
	ASSERT_TRUE(is_swapped(self->fd, PIN_FIRST * PAGE));
	open_vfio(_metadata, &v);
	ASSERT_EQ(0, dma_map(&v, pinned, PIN_PAGES * PAGE));
	ASSERT_TRUE(dma_run(&v, IOVA, EDU_BUFFER, 0));
	expect_pinned(_metadata, self->fd);
	ASSERT_TRUE(dma_run(&v, EDU_BUFFER, IOVA + PAGE, EDU_CMD_OUT));
	EXPECT_TRUE(is_merged(pinned + PAGE, PIN_FIRST, PIN_FIRST + 1));
	ASSERT_EQ(0, dma_unmap(&v, PIN_PAGES * PAGE));
	expect_free(_metadata, self->fd);
	EXPECT_TRUE(is_merged(pinned + PAGE, PIN_FIRST, PIN_FIRST + 1));
	page_make(pinned + PAGE, PAGE_COMPRESSIBLE, test_seed + PIN_FIRST + 1);
	EXPECT_EQ(0, wrong_pages(self->mem));
	vfio_close(&v);
}

/* Dying is enough to let go. */
TEST_F(pin, vfio_killed)
{
	struct vfio v;
	int pipes[2], status;
	char c;
	pid_t pid;

	ASSERT_EQ(0, pipe(pipes));
	pid = fork();
	if (!pid) {
		open_vfio(_metadata, &v);
		ASSERT_EQ(0, dma_map(&v, self->mem + PIN_FIRST * PAGE, PIN_PAGES * PAGE));
		ASSERT_EQ(1, write(pipes[1], "x", 1));
		pause();
	}
	close(pipes[1]);
	ASSERT_EQ(1, read(pipes[0], &c, 1));
	expect_pinned(_metadata, self->fd);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	expect_free(_metadata, self->fd);
	EXPECT_EQ(0, wrong_pages(self->mem));
}

static int umem_register(int fd, void *at, size_t size)
{
	struct xdp_umem_reg reg = {
		.addr = (uintptr_t)at, .len = size, .chunk_size = PAGE,
	};

	return setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)) ? -errno : 0;
}

TEST_F(pin, af_xdp_umem)
{
	int sock = socket(AF_XDP, SOCK_RAW, 0);

	ASSERT_LE(0, sock);
	ASSERT_EQ(0, umem_register(sock, self->mem + PIN_FIRST * PAGE, PIN_PAGES * PAGE));
	expect_pinned(_metadata, self->fd);
	close(sock);
	expect_free(_metadata, self->fd);
	EXPECT_EQ(0, wrong_pages(self->mem));
}

VMSWAP_TEST_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * load-unload.c - the module comes and goes: a hundred times with a VM and a tier
 * in between, never while it is used, and whatever is asked of it meanwhile.
 */
#include <glob.h>
#include <signal.h>

#define TEST_NO_TIER
#include "test-lib.h"
#include "module.h"
#include "policy.h"

#define CYCLES		100
#define WARM_UP		20	/* caches of the kernel fill up first */
#define VM_PAGES	64
#define VM_SIZE		(VM_PAGES * PAGE)
/* A page that each cycle forgets; 184 KiB were seen, of which nobody knows the owner. */
#define SLACK_KIB	((CYCLES - WARM_UP) * 4)

/* Says of each object when it comes and when it goes. */
static int load_loud(void)
{
	return system("modprobe vmswap dyndbg=+p") ? -EIO : 0;
}

static int tier_add(void)
{
	return policy_once_tier_add("fast", VMSWAP_TIER_KIND_RAM, 64 * MIB);
}

static int tier_del(void)
{
	return policy_once_tier_del("fast");
}

static void fill(uint8_t *mem)
{
	int i;

	for (i = 0; i < VM_PAGES; i++)
		page_make(mem + i * PAGE, i % PAGE_CLASSES, i);
}

static bool filled(const uint8_t *mem)
{
	int i;

	for (i = 0; i < VM_PAGES; i++)
		if (!page_is(mem + i * PAGE, i % PAGE_CLASSES, i))
			return false;
	return true;
}

/* The sum of some lines of /proc/meminfo, in KiB. */
static long kernel_memory(void)
{
	static const char * const names[] = { "SUnreclaim:", "VmallocUsed:", "Percpu:" };
	FILE *f = fopen("/proc/meminfo", "r");
	char name[64];
	long kib, sum = 0;
	size_t i;

	if (!f)
		return -1;
	while (fscanf(f, "%63s %ld%*[^\n]", name, &kib) == 2)
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (!strcmp(name, names[i]))
				sum += kib;
	fclose(f);
	return sum;
}

/* Lines of a file with "vmswap" in them; 0 when it cannot be read. */
static int mentions(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[512];
	int n = 0;

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		/* A worker of the kernel's, idle, named after what it did last. */
		if (strstr(line, "vmswap") && !strstr(line, "-vmswap")) {
			printf("# %s: %s", path, line);
			n++;
		}
	fclose(f);
	return n;
}

/* Threads of the kernel, among them those that rescue its work queues. */
static int threads(void)
{
	glob_t files;
	size_t i;
	int n = 0;

	if (glob("/proc/[0-9]*/comm", 0, NULL, &files))
		return -1;
	for (i = 0; i < files.gl_pathc; i++)
		n += mentions(files.gl_pathv[i]);
	globfree(&files);
	return n;
}

FIXTURE(module)
{
	struct test_mount mnt;
};

FIXTURE_SETUP(module)
{
	if (!loaded()) {
		ASSERT_EQ(0, load());
	}
}

/* Other tests of this test host need it. */
FIXTURE_TEARDOWN(module)
{
	if (loaded()) {
		EXPECT_EQ(0, unload_soon());
	}
	EXPECT_EQ(0, load());
}

/* One VM of each door, evicted and read back. */
static int use(struct test_mount *mnt)
{
	int i, ret = tier_add();

	if (!ret)
		ret = test_mount(mnt, NULL);
	for (i = 0; !ret && i < 2; i++) {
		int fd = i ? vm_create("", VM_SIZE) : file_make(mnt, "vm", VM_SIZE);
		uint8_t *mem = map_shared(fd, VM_SIZE);

		fill(mem);
		if (evict(fd, 0, VM_SIZE) || !filled(mem))
			ret = -EIO;
		/* What is in the tier at the end goes with the VM. */
		evict(fd, 0, VM_SIZE);
		munmap(mem, VM_SIZE);
		close(fd);
	}
	return ret ?: test_umount(mnt) ?: tier_del();
}

TEST_F_TIMEOUT(module, hundred_times, 1800)
{
	long before = 0, grown;
	int i;

	for (i = 0; i < CYCLES; i++) {
		if (i == WARM_UP)
			before = kernel_memory();
		if (!loaded()) {
			ASSERT_EQ(0, load());
		}
		ASSERT_EQ(0, use(&self->mnt));
		ASSERT_EQ(0, unload_soon());
	}
	grown = kernel_memory() - before;
	printf("# %ld KiB more kernel memory after %d cycles\n", grown, CYCLES - WARM_UP);
	EXPECT_GT(SLACK_KIB, grown);
}

TEST_F(module, leaves_nothing)
{
	ASSERT_EQ(0, use(&self->mnt));
	ASSERT_EQ(0, unload_soon());
	EXPECT_EQ(0, mentions("/proc/slabinfo"));
	EXPECT_EQ(0, mentions("/proc/filesystems"));
	EXPECT_EQ(0, mentions("/proc/misc"));
	EXPECT_EQ(0, mentions("/proc/vmallocinfo"));
	EXPECT_EQ(0, mentions("/proc/modules"));
	EXPECT_EQ(-1, access("/dev/vmswap", F_OK));
	EXPECT_EQ(-1, access("/sys/kernel/tracing/events/vmswap", F_OK));
	EXPECT_EQ(-1, access("/sys/kernel/debug/vmswap", F_OK));
	EXPECT_EQ(0, threads());
}

TEST_F(module, refused_while_mounted)
{
	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
	EXPECT_EQ(-EAGAIN, unload());
	ASSERT_EQ(0, test_umount(&self->mnt));
	EXPECT_EQ(0, unload_soon());
}

TEST_F(module, refused_while_device_open)
{
	int fd = open("/dev/vmswap", O_RDWR);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EAGAIN, unload());
	close(fd);
	EXPECT_EQ(0, unload_soon());
}

/* Neither a mount nor a descriptor is left: only the mapping. */
TEST_F(module, refused_while_mapped)
{
	uint8_t *mem;
	int fd;

	ASSERT_EQ(0, tier_add());
	ASSERT_EQ(0, test_mount(&self->mnt, NULL));
	fd = file_make(&self->mnt, "vm", VM_SIZE);
	ASSERT_LE(0, fd);
	mem = map_shared(fd, VM_SIZE);
	fill(mem);
	ASSERT_EQ(0, evict(fd, 0, VM_SIZE));
	close(fd);
	ASSERT_EQ(0, umount2(self->mnt.dir, MNT_DETACH));
	rmdir(self->mnt.dir);
	EXPECT_EQ(-EAGAIN, unload());
	EXPECT_TRUE(filled(mem));
	munmap(mem, VM_SIZE);
	EXPECT_EQ(0, unload_soon());
}

/* A VM of /dev/vmswap pins the mount inside; the descriptor may be on its way. */
TEST_F(module, refused_while_vm_exists)
{
	int fd = vm_create("", VM_SIZE);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EAGAIN, unload());
	close(fd);
	EXPECT_EQ(0, unload_soon());
}

/* A tier alone is no use: it goes with the module. */
TEST_F(module, tier_goes_along)
{
	ASSERT_EQ(0, tier_add());
	EXPECT_EQ(0, unload_soon());
	ASSERT_EQ(0, load());
	EXPECT_EQ(0, tier_add());
}

#define OBJECTS_MAX	16

struct objects {
	char name[OBJECTS_MAX][128];
	int alive, pairs, odd;
};

static void note_object(struct objects *o, char *text)
{
	char *verb;
	int i;

	text[strcspn(text, "\n")] = 0;
	verb = strrchr(text, ' ');
	if (!verb)
		return;
	*verb++ = 0;
	if (!strcmp(verb, "created") && o->alive < OBJECTS_MAX) {
		snprintf(o->name[o->alive++], sizeof(o->name[0]), "%s", text);
		return;
	}
	if (strcmp(verb, "gone"))
		return;
	for (i = 0; i < o->alive; i++)
		if (!strcmp(o->name[i], text))
			break;
	if (i == o->alive) {
		printf("# %s is gone, but was not created\n", text);
		o->odd++;
		return;
	}
	memcpy(o->name[i], o->name[--o->alive], sizeof(o->name[0]));
	o->pairs++;
}

/* The log from where it is read on: what was created is gone, by the same name. */
static void note_objects(struct objects *o, int kmsg)
{
	char line[1024], *text;
	ssize_t n;
	int i;

	while ((n = read(kmsg, line, sizeof(line) - 1)) > 0) {
		line[n] = 0;
		text = strstr(line, ";vmswap: ");
		if (text)
			note_object(o, text + strlen(";vmswap: "));
	}
	for (i = 0; i < o->alive; i++)
		printf("# %s is not gone\n", o->name[i]);
}

/* Two VMs and a tier with the module loaded, and a tier that goes with it. */
TEST_F(module, what_comes_goes)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	struct objects o = {};

	ASSERT_LE(0, kmsg);
	ASSERT_EQ(0, unload_soon());
	lseek(kmsg, 0, SEEK_END);
	ASSERT_EQ(0, load_loud());
	ASSERT_EQ(0, use(&self->mnt));
	ASSERT_EQ(0, tier_add());
	ASSERT_EQ(0, unload_soon());
	note_objects(&o, kmsg);
	EXPECT_EQ(0, o.alive);
	EXPECT_EQ(0, o.odd);
	EXPECT_EQ(4, o.pairs);
	close(kmsg);
}

static void ask_for_ever(void)
{
	struct policy_host host;
	struct policy p;

	for (;;) {
		int fd = open("/dev/vmswap", O_RDWR);

		close(fd);
		fd = vm_create("", VM_SIZE);
		if (fd >= 0) {
			ftruncate(fd, VM_SIZE);
			close(fd);
		}
		if (policy_open(&p))
			continue;
		policy_host_get(&p, &host);
		policy_close(&p);
	}
}

/* Whoever asks finds it, or finds it gone, or has it loaded; nobody crashes. */
TEST_F(module, while_asked)
{
	int i, unloaded = 0, status;
	pid_t pid[2];

	for (i = 0; i < 2; i++) {
		pid[i] = fork();
		if (!pid[i])
			ask_for_ever();
	}
	for (i = 0; i < 20; i++) {
		if (!loaded()) {
			ASSERT_EQ(0, load());
		}
		usleep(20000);
		unloaded += !unload_soon();
	}
	for (i = 0; i < 2; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], &status, 0);
		EXPECT_TRUE(WIFSIGNALED(status));
	}
	printf("# unloaded %d times\n", unloaded);
	EXPECT_LT(0, unloaded);
}

TEST_HARNESS_MAIN

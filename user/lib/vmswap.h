/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * libvmswap: policy, state and events of the vmswap module from user space.
 *
 * Every function that can fail returns 0 or a negative errno.  A function that
 * takes a handle leaves an explanation for people in it, among other things
 * what the kernel said about a refused value: vmswap_strerror_ext().
 *
 * One structure per kind of object serves both directions.  Bit N of @present
 * says that the attribute N of the kernel's interface is there: set by the
 * library in what it returns, set by the caller in what it wants changed.
 * Test and set the bits with VMSWAP_HAS() and VMSWAP_SET().
 *
 *	struct vmswap_vm change = { 0 };
 *
 *	VMSWAP_SET(&change, VM, ID, id, 7);
 *	VMSWAP_SET(&change, VM, LIMIT, limit, 2ull << 30);
 *	ret = vmswap_vm_set(h, &change);
 *
 * Objects returned belong to the caller, who gives them back to the _free
 * function of their kind.  A handle is used by one thread at a time; different
 * handles are independent.  Sizes and offsets are bytes.  Attributes are
 * described in Documentation/netlink/specs/vmswap.yaml.
 */
#ifndef VMSWAP_H
#define VMSWAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/vmswap.h>
#include <linux/vmswap_netlink.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VMSWAP_BIT(set, attr)	(UINT64_C(1) << VMSWAP_A_##set##_##attr)
#define VMSWAP_HAS(obj, set, attr) \
	(((obj)->present & VMSWAP_BIT(set, attr)) != 0)
#define VMSWAP_SET(obj, set, attr, field, value) do {	\
	(obj)->field = (value);				\
	(obj)->present |= VMSWAP_BIT(set, attr);	\
} while (0)

/* In vm_set: the value of limit that takes the limit away. */
#define VMSWAP_LIMIT_NONE	UINT64_MAX
/* Buckets of the fault latency histogram. */
#define VMSWAP_HIST_BUCKETS	64
/* From vmswap_vm_find(): the specification names no region. */
#define VMSWAP_NO_REGION	UINT32_MAX

struct vmswap;
struct vmswap_events;

struct vmswap_leaks {
	uint64_t present;		/* VMSWAP_A_LEAKS_* */
	uint64_t pages;
	uint64_t slots;
	uint64_t stored_bytes;
	uint64_t metadata_bytes;
	uint64_t regions;
};

struct vmswap_host {
	uint64_t present;		/* VMSWAP_A_HOST_* */
	uint32_t full;			/* enum vmswap_full_action */
	uint32_t vms;
	uint32_t tiers;
	uint32_t generation;
	uint64_t size;
	uint64_t resident;
	uint64_t swapped;
	uint64_t stored_bytes;
	uint64_t overhead;
	uint64_t ram_total;
	uint64_t ram_free;
	struct vmswap_leaks leaks;
};

struct vmswap_tier {
	uint64_t present;		/* VMSWAP_A_TIER_* */
	const char *name;
	const char *path;
	uint32_t id;
	uint32_t kind;			/* enum vmswap_tier_kind */
	uint32_t rank;
	uint32_t state;			/* enum vmswap_tier_state */
	uint32_t algo;			/* enum vmswap_algo */
	uint32_t vms;
	uint64_t size;
	uint64_t used;
	uint64_t pages;
	uint64_t stored_bytes;
	uint64_t errors;
	uint8_t reclaim_safe;
	uint8_t cancel;
};

struct vmswap_region {
	uint64_t present;		/* VMSWAP_A_REGION_* */
	const char *name;
	uint64_t size;
	uint32_t index;
};

struct vmswap_vm_tier {
	uint64_t present;		/* VMSWAP_A_VM_TIER_* */
	const char *name;
	uint64_t pages;
	uint64_t stored_bytes;
	uint32_t id;
};

/* Not the ioctl's struct vmswap_vm_stat, which holds the numbers only. */
struct vmswap_vm_stats {
	uint64_t present;		/* VMSWAP_A_VM_STATS_* */
	uint64_t resident;
	uint64_t swapped;
	uint64_t same;
	uint64_t zero;
	uint64_t poisoned;
	uint64_t dirty;
	uint64_t pinned;
	uint64_t hinted;
	uint64_t overhead;
	uint64_t faults_zero;
	uint64_t faults_minor;
	uint64_t faults_major;
	uint64_t faults_async;
	uint64_t swapin_pages;
	uint64_t swapout_pages;
	uint64_t swapout_skipped_clean;
	uint64_t discarded_pages;
	uint64_t hint_discarded_pages;
	uint64_t io_errors;
	uint64_t stalled;
	uint64_t fault_hist[VMSWAP_HIST_BUCKETS];
	struct vmswap_vm_tier *tiers;
	size_t nr_tiers;
};

struct vmswap_vm {
	uint64_t present;		/* VMSWAP_A_VM_* */
	const char *name;
	const char *policy;
	const char *tiers;
	uint64_t id;
	uint64_t size;
	uint64_t limit;
	uint64_t limit_effective;
	uint64_t min;
	uint64_t max;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint32_t limit_percent;
	uint32_t shares;
	uint32_t granule;
	uint32_t prefetch;
	uint32_t hints;			/* enum vmswap_hints */
	uint8_t deleted;
	struct vmswap_region *regions;
	size_t nr_regions;
	struct vmswap_vm_stats stats;
};

/* What became of the pages of a range; all in pages of VMSWAP_PAGE_SIZE. */
struct vmswap_range_result {
	uint64_t done_pages;
	uint64_t kept_pinned;
	uint64_t kept_busy;
	uint64_t kept_no_room;
};

struct vmswap_event {
	uint64_t present;		/* VMSWAP_A_EVENT_* */
	const char *vm_name;
	const char *tier_name;
	uint64_t time_ns;
	uint64_t vm_id;
	uint64_t offset;
	uint32_t kind;			/* enum vmswap_event_kind */
	uint32_t region;
	uint32_t tier_id;
	uint32_t error;
	uint32_t portid;
};

/* Handle.  -ENOENT: the module is not loaded, or not visible from here. */
int vmswap_open(struct vmswap **handle);
void vmswap_close(struct vmswap *h);
const char *vmswap_strerror_ext(const struct vmswap *h);

/* Host. */
int vmswap_host_get(struct vmswap *h, struct vmswap_host **host);
int vmswap_host_set(struct vmswap *h, const struct vmswap_host *change);
void vmswap_host_free(struct vmswap_host *host);

/*
 * Called as a long command goes on: with the offset that was reached in a range, or
 * with the pages that are left in a tier.  Anything but 0 ends it with -ECANCELED.
 */
typedef int (*vmswap_progress_fn)(uint64_t value, void *arg);

/* Tiers; lists come sorted by rank. */
int vmswap_tier_get(struct vmswap *h, const char *name,
		    struct vmswap_tier **tier);
int vmswap_tier_list(struct vmswap *h, struct vmswap_tier ***tiers,
		     size_t *count);
/* @added may be NULL. */
int vmswap_tier_add(struct vmswap *h, const struct vmswap_tier *wanted,
		    struct vmswap_tier **added);
int vmswap_tier_set(struct vmswap *h, const struct vmswap_tier *change);
/*
 * Moves its pages elsewhere in steps and removes it; @progress may be NULL.  When it
 * is stopped, by @progress, by the end of the program, or by -ENOSPC half way, the tier is
 * in use again, and pages that have moved stay where they are.
 */
int vmswap_tier_del(struct vmswap *h, const char *name,
		    vmswap_progress_fn progress, void *arg);
/* Stop a vmswap_tier_del() that another handle has under way. */
int vmswap_tier_del_cancel(struct vmswap *h, const char *name);
void vmswap_tier_free(struct vmswap_tier *tier);
void vmswap_tier_list_free(struct vmswap_tier **tiers, size_t count);

/* VMs; lists come sorted by id. */
int vmswap_vm_get(struct vmswap *h, uint64_t id, struct vmswap_vm **vm);
int vmswap_vm_list(struct vmswap *h, struct vmswap_vm ***vms, size_t *count);
/* All of the change or nothing. */
int vmswap_vm_set(struct vmswap *h, const struct vmswap_vm *change);
/*
 * @spec: a number (the id), a name, an absolute path, or "name:" and a name;
 * then, for a region, "/" and its name.  @region may be NULL: then a region in
 * @spec is refused.  -ENOENT nothing fits; -ENOTUNIQ several VMs do, which the
 * text of the handle lists.
 */
int vmswap_vm_find(struct vmswap *h, const char *spec, struct vmswap_vm **vm,
		   uint32_t *region);
/* The path of a VM, from malloc(); -ENOENT: it has none in this mount tree. */
int vmswap_vm_path(const struct vmswap_vm *vm, char **path);
void vmswap_vm_free(struct vmswap_vm *vm);
void vmswap_vm_list_free(struct vmswap_vm **vms, size_t count);

/* @progress may be NULL; @result says what was done also after an error. */
int vmswap_vm_evict(struct vmswap *h, uint64_t id, uint32_t region,
		    uint64_t offset, uint64_t length,
		    vmswap_progress_fn progress, void *arg,
		    struct vmswap_range_result *result);
int vmswap_vm_prefetch(struct vmswap *h, uint64_t id, uint32_t region,
		       uint64_t offset, uint64_t length,
		       vmswap_progress_fn progress, void *arg,
		       struct vmswap_range_result *result);

/*
 * Upper bound in ns of the bucket below or in which @permille of the faults
 * lie; 1000 gives the maximum.  0 when there were none.
 */
uint64_t vmswap_fault_quantile(const uint64_t hist[VMSWAP_HIST_BUCKETS],
			       unsigned int permille);

/*
 * Events.  Needs CAP_SYS_ADMIN.  Read returns -ETIME when @timeout_ms went by
 * (negative: never), -ENOBUFS when events were lost because the reader was too
 * slow: reading may go on.
 */
int vmswap_events_open(struct vmswap *h, struct vmswap_events **events);
int vmswap_events_fd(const struct vmswap_events *events);
int vmswap_events_read(struct vmswap_events *events, int timeout_ms,
		       struct vmswap_event **event);
void vmswap_events_close(struct vmswap_events *events);
void vmswap_event_free(struct vmswap_event *event);

/* Words for the values of the kernel's enumerations. */
enum vmswap_enum {
	VMSWAP_ENUM_TIER_KIND,
	VMSWAP_ENUM_TIER_STATE,
	VMSWAP_ENUM_ALGO,
	VMSWAP_ENUM_FULL_ACTION,
	VMSWAP_ENUM_HINTS,
	VMSWAP_ENUM_EVENT_KIND,
};

/* "unknown" for a value that this library does not know. */
const char *vmswap_enum_name(enum vmswap_enum which, uint32_t value);
/* -EINVAL: no such word. */
int vmswap_enum_value(enum vmswap_enum which, const char *name,
		      uint32_t *value);

/*
 * The ioctls of <linux/vmswap.h>, which describes them.  EINTR is not hidden, but
 * for vmswap_file_page_state(), which goes on as long as each call gets something
 * done.  @fd is a vmswapfs file, or where that file says so, /dev/vmswap.
 */
int vmswap_get_info(int fd, struct vmswap_info *info);
/* @name may be NULL; @fd and @id receive the new VM. */
int vmswap_create_vm(int dev_fd, const char *name, uint64_t size, int *fd,
		     uint64_t *id);
int vmswap_file_evict(int fd, struct vmswap_ranges *ranges);
int vmswap_file_prefetch(int fd, struct vmswap_ranges *ranges);
int vmswap_file_discard(int fd, struct vmswap_ranges *ranges);
/* @states has room for @length / VMSWAP_PAGE_SIZE entries. */
int vmswap_file_page_state(int fd, uint64_t offset, uint64_t length,
			   uint16_t *states);
int vmswap_file_stat(int fd, struct vmswap_vm_stat *stat);

#ifdef __cplusplus
}
#endif

#endif /* VMSWAP_H */

// SPDX-License-Identifier: GPL-2.0
/* "vm evict" and "vm prefetch": the same walk in two directions. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "progress.h"
#include "range.h"
#include "size.h"

typedef int (*range_fn)(struct vmswap *h, uint64_t id, uint32_t region,
			uint64_t offset, uint64_t length,
			vmswap_progress_fn progress, void *arg,
			struct vmswap_range_result *result);

struct direction {
	const char *name;
	const char *done;		/* what became of the pages */
	range_fn run;
};

static const struct direction evict = {
	"vm evict", "evicted", vmswap_vm_evict,
};

static const struct direction prefetch = {
	"vm prefetch", "prefetched", vmswap_vm_prefetch,
};

struct job {
	struct ctl *ctl;
	const struct direction *dir;
	const char *object;		/* "vm evict VM", as it was typed */
	const struct vmswap_vm *vm;
	uint32_t region;
	struct range range;
	struct progress progress;
	struct vmswap_range_result sum;
};

static void print_json(const struct job *job)
{
	const struct vmswap_range_result *r = &job->sum;
	json_t *kept = json_object();
	json_t *obj = json_object();

	json_object_set_new(obj, job->dir->done,
			    ctl_json_u64(true, r->done_pages *
					 VMSWAP_PAGE_SIZE));
	json_object_set_new(kept, "pinned",
			    ctl_json_u64(true, r->kept_pinned *
					 VMSWAP_PAGE_SIZE));
	json_object_set_new(kept, "busy",
			    ctl_json_u64(true, r->kept_busy *
					 VMSWAP_PAGE_SIZE));
	json_object_set_new(kept, "no_room",
			    ctl_json_u64(true, r->kept_no_room *
					 VMSWAP_PAGE_SIZE));
	json_object_set_new(obj, "kept", kept);
	ctl_json_print(obj);
}

static void print_result(const struct job *job)
{
	const struct vmswap_range_result *r = &job->sum;
	bool exact = job->ctl->bytes;
	char done[CTL_SIZE_LEN], kept[CTL_SIZE_LEN], pinned[CTL_SIZE_LEN];
	char busy[CTL_SIZE_LEN], room[CTL_SIZE_LEN];
	uint64_t sum = r->kept_pinned + r->kept_busy + r->kept_no_room;

	if (job->ctl->json) {
		print_json(job);
		return;
	}
	printf("%s %s, kept %s (pinned %s, busy %s, no room %s)\n",
	       job->dir->done,
	       ctl_format_size(r->done_pages * VMSWAP_PAGE_SIZE, exact, done),
	       ctl_format_size(sum * VMSWAP_PAGE_SIZE, exact, kept),
	       ctl_format_size(r->kept_pinned * VMSWAP_PAGE_SIZE, exact,
			       pinned),
	       ctl_format_size(r->kept_busy * VMSWAP_PAGE_SIZE, exact, busy),
	       ctl_format_size(r->kept_no_room * VMSWAP_PAGE_SIZE, exact,
			       room));
}

static int do_range(struct job *job, uint32_t region, uint64_t offset,
		    uint64_t length)
{
	struct vmswap_range_result r;
	int ret;

	job->progress.start = offset;
	/* A file that is done in one call of the kernel says nothing of its own. */
	if (job->progress.before)
		ctl_progress(offset, &job->progress);
	ret = job->dir->run(job->ctl->h, job->vm->id, region, offset, length,
			    ctl_progress, &job->progress, &r);
	job->progress.before += length;
	job->sum.done_pages += r.done_pages;
	job->sum.kept_pinned += r.kept_pinned;
	job->sum.kept_busy += r.kept_busy;
	job->sum.kept_no_room += r.kept_no_room;
	return ret;
}

static uint64_t page_round_up(uint64_t size)
{
	uint64_t mask = VMSWAP_PAGE_SIZE - 1;

	return size > UINT64_MAX - mask ? size & ~mask : (size + mask) & ~mask;
}

static bool is_chosen(const struct job *job, const struct vmswap_region *region)
{
	return job->region == VMSWAP_NO_REGION || job->region == region->index;
}

static int do_all(struct job *job)
{
	const struct vmswap_vm *vm = job->vm;
	int ret = 0;
	size_t i;

	for (i = 0; i < vm->nr_regions; i++) {
		if (is_chosen(job, &vm->regions[i]))
			job->progress.total += page_round_up(vm->regions[i].size);
	}
	for (i = 0; i < vm->nr_regions && !ret; i++) {
		if (is_chosen(job, &vm->regions[i]))
			ret = do_range(job, vm->regions[i].index, 0,
				       page_round_up(vm->regions[i].size));
	}
	return ret;
}

/* An offset counts within one file: with several it must be said which. */
static int choose_region(struct job *job)
{
	if (job->range.all || job->region != VMSWAP_NO_REGION)
		return 0;
	if (job->vm->nr_regions > 1)
		return ctl_bad_usage(job->ctl, "%s: VM %llu has %zu regions; name one as VM/FILE, or give all",
				     job->object,
				     (unsigned long long)job->vm->id,
				     job->vm->nr_regions);
	job->region = job->vm->nr_regions ? job->vm->regions[0].index : 0;
	return 0;
}

static int check_end(const struct job *job)
{
	const struct vmswap_vm *vm = job->vm;
	size_t i;

	for (i = 0; i < vm->nr_regions; i++) {
		const struct vmswap_region *r = &vm->regions[i];

		if (job->range.all || r->index != job->region ||
		    job->range.offset < page_round_up(r->size))
			continue;
		return ctl_fail(job->ctl, -ERANGE, "%s: offset %llu is not below the size %llu of the region",
				job->object,
				(unsigned long long)job->range.offset,
				(unsigned long long)r->size);
	}
	return 0;
}

static int run_job(struct job *job)
{
	int ret;

	ret = choose_region(job);
	if (!ret)
		ret = check_end(job);
	if (ret)
		return ret;
	job->progress.what = job->dir->name;
	if (job->range.all) {
		ret = do_all(job);
	} else {
		job->progress.total = job->range.length;
		ret = do_range(job, job->region, job->range.offset,
			       job->range.length);
	}
	ctl_progress_end(&job->progress);
	if (ret)
		return ctl_fail_lib(job->ctl, ret, "%s", job->object);
	print_result(job);
	return CTL_DONE;
}

static int find_and_run(struct job *job)
{
	struct ctl *ctl = job->ctl;
	struct vmswap_vm *vm;
	int ret;

	ret = ctl_parse_range(ctl, job->object, ctl->argv + 1, ctl->argc - 1,
			      &job->range);
	if (ret)
		return ret;
	if (ctl_open(ctl))
		return CTL_FAILED;
	ret = vmswap_vm_find(ctl->h, ctl->argv[0], &vm, &job->region);
	if (ret)
		return ctl_fail_lib(ctl, ret, "%s", job->dir->name);
	job->vm = vm;
	ret = run_job(job);
	vmswap_vm_free(vm);
	return ret;
}

static int vm_range(struct ctl *ctl, const struct direction *dir)
{
	struct job job = { .ctl = ctl, .dir = dir };
	char *object;
	int ret;

	if (asprintf(&object, "%s %s", dir->name, ctl->argv[0]) < 0)
		abort();
	job.object = object;
	ret = find_and_run(&job);
	free(object);
	return ret;
}

int ctl_vm_evict(struct ctl *ctl)
{
	return vm_range(ctl, &evict);
}

int ctl_vm_prefetch(struct ctl *ctl)
{
	return vm_range(ctl, &prefetch);
}

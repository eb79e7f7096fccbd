// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>

#include "decode.h"
#include "internal.h"

struct answer {
	struct vmswap_range_msg msg;
	bool came;
};

static int read_answer(const void *attrs, size_t len, void *arg)
{
	struct answer *answer = arg;
	int ret;

	ret = vmswap_decode(&vmswap_range_attr_set, attrs, len, &answer->msg);
	if (!ret && !VMSWAP_HAS(&answer->msg, RANGE, NEXT))
		ret = -EBADMSG;
	answer->came = !ret;
	return ret;
}

static void add_result(struct vmswap_range_result *to,
		       const struct vmswap_range_msg *from)
{
	to->done_pages += from->done_pages;
	to->kept_pinned += from->kept_pinned;
	to->kept_busy += from->kept_busy;
	to->kept_no_room += from->kept_no_room;
}

/* One call of the kernel; 1 when that was the last one for the range. */
static int one_step(struct vmswap *h, uint8_t cmd,
		    struct vmswap_range_msg *request, uint64_t end,
		    struct vmswap_range_result *result)
{
	struct answer answer = { 0 };
	int ret;

	request->length = end - request->offset;
	ret = vmswap_request(h, cmd, 0, &vmswap_range_attr_set, request,
			     read_answer, &answer);
	if (ret)
		return ret;
	if (!answer.came)
		return -EBADMSG;
	add_result(result, &answer.msg);
	/* At the end of the region the kernel cuts the range: no way to go. */
	if (answer.msg.next >= end || answer.msg.next <= request->offset)
		return 1;
	request->offset = answer.msg.next;
	return 0;
}

static int whole_range(struct vmswap *h, uint8_t cmd,
		       struct vmswap_range_msg *request, uint64_t length,
		       vmswap_progress_fn progress, void *arg,
		       struct vmswap_range_result *result)
{
	uint64_t end = request->offset + length;
	int ret = 0;

	*result = (struct vmswap_range_result){ 0 };
	if (end < length) {
		vmswap_error_set(h, "offset plus length is above 2^64");
		return -EOVERFLOW;
	}
	request->present = VMSWAP_BIT(RANGE, VM_ID) |
			   VMSWAP_BIT(RANGE, REGION) |
			   VMSWAP_BIT(RANGE, OFFSET) |
			   VMSWAP_BIT(RANGE, LENGTH);
	while (length && !ret) {
		ret = one_step(h, cmd, request, end, result);
		if (!ret && progress && progress(request->offset, arg))
			ret = -ECANCELED;
	}
	return ret < 0 ? ret : 0;
}

int vmswap_vm_evict(struct vmswap *h, uint64_t id, uint32_t region,
		    uint64_t offset, uint64_t length,
		    vmswap_progress_fn progress, void *arg,
		    struct vmswap_range_result *result)
{
	struct vmswap_range_msg request = {
		.vm_id = id, .region = region, .offset = offset,
	};

	return whole_range(h, VMSWAP_CMD_VM_EVICT, &request, length, progress,
			   arg, result);
}

int vmswap_vm_prefetch(struct vmswap *h, uint64_t id, uint32_t region,
		       uint64_t offset, uint64_t length,
		       vmswap_progress_fn progress, void *arg,
		       struct vmswap_range_result *result)
{
	struct vmswap_range_msg request = {
		.vm_id = id, .region = region, .offset = offset,
	};

	return whole_range(h, VMSWAP_CMD_VM_PREFETCH, &request, length,
			   progress, arg, result);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* trace.h - tracepoints. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmswap

#if !defined(VMSWAP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VMSWAP_TRACE_H

#include <linux/tracepoint.h>

#include "page.h"

TRACE_DEFINE_ENUM(VMSWAP_FAULT_MINOR);
TRACE_DEFINE_ENUM(VMSWAP_FAULT_ZERO);
TRACE_DEFINE_ENUM(VMSWAP_FAULT_MAJOR);

TRACE_EVENT(vmswap_fault,
	TP_PROTO(u64 vm, u32 region, pgoff_t index, int kind),
	TP_ARGS(vm, region, index, kind),
	TP_STRUCT__entry(
		__field(u64, vm)
		__field(u32, region)
		__field(pgoff_t, index)
		__field(int, kind)
	),
	TP_fast_assign(
		__entry->vm = vm;
		__entry->region = region;
		__entry->index = index;
		__entry->kind = kind;
	),
	TP_printk("vm=%llu region=%u index=%lu kind=%s",
		  __entry->vm, __entry->region, __entry->index,
		  __print_symbolic(__entry->kind,
				   { VMSWAP_FAULT_MINOR, "minor" },
				   { VMSWAP_FAULT_ZERO, "zero" },
				   { VMSWAP_FAULT_MAJOR, "major" }))
);

TRACE_EVENT(vmswap_evict,
	TP_PROTO(u64 vm, u32 region, pgoff_t index, unsigned long nr, unsigned long evicted),
	TP_ARGS(vm, region, index, nr, evicted),
	TP_STRUCT__entry(
		__field(u64, vm)
		__field(u32, region)
		__field(pgoff_t, index)
		__field(unsigned long, nr)
		__field(unsigned long, evicted)
	),
	TP_fast_assign(
		__entry->vm = vm;
		__entry->region = region;
		__entry->index = index;
		__entry->nr = nr;
		__entry->evicted = evicted;
	),
	TP_printk("vm=%llu region=%u index=%lu nr=%lu evicted=%lu",
		  __entry->vm, __entry->region, __entry->index, __entry->nr,
		  __entry->evicted)
);

TRACE_EVENT(vmswap_ahead,
	TP_PROTO(u64 vm, u32 region, pgoff_t index, unsigned long nr),
	TP_ARGS(vm, region, index, nr),
	TP_STRUCT__entry(
		__field(u64, vm)
		__field(u32, region)
		__field(pgoff_t, index)
		__field(unsigned long, nr)
	),
	TP_fast_assign(
		__entry->vm = vm;
		__entry->region = region;
		__entry->index = index;
		__entry->nr = nr;
	),
	TP_printk("vm=%llu region=%u index=%lu nr=%lu",
		  __entry->vm, __entry->region, __entry->index, __entry->nr)
);

TRACE_EVENT(vmswap_oom,
	TP_PROTO(unsigned long freed),
	TP_ARGS(freed),
	TP_STRUCT__entry(
		__field(unsigned long, freed)
	),
	TP_fast_assign(
		__entry->freed = freed;
	),
	TP_printk("freed=%lu", __entry->freed)
);

#endif /* VMSWAP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

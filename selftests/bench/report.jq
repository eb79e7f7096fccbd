# SPDX-License-Identifier: GPL-2.0
# From figures to verdicts. Input: an array of figures. Output: all figures with their
# medians, and one verdict per mark, class of pages and kind of access.

def median: sort | .[length / 2 | floor];

map(. + {median: (.values | median)}) as $figures |

# The best setting counts, or that which is named. Null when nothing was measured.
def best_of($mode; $row; $subjects; $setting; $class; $access; $more):
	[$figures[] | select(.mode == $mode and .row == $row and .class == $class and
		.access == $access and ([.subject] | inside($subjects)) and
		($setting == null or .setting == $setting))] |
	if length == 0 then null elif $more then max_by(.median) else min_by(.median) end;

def best($mode; $row; $subjects; $class; $access; $more):
	best_of($mode; $row; $subjects; null; $class; $access; $more);

# Whose compressor a subject uses, and the time it takes for a page.
def family: if . == "vmswap" then . elif startswith("controller") then "controller" else "native" end;
def compressor($mode; $class; $what):
	. as $figure | [$figures[] | select(.mode == $mode and .row == "compressor" and
		.class == $class and .access == $what and .subject == ($figure.subject | family))] |
	if length == 0 then 0 else .[0].median end;

# A figure without the compressor, which runs on so many processors at once.
def net($mark; $class):
	(compressor($mark.mode; $class; $mark.compress) / ($mark.cpus // 1)) as $ns |
	if $mark.more then 1e9 / (1e9 / .median - $ns) else .median - $ns end;

def verdict($ok): if $ok then "met" else "missed" end;

# A mark: {text, mode, row, against, mark, setting, compress, cpus, more, base}
#	against   the subjects of which the best counts
#	setting   of vmswap, when it is not the best that counts
#	compress  "compress" or "decompress": there is a net figure
#	cpus      how many processors do that at once
#	more      more is better
#	base      the row of the comparator, when it is another
def compare($mark; $class; $access):
	($mark.more // false) as $more |
	best_of($mark.mode; $mark.row; ["vmswap"]; $mark.setting; $class; $access; $more) as $ours |
	best($mark.mode; $mark.base // $mark.row; $mark.against; $class; $access; $more) as $theirs |
	if $ours == null or $theirs == null then empty else
		($ours.median / $theirs.median) as $total |
		(if $mark.compress then ($ours | net($mark; $class)) / ($theirs | net($mark; $class))
		 else null end) as $net |
		{text: $mark.text, mode: $mark.mode, class: $class, access: $access, unit: $ours.unit,
		 ours: $ours.median, ours_setting: $ours.setting, theirs: $theirs.median,
		 against: ([$theirs | .subject, .setting | select(. != "")] | join(", ")), total: $total, net: $net,
		 mark: ((if $more then ">= " else "<= " end) + ($mark.mark | tostring) + " x"),
		 verdict: verdict(if $more then ($net // $total) >= $mark.mark and ($mark.compress == null or $total >= 1)
			else ($net // $total) <= $mark.mark and ($mark.compress == null or $total <= 1) end)}
	end;

def host_cpus: $machine[0].host_cpus //
	error("machine.json does not tell host_cpus, the processors of the test host");

def marks: [
	{text: "zero-fill write fault, random, single page", mode: "icount", row: "zero-fill-random",
	 against: ["shmem"], mark: 1.05},
	{text: "zero-fill, sequential write, granule 16", mode: "icount", row: "zero-fill-sequential",
	 against: ["anonymous"], mark: 0.6},
	{text: "swap-in from RAM tier, random, shmem on zram", mode: "icount", row: "swap-in-ram-random",
	 against: ["shmem"], mark: 0.65, compress: "decompress"},
	{text: "swap-in from RAM tier, random, controller", mode: "icount", row: "swap-in-ram-random",
	 against: ["controller", "controller-continue"], mark: 0.45, compress: "decompress"},
	{text: "swap-in from RAM tier, random, controller", mode: "multi", row: "swap-in-ram-random",
	 against: ["controller", "controller-continue"], mark: 0.2, compress: "decompress"},
	{text: "swap-in from RAM tier, sequential, granule 16, shmem on zram", mode: "icount",
	 row: "swap-in-ram-sequential", against: ["shmem"], mark: 0.4, compress: "decompress"},
	{text: "swap-out to RAM tier, MADV_PAGEOUT to zram", mode: "icount", row: "swap-out",
	 against: ["shmem", "anonymous"], mark: 0.6, compress: "compress"},
	{text: "scan of swapped memory from block (80 us), native swap", mode: "icount",
	 row: "scan-block", against: ["anonymous"], mark: 3, more: true},
	{text: "uniform random, working set 2 x limit, 80 us, native swap", mode: "icount",
	 row: "uniform-80us", against: ["anonymous"], mark: 1},
	{text: "uniform random, working set 2 x limit, 500 us, native swap", mode: "icount",
	 row: "uniform-500us", against: ["anonymous"], mark: 1},
	("multi", "guest" | {text: "Zipf 0.99, 8 tasks in a one-vCPU guest, 500 us, native swap", mode: .,
	 row: "zipf-500us", against: ["native"], mark: 1, more: true}),
	{text: "discard, all at once, MADV_REMOVE", mode: "icount", row: "discard-bulk",
	 against: ["controller"], mark: 0.9},
	("MADV_REMOVE", "DISCARD, all ranges by one call" |
	 {text: "discard, 16 pages a time, MADV_REMOVE", mode: "icount", row: "discard-chunks",
	  setting: ., against: ["controller"], mark: 0.9}),
	{text: "discard, page by page, MADV_REMOVE", mode: "icount", row: "discard-pages",
	 against: ["controller"], mark: 0.9},
	{text: "fault throughput, 2 threads, of 1", mode: "multi", row: "throughput-2",
	 base: "throughput-1", against: ["vmswap"], mark: 1.7, more: true},
	{text: "fault throughput, 4 threads, of 2", mode: "multi", row: "throughput-4",
	 base: "throughput-2", against: ["vmswap"], mark: 0.9, more: true},
	(1, 2, 4 | {text: "fault throughput, \(.) threads, controller", mode: "multi",
	 row: "throughput-\(.)", against: ["controller", "controller-continue"], mark: 5, more: true,
	 compress: "decompress", cpus: ([., host_cpus] | min)})
];

# Marks that are times: a device's latency and what is allowed beside it.
def bound($text; $row; $device; $misses; $access):
	best("icount"; $row; ["vmswap"]; "random"; $access; false) as $ours |
	best("icount"; $device; ["fio"]; ""; "read"; false) as $fio |
	(if $misses then best("icount"; $row + "-misses"; ["vmswap"]; "random"; $access; false).median
	 else 1 end) as $misses |
	if $ours == null or $fio == null then empty else
		($misses * $fio.median * 1.15 + 5000) as $most |
		{text: $text, mode: "icount", class: "random", access: $access, unit: $ours.unit,
		 ours: $ours.median, ours_setting: $ours.setting, theirs: $most,
		 against: "\($misses * 1000 | round | . / 1000) x \($fio.median / 10 | round | . / 100) us of the device (fio) x 1.15 + 5 us",
		 total: ($ours.median / $most), net: null, mark: "<= 1 x", verdict: verdict($ours.median <= $most)}
	end;

{machine: $machine[0], figures: $figures, verdicts: (
	[marks[] as $mark | ("", "sparse", "text", "random") as $class |
		("", "read", "write", "mixed") as $access | compare($mark; $class; $access)] +
	[bound("swap-in from block (80 us), random"; "swap-in-block-80us"; "device-80"; false; "read"),
	 ("read", "write" | . as $access | 80, 500 |
		bound("uniform random, working set 2 x limit, \(.) us"; "uniform-\(.)us"; "device-\(.)"; true; $access))])}

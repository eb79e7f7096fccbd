# SPDX-License-Identifier: GPL-2.0
# From bench.json to a table; $mode: only of that, or "".

def fixed($n): . * pow(10; $n) | round | tostring |
	until(length > $n; "0" + .) | .[:length - $n] + "." + .[length - $n:];
def figure($unit):
	if $unit | startswith("ns/") then "\(. / 1000 | fixed(2)) us"
	else "\(if . < 100 then fixed(1) else round end) \($unit)" end;
def ratio: if . == null then "" else fixed(2) end;

[.verdicts[] | select($mode == "" or .mode == $mode)] as $verdicts |
"Measured \(.machine.date), vmswap \(.machine.commit), Linux \(if $mode == "guest" then .machine.kernel_guest else .machine.kernel end) in QEMU \(.machine.qemu) (TCG) on \(.machine.cpus) x \(.machine.cpu); load of the machine at the start \(.machine.load).",
(if $mode == "icount" then
	"", "The load does not change figures of this mode."
elif (.machine.load | tonumber) > (.machine.cpus | tonumber) / 2 then
	"", "The machine was not idle: figures of modes multi and guest say little."
else empty end),
"",
"| mode | what | pages | access | vmswap | against | | total | net | mark | |",
"|---|---|---|---|--:|---|--:|--:|--:|---|---|",
($verdicts[] | "| \(.mode) | \(.text) | \(.class) | \(.access) | \(.unit as $u | .ours | figure($u)), \(.ours_setting) | \(.against) | \(.unit as $u | .theirs | figure($u)) | \(.total | ratio) | \(.net | ratio) | \(.mark) | \(.verdict) |"),
"",
"\([$verdicts[] | select(.verdict == "met")] | length) met, \([$verdicts[] | select(.verdict == "missed")] | length) missed"

# SPDX-License-Identifier: GPL-2.0
# From bench.json to a table.

def fixed($n): . * pow(10; $n) | round | tostring |
	until(length > $n; "0" + .) | .[:length - $n] + "." + .[length - $n:];
def figure($unit):
	if $unit | startswith("ns/") then "\(. / 1000 | fixed(2)) us"
	else "\(if . < 100 then fixed(1) else round end) \($unit)" end;
def ratio: if . == null then "" else fixed(2) end;

"Measured \(.machine.date), vmswap \(.machine.commit), Linux \(.machine.kernel) in QEMU \(.machine.qemu) (TCG) on \(.machine.cpus) x \(.machine.cpu); load of the machine at the start \(.machine.load).",
(if (.machine.load | tonumber) > (.machine.cpus | tonumber) / 2 then
	"", "The machine was not idle: figures of mode multi say little."
else empty end),
"",
"| mode | what | pages | access | vmswap | against | | total | net | mark | |",
"|---|---|---|---|--:|---|--:|--:|--:|---|---|",
(.verdicts[] | "| \(.mode) | \(.text) | \(.class) | \(.access) | \(.unit as $u | .ours | figure($u)), \(.ours_setting) | \(.against) | \(.unit as $u | .theirs | figure($u)) | \(.total | ratio) | \(.net | ratio) | \(.mark) | \(.verdict) |"),
"",
"\([.verdicts[] | select(.verdict == "met")] | length) met, \([.verdicts[] | select(.verdict == "missed")] | length) missed"

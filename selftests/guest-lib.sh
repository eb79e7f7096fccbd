# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests with real guests have in common: verdicts, figures of a VM, a
# tier on a device, a guest that one can talk with, QEMU's QMP. Sourced.
#
# Starting a program takes a tenth of a second in the test host, in a guest
# more: the shell reads the JSON and the pipes itself.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/verdicts.sh
. "$here/verdicts.sh"
self=$here/${0##*/}
tools=$here/../build/selftests/tools
# dmsetup and modprobe
PATH=$PATH:/usr/sbin:/sbin
MIB=$((1 << 20))
PAGE=4096

# Under it all takes several times as long.
is_debug_kernel()
{
	[ -e /sys/kernel/debug/kmemleak ]
}

# How long a guest may need for one step when the machine is busy.
PATIENCE=240
! is_debug_kernel || PATIENCE=1100
PATIENCE=${VMSWAP_PATIENCE:-$PATIENCE}

# --- verdicts -----------------------------------------------------------------

# holds NAME EXPRESSION: an arithmetic one; its variables are shown when it fails.
holds()
{
	local word

	if (($2)); then
		report ok "$1"
		return
	fi
	echo "# not so: $2"
	for word in ${2//[^a-zA-Z0-9_]/ }; do
		[[ $word != [a-zA-Z_]* ]] || echo "#   $word = ${!word-}"
	done
	report "not ok" "$1"
}

# --- the frame ----------------------------------------------------------------

# What a test mounts and makes is gone after it, however it ends.
declare -A guest_pid=() guest_vm=() talk_to=() talk_from=() qmp_to=() qmp_from=()

clean_up()
{
	local name

	for name in "${!guest_pid[@]}"; do
		kill "${guest_pid[$name]}" 2>/dev/null && wait "${guest_pid[$name]}"
	done
	[ -z "${mapped-}" ] || dmsetup resume slow 2>/dev/null
	unmount
	del_tiers
	rm -rf "$work"
}

unmount()
{
	[ -n "$mnt" ] || return 0
	rm -rf "${mnt:?}"/*
	umount "$mnt"
	mnt=
}

begin()
{
	if [ "$(id -u)" -ne 0 ] || [ ! -d /sys/module/vmswap ]; then
		echo "KTAP version 1"
		echo "1..0 # SKIP needs root and the module vmswap"
		exit 4
	fi
	if [ ! -c /dev/kvm ]; then
		echo "KTAP version 1"
		echo "1..0 # SKIP needs /dev/kvm"
		exit 4
	fi
	work=$(mktemp -d /tmp/guest.XXXXXX)
	mnt=$(mktemp -d /run/guest.XXXXXX)
	mount -t vmswapfs none "$mnt" || bail_out "cannot mount a vmswapfs"
	trap clean_up EXIT
	echo "KTAP version 1"
}

# --- tiers --------------------------------------------------------------------

# make_disk [NULL_BLK PARAMETERS...]: a device with data; its path in $disk.
make_disk()
{
	modprobe null_blk nr_devices=1 gb=1 memory_backed=1 irqmode=2 "$@" ||
		bail_out "null_blk does not load"
	disk=/dev/nullb0
}

# make_slow_disk READ_MS: the same, behind a device mapper that delays reads.
# Without udev: devtmpfs makes the node.
make_slow_disk()
{
	local minor size

	make_disk completion_nsec=0
	modprobe dm-delay || bail_out "dm-delay does not load"
	size=$(cat /sys/block/nullb0/size)
	dmsetup create slow --noudevsync --noudevrules --table \
		"0 $size delay $disk 0 $1 $disk 0 0" || bail_out "no dm-delay device"
	mapped=yes
	minor=$(dmsetup info -c --noheadings -o minor slow)
	disk=/dev/dm-$minor
}

del_tiers()
{
	local name

	for name in ${tiers-}; do
		vmswapctl tier del "$name" >/dev/null
	done
	tiers=
	[ -z "${mapped-}" ] || dmsetup remove --retry --noudevsync --noudevrules slow
	mapped=
	[ -z "${disk-}" ] || modprobe -r null_blk
	disk=
}

# add_tier NAME WORDS...
add_tier()
{
	vmswapctl tier add "$@" >/dev/null || bail_out "tier $1: not added"
	tiers="$1 ${tiers-}"
}

# Requests that the disk has seen: reads and writes; leaves them in $reads, $writes.
disk_requests()
{
	read -r reads _ _ _ writes _ <"/sys/block/${disk#/dev/}/stat"
}

# --- figures ------------------------------------------------------------------

# json_number JSON KEY: the first number with this key.
json_number()
{
	[[ $1 =~ \"$2\":[[:space:]]*([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

# figures VM [SUFFIX]: each into a variable of its name. Bytes and pages as
# vmswapctl has them.
figures()
{
	local json key suffix=${2-}

	json=$(vmswapctl -j vm show "$1") || bail_out "$1: no figures of it"
	for key in id resident swapped same poisoned pinned major async swapin_pages \
		   swapout_pages discarded_pages io_errors; do
		[[ $json =~ \"$key\":[[:space:]]*([0-9]+) ]] ||
			bail_out "$1: no $key in its figures"
		printf -v "$key$suffix" %s "${BASH_REMATCH[1]}"
	done
}

# vmswap has no VM, nothing leaked, and no page is in a tier.
holds_nothing()
{
	local host tier_list leaks

	host=$(vmswapctl -j host show) && tier_list=$(vmswapctl -j tier list) || return
	[[ $host =~ \"vms\":[[:space:]]*0 && $host == *\"leaks\"* ]] || return
	leaks=${host#*\"leaks\"}
	leaks=${leaks%%\}*}
	[[ ! $leaks =~ :[[:space:]]*[1-9] &&
	   ! $tier_list =~ \"(used|pages|stored_bytes)\":[[:space:]]*[1-9] ]]
}

# Within 5 s of now.
nothing_left()
{
	local end=$((${EPOCHREALTIME/[.,]/} + 5000000))

	until holds_nothing; do
		if ((${EPOCHREALTIME/[.,]/} > end)); then
			vmswapctl host show
			vmswapctl tier list
			return 1
		fi
		sleep 0.1
	done
}

# --- a guest ------------------------------------------------------------------

# A pair of pipes to a character device of QEMU's; kept open by us, so that
# neither side waits for the other to open its end.
make_pipe()
{
	mkfifo "$work/$1.in" "$work/$1.out"
	exec {to}<>"$work/$1.in" {from}<>"$work/$1.out"
}

# start_guest NAME BACKEND SIZE [OPTIONS OF vm/guest...] -- WORDS...: boots a guest
# that runs this very script with "guest WORDS". What it prints is in the log.
start_guest()
{
	local name=$1 backend=$2 size=$3 to from
	local options=()
	shift 3

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	make_pipe "$name.talk"
	talk_to[$name]=$to talk_from[$name]=$from
	make_pipe "$name.qmp"
	qmp_to[$name]=$to qmp_from[$name]=$from guest_vm[$name]=$backend
	"$here/vm/guest" --name "$name" --backend "$backend" --mem "$size" \
		--timeout $((2 * PATIENCE)) \
		--qemu-arg -chardev --qemu-arg "pipe,id=talk,path=$work/$name.talk" \
		--qemu-arg -device \
		--qemu-arg virtserialport,bus=ports.0,chardev=talk,name=vmswap.talk \
		--qemu-arg -chardev --qemu-arg "pipe,id=qmp,path=$work/$name.qmp" \
		--qemu-arg -mon --qemu-arg chardev=qmp,mode=control \
		"${options[@]}" -- "$self" guest "$@" >"$work/$name.log" 2>&1 &
	guest_pid[$name]=$!
	qmp "$name" '{"execute": "qmp_capabilities"}'
}

# show_threads PID: where each of its threads waits.
show_threads()
{
	local task

	for task in "/proc/$1/task"/*; do
		[ ! -r "$task/stack" ] || echo "# thread $(<"$task/comm"): $(tr '\n' ' ' <"$task/stack")"
	done
}

# Where it stands: its kernel's messages, its QEMU's threads and registers, its VM.
where_it_stands()
{
	local line pid

	tail -n 60 "$OUT"/console-guest-"$1"-*.log | tr -d '\r' | sed 's/^/# console: /'
	for pid in /proc/[0-9]*; do
		grep -qz "guest=$1" "$pid/cmdline" 2>/dev/null || continue
		show_threads "${pid#/proc/}"
	done
	[ -z "${qmp_to[$1]-}" ] ||
		echo '{"execute": "human-monitor-command", "arguments": {"command-line": "info registers"}}' \
			>&"${qmp_to[$1]}"
	while [ -n "${qmp_from[$1]-}" ] && IFS= read -r -t 5 -u "${qmp_from[$1]}" line; do
		echo "# qmp: $line"
	done
	vmswapctl vm show "${guest_vm[$1]}" | sed 's/^/# /'
}

guest_failed()
{
	sed 's/^/# guest: /' "$work/$1.log"
	where_it_stands "$1" 2>&1
	bail_out "guest $1: $2"
}

# read_line NAME FD: the next line of a guest's pipe into $line.
read_line()
{
	local end=$((SECONDS + PATIENCE)) part

	line=
	until IFS= read -r -t 1 -u "$2" part; do
		line+=$part
		kill -0 "${guest_pid[$1]}" 2>/dev/null || guest_failed "$1" "ended early"
		[ $SECONDS -lt $end ] || guest_failed "$1" "silent for $PATIENCE s"
	done
	line+=$part
}

tell()
{
	echo "$2" >&"${talk_to[$1]}"
}

# hear NAME WORD: waits for a line that begins with it; the rest is in $heard.
hear()
{
	while read_line "$1" "${talk_from[$1]}"; do
		case $line in
		"$2" | "$2 "*)
			heard=${line#"$2"}
			heard=${heard# }
			return
			;;
		"failed"*) guest_failed "$1" "$line" ;;
		esac
	done
}

# The command's answer is in $answer.
qmp()
{
	local line

	echo "$2" >&"${qmp_to[$1]}"
	while read_line "$1" "${qmp_from[$1]}"; do
		case $line in
		'{"return"'*) break ;;
		'{"error"'*) guest_failed "$1" "QEMU refuses $2: $line" ;;
		esac
	done
	answer=$line
}

# The guest's script ends, then the guest; true when both ended well.
guest_ends_well()
{
	local pid=${guest_pid[$1]}

	tell "$1" end
	if wait "$pid"; then
		unset "guest_pid[$1]"
		return
	fi
	unset "guest_pid[$1]"
	cat "$work/$1.log"
	return 1
}

# --- in the guest -------------------------------------------------------------

# The other end of tell and hear becomes standard input and output.
open_talk()
{
	local port name

	for port in /sys/class/virtio-ports/*; do
		read -r name <"$port/name"
		[ "$name" != vmswap.talk ] || exec <>"/dev/${port##*/}" >&0
	done
}

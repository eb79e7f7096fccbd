# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests of block tiers have in common: disks, of which some are slow and
# some fail when told, events, a VM with pages of a seed. Sourced.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/verdicts.sh
. "$here/verdicts.sh"
# shellcheck source=selftests/policy.sh
. "$here/policy.sh"
pages=$here/../build/selftests/tools/pages
mnt=$(mktemp -d "/run/${0##*/}.XXXXXX")
work=$(mktemp -d "/tmp/${0##*/}.XXXXXX")
nullb=/sys/kernel/config/nullb
vm=$mnt/a

# --- verdicts -----------------------------------------------------------------

# refuses NAME PATTERN COMMAND...: exit status 1, saying this.
refuses()
{
	local name=$1 pattern=$2 got=0
	shift 2

	"$@" >"$work/log" 2>&1 || got=$?
	if [ $got -eq 1 ] && grep -qE -- "$pattern" "$work/log"; then
		report ok "$name"
		return
	fi
	echo "# $*: exit status $got; wanted: $pattern"
	sed 's/^/# /' "$work/log"
	report "not ok" "$name"
}

# says NAME TEXT COMMAND...: it prints this.
says()
{
	local name=$1 want=$2 got
	shift 2

	got=$("$@" 2>&1)
	if [ "$got" = "$want" ]; then
		report ok "$name"
		return
	fi
	echo "# $*: wanted '$want', got '$got'"
	report "not ok" "$name"
}

vm_is()
{
	json "$1" "$2" vm show a
}

# vm_has FILTER: the same without a verdict.
vm_has()
{
	vmswapctl -j vm show a | jq -e "$1"
}

id_of()
{
	vmswapctl -j vm show "$1" | jq .id
}

# tier_is NAME TIER FILTER
tier_is()
{
	json "$1" ".[] | select(.name == \"$2\") | $3" tier list
}

# --- devices --------------------------------------------------------------------

# make_disk NAME MIB [KEY=VALUE...]: /dev/NAME, with memory behind it.
make_disk()
{
	local name=$1 mib=$2 pair
	shift 2

	mkdir "$nullb/$name" || return
	echo "$mib" >"$nullb/$name/size"
	echo 4096 >"$nullb/$name/blocksize"
	echo 1 >"$nullb/$name/memory_backed"
	for pair; do
		echo "${pair#*=}" >"$nullb/$name/${pair%%=*}"
	done
	echo 1 >"$nullb/$name/power"
}

remove_disk()
{
	rmdir "$nullb/$1"
}

dm()
{
	DM_DISABLE_UDEV=1 dmsetup "$@"
}

sectors()
{
	blockdev --getsz "$1"
}

# dm_is NAME LINE...: the device mapper's table of NAME from now on.
dm_is()
{
	local name=$1
	shift

	printf '%s\n' "$@" | dm reload "$name" && dm suspend --noflush "$name" && dm resume "$name"
}

make_flakey()
{
	size=$(sectors /dev/vsa)
	echo "0 $size linear /dev/vsa 0" | dm create vsflaky
}

writes_fail()
{
	dm_is vsflaky "0 $size flakey /dev/vsa 0 0 60 1 error_writes"
}

reads_fail()
{
	dm_is vsflaky "0 $size error"
}

all_works()
{
	dm_is vsflaky "0 $size linear /dev/vsa 0"
}

make_slow_disk()
{
	make_disk vsq 64 irqmode=2 completion_nsec=100000000 hw_queue_depth=256 submit_queues=1 &&
		echo 2 >/sys/block/vsq/queue/nomerges
}

# --- events ---------------------------------------------------------------------

# A reader is there once it has seen the change that we make until then.
events_begin()
{
	local i

	vmswapctl -j events >"$work/events" &
	listener=$!
	for ((i = 0; i < 100; i++)); do
		vmswapctl vm set a policy clock
		grep -q vm-changed "$work/events" && break
		sleep 0.2
	done
}

event_came()
{
	jq -en "any(inputs | select(.kind == \"$1\"); ${2:-true})" "$work/events"
}

events_end()
{
	kill "$listener"
	wait "$listener" 2>/dev/null
}

# --- a VM -----------------------------------------------------------------------

# What a part that failed has left must not fail the next one.
empty()
{
	local tier

	rm -f "$mnt"/*
	for tier in $(vmswapctl -j tier list | jq -r '.[].name'); do
		vmswapctl tier del "$tier"
	done
	vmswapctl host set full wait
}

# fresh_vm MIB: a VM of that size, filled with pages of seed 1.
fresh_vm()
{
	rm -f "$vm"
	vmswapctl vm create "$vm" "$1"M && "$pages" fill "$vm" 0 $(($1 * 256)) 1
}

good()
{
	echo "good $1 bad 0 lost 0 other 0"
}

# --- frame ----------------------------------------------------------------------

skip()
{
	rmdir "$work" "$mnt"
	echo "KTAP version 1"
	echo "1..0 # SKIP $1"
	exit 4
}

# However the test ends.
clean_up()
{
	dm resume vsflaky
	dm resume vsheld
	empty
	umount "$mnt" "$work/fs"
	[ -z "${loop-}" ] || losetup -d "$loop"
	dm remove vsheld
	dm remove vsflaky
	dm remove vswide
	for disk in vsa vsb vsl vsq vsx; do
		[ ! -d "$nullb/$disk" ] || remove_disk $disk
	done
	modprobe -r null_blk
	rm -rf "$work" "$mnt"
} >/dev/null 2>&1

prepare()
{
	local module

	if [ "$(id -u)" -ne 0 ] || [ ! -d /sys/module/vmswap ]; then
		skip "needs root and the module vmswap"
	fi
	for module in configfs dm-flakey ext4 "null_blk nr_devices=0"; do
		# shellcheck disable=SC2086 # a module and its parameters
		modprobe $module || skip "no $module"
	done
	mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
	trap clean_up EXIT
	mount -t vmswapfs none "$mnt" || bail_out "cannot mount a vmswapfs"
	{ make_disk vsa 64 && make_disk vsb 64; } || bail_out "cannot make a null_blk device"
}

# run_parts "PART..." [PART...]: all of them; only these, or those of VMSWAP_CASE="PART...".
run_parts()
{
	local all=$1 part
	shift

	prepare
	echo "KTAP version 1"
	# shellcheck disable=SC2086 # words
	[ $# -gt 0 ] || set -- ${VMSWAP_CASE:-$all}
	for part; do
		empty
		$part
	done
	empty
	end_cases
}

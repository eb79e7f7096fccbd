# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# What the scripts of this directory share: where things are, how they speak,
# how they get packages and kernels. Sourced, never run.

# guest runs this where starting a program takes a tenth of a second: few of
# them are used.
VM_DIR=$(cd "${BASH_SOURCE[0]%lib.sh}" 2>/dev/null || cd . && pwd -P)
TREE=${VM_DIR%/selftests/vm}
PROG=${0##*/}

if [ -n "${VMSWAP_CACHE:-}" ]; then
	CACHE=$VMSWAP_CACHE
elif [ "$EUID" = 0 ]; then
	CACHE=/var/cache/vmswap
else
	CACHE=${HOME:?}/.cache/vmswap
fi
case $CACHE in
/*) ;;
*) CACHE=$PWD/$CACHE ;;
esac
KERNELS=$CACHE/kernels
# The test host may run as another user than its caller: name the place.
export VMSWAP_CACHE=$CACHE
# depmod, modinfo, modprobe: a user's PATH on Debian lacks them.
case :$PATH: in
*:/usr/sbin:*) ;;
*) PATH=$PATH:/usr/sbin:/sbin ;;
esac

# What a run needs, and what building a module or a debug kernel adds to it. From 6.12
# on the headers hold a vmlinux, so that a module gets its BTF, which pahole makes.
RUN_PACKAGES=(qemu-system-x86 busybox-static cpio kmod util-linux xz-utils gcc-12 libc6-dev)
BUILD_PACKAGES=(make rsync kmod libelf1 pahole)
# What unpacking a kernel needs.
KERNEL_PACKAGES=(kmod xz-utils zstd)

progress() {
	printf '%s: %s\n' "$PROG" "$*" >&2
}

# What the first use of something will cost, unless the caller has told the sum of all. A
# line of progress for what is fetched follows.
announce() {
	[ -n "${VMSWAP_ANNOUNCED:-}" ] || progress "$@"
}

# 125: the harness failed, which says nothing about what it was to run.
die() {
	printf '%s: %s\n' "$PROG" "$*" >&2
	exit 125
}

bad_usage() {
	printf '%s: %s\n' "$PROG" "$*" >&2
	usage >&2
	exit 125
}

# The value of an option, from "--name VALUE"; $2 is the number of words left.
need_value() {
	[ "$2" -ge 2 ] || bad_usage "$1: a value must follow"
}

need_number() {
	case $2 in
	'' | *[!0-9]* | 0*) bad_usage "$1 $2: not a number; a decimal number above 0 is accepted" ;;
	esac
}

need_size() {
	[[ $2 =~ ^[1-9][0-9]*[KMGT]?$ ]] ||
		bad_usage "$1 $2: not a size; a number with K, M, G or T is accepted, as in 512M"
}

# The kernels there are, here and nowhere else: those of Debian 12 with what the names of
# their packages end in, the newest, and that which is compiled.
KNOWN_KERNELS=(6.1 6.12 latest debug)

kernel_flavour() {
	case $1 in
	6.1) echo amd64 ;;
	6.12) echo 6.12-amd64 ;;
	esac
}

# For a usage: "6.1|6.12|latest|debug"
kernel_choice() {
	local IFS='|'
	echo "${KNOWN_KERNELS[*]}"
}

# in_words and|or WORD WORD...: "6.1, 6.12 and latest"
in_words() {
	local between=$1 text=$2
	shift 2
	while [ $# -gt 1 ]; do
		text+=", $1"
		shift
	done
	echo "$text $between $1"
}

# is_among WORD WORD...: the first is one of the others.
is_among() {
	local word=$1 other
	shift
	for other; do
		[ "$word" != "$other" ] || return 0
	done
	return 1
}

known_kernel() {
	is_among "$1" "${KNOWN_KERNELS[@]}" ||
		bad_usage "kernel '$1': unknown; $(in_words and "${KNOWN_KERNELS[@]}") are accepted"
}

as_root() {
	if [ "$EUID" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

# Each once.
missing_packages() {
	local package
	for package; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			printf '%s\n' "$package"
	done | awk '!seen[$0]++'
}

# Its output is read as that of the C locale.
apt_cache() {
	LC_ALL=C apt-cache "$@" 2>/dev/null
}

# All of them are known to apt. grep reads to the end: one that stops at the first
# match ends apt-cache by a signal, which a caller's pipefail takes for "no".
has_candidate() {
	[ "$(apt_cache policy "$@" | grep -c '^  Candidate: [^(]')" = $# ]
}

apt_install() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get \
		-o DPkg::Lock::Timeout=300 -o APT::Get::Assume-Yes=true \
		-qq install --no-install-recommends "$@"
}

read_lists() {
	as_root apt-get -o DPkg::Lock::Timeout=300 -qq update
}

# apt_update [LOG]: LOG gets what apt-get says.
apt_update() {
	progress "reading the package lists (apt-get update)"
	if [ $# -eq 0 ]; then
		read_lists
	else
		read_lists >"$1" 2>&1
	fi
}

# count NUMBER WORD: "1 minute", "2 minutes"
count() {
	printf '%d %s' "$1" "$2"
	[ "$1" = 1 ] || printf s
}

# What installing packages has to fetch: how many, how many MB.
to_fetch() {
	apt-get -qq --print-uris install --no-install-recommends "$@" 2>/dev/null |
		awk '
		$3 ~ /^[0-9]+$/ { bytes += $3; n++ }
		END { print n + 0, n ? int(bytes / 1e6 + 1) : 0 }'
}

# minutes_for PACKAGES MB: a guess: 5 MB a second to fetch and unpack them, and a second
# for each.
minutes_for() {
	echo $((($1 + $2 / 5 + 59) / 60))
}

# What installing packages takes: "12 packages to fetch, 85 MB, about 1 minute".
install_cost() {
	local n mb
	read -r n mb < <(to_fetch "$@")
	if [ "$n" = 0 ]; then
		echo "nothing to fetch"
	else
		echo "$(count "$n" package) to fetch, $mb MB, about $(count "$(minutes_for "$n" "$mb")" minute)"
	fi
}

can_install() {
	[ "$EUID" = 0 ] || sudo -n true 2>/dev/null
}

# Installs what is missing. The lists are read anew only when a package is
# unknown or the version they name has left the archive.
need_packages() {
	local missing log begin=$SECONDS
	mapfile -t missing < <(missing_packages "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	can_install ||
		die "packages are missing; as root: apt-get install -y --no-install-recommends ${missing[*]}"
	log=$(mktemp) || die "no temporary file"
	has_candidate "${missing[@]}" || apt_update "$log"
	if [ -n "${VMSWAP_ANNOUNCED:-}" ]; then
		progress "installing $(count ${#missing[@]} package), dependencies included"
	else
		progress "installing ${missing[*]}: $(install_cost "${missing[@]}")"
	fi
	if ! apt_install "${missing[@]}" >"$log" 2>&1; then
		apt_update "$log" && apt_install "${missing[@]}" >>"$log" 2>&1 || {
			tail -n 5 "$log" >&2
			rm -f "$log"
			die "apt-get could not install: ${missing[*]}"
		}
	fi
	progress "installed in $((SECONDS - begin)) s"
	rm -f "$log"
}

# with_lock FILE COMMAND...: one at a time, across processes.
with_lock() {
	local file=$1 fd
	shift
	mkdir -p "${file%/*}" || die "${file%/*}: cannot be made"
	{ exec {fd}>"$file"; } 2>/dev/null || die "$file: cannot be written"
	flock "$fd"
	"$@" {fd}>&-
	local ret=$?
	exec {fd}>&-
	return $ret
}

# Describes a kernel that is in the cache: KVER, VMLINUZ, MODULES (empty: all
# built in), KDIR (empty: modules cannot be built for it here), TOOLCHAIN (empty:
# the machine's; else KDIR is a path in it).
kernel_vars() {
	local dir=$KERNELS/$1
	read -r KVER <"$dir/kver" || return 1
	VMLINUZ=$dir/vmlinuz MODULES='' KDIR='' TOOLCHAIN=''
	[ ! -f "$dir/vmlinux" ] || VMLINUZ=$dir/vmlinux
	[ ! -d "$dir/lib/modules/$KVER" ] || MODULES=$dir/lib/modules/$KVER
	[ ! -e "$dir/build" ] || KDIR=$dir/build
	[ ! -d "$dir/toolchain" ] || TOOLCHAIN=$dir/toolchain KDIR=/usr/src/linux-headers-$KVER
}

# The same, downloading or building the kernel when it is not there. The debug
# kernel is asked each time, because its configuration is in the tree.
use_kernel() {
	if [ "$1" = debug ] || [ ! -f "$KERNELS/$1/kver" ]; then
		"$VM_DIR/kernel" "$1" >/dev/null || exit 125
	fi
	kernel_vars "$1"
}

# build_in DIR KDIR: runs Kbuild there; its messages are shown when it fails,
# or when it warns.
build_in() {
	local log=$1/make.log among=()
	[ -z "${TOOLCHAIN:-}" ] || among=("$VM_DIR/toolchain" "$TOOLCHAIN" "$1" --)
	if ! "${among[@]}" make -C "$2" M="$1" -j"$(nproc)" modules >"$log" 2>&1; then
		cat "$log" >&2
		die "$1: the module does not build for $KVER"
	fi
	grep -A5 -i 'warning:' "$log" | grep -v 'compiler differs' >&2
	return 0
}

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

# What a run needs, and what building a module or a debug kernel adds to it. From 6.12
# on the headers hold a vmlinux, so that a module gets its BTF, which pahole makes.
RUN_PACKAGES=(qemu-system-x86 busybox-static cpio kmod util-linux xz-utils gcc-12 libc6-dev)
BUILD_PACKAGES=(make rsync kmod libelf1 pahole)

progress() {
	printf '%s: %s\n' "$PROG" "$*" >&2
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

known_kernel() {
	case $1 in
	6.1 | 6.12 | latest | debug) ;;
	*) bad_usage "kernel '$1': unknown; 6.1, 6.12, latest and debug are accepted" ;;
	esac
}

as_root() {
	if [ "$EUID" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

missing_packages() {
	local package
	for package; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			printf '%s\n' "$package"
	done
}

has_candidate() {
	local package
	for package; do
		apt-cache policy "$package" 2>/dev/null |
			grep -q '^  Candidate: [^(]' || return 1
	done
}

apt_install() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get \
		-o DPkg::Lock::Timeout=300 -o APT::Get::Assume-Yes=true \
		-qq install --no-install-recommends "$@"
}

# apt_update [LOG]: LOG gets what apt-get says.
apt_update() {
	local update=(as_root apt-get -o DPkg::Lock::Timeout=300 -qq update)
	progress "reading the package lists (apt-get update)"
	if [ $# -eq 0 ]; then
		"${update[@]}"
	else
		"${update[@]}" >"$1" 2>&1
	fi
}

# What installing packages takes: "12 packages to fetch, 85 MB, about 1 minute". A guess:
# 5 MB a second to fetch and unpack them, and a second for each.
install_cost() {
	apt-get -qq --print-uris install --no-install-recommends "$@" 2>/dev/null |
		awk '
		$3 ~ /^[0-9]+$/ { bytes += $3; n++ }
		END {
			minutes = int((n + bytes / 5e6 + 59) / 60)
			if (!n)
				print "nothing to fetch"
			else
				printf "%d package%s to fetch, %d MB, about %d minute%s\n",
					n, n == 1 ? "" : "s", int(bytes / 1e6 + 1),
					minutes, minutes == 1 ? "" : "s"
		}'
}

# Installs what is missing. The lists are read anew only when a package is
# unknown or the version they name has left the archive.
need_packages() {
	local missing log begin=$SECONDS
	mapfile -t missing < <(missing_packages "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$EUID" != 0 ] && ! sudo -n true 2>/dev/null; then
		die "packages are missing; as root: apt-get install -y --no-install-recommends ${missing[*]}"
	fi
	log=$(mktemp) || die "no temporary file"
	has_candidate "${missing[@]}" || apt_update "$log"
	progress "installing ${missing[*]}: $(install_cost "${missing[@]}")"
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

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The QEMU that emulates the test host: that of this machine, or, where it is one that
# hangs hosts, that of the backports of this machine's release, kept in the cache. Its
# guests run in the machine's own. Sourced by vm/run.
# shellcheck source=selftests/vm/suite.sh
. "$VM_DIR/suite.sh"

# Before it a thread may translate an instruction at the moment in which the kernel on
# another CPU replaces it, and keep what it has read, a breakpoint: that CPU meets it for
# ever, without interrupts ("accel/tcg: Always lock pages before translation").
EMULATOR_MIN=8.1

EMULATOR_PACKAGES=(qemu-system-x86 qemu-system-common qemu-system-data)
# MB to download, as long as the backports' lists are not read.
EMULATOR_SIZE=13

emulator_version() {
	"$1" --version 2>/dev/null | sed -n '1s/.*version \([0-9.]*\).*/\1/p'
}

emulator_is_good() {
	local version
	version=$(emulator_version "$1")
	[ -n "$version" ] && printf '%s\n' "$EMULATOR_MIN" "$version" | sort -CV
}

CACHED_EMULATOR=$CACHE/emulator/usr/bin/qemu-system-x86_64

# There is one, or there was none a short time ago.
emulator_is_settled() {
	emulator_is_good "$CACHED_EMULATOR" ||
		[ -n "$(find "$CACHE/emulator.none" -mtime -1 2>/dev/null)" ]
}

# How many MB use_emulator may have to fetch.
emulator_size() {
	emulator_is_good "$(command -v qemu-system-x86_64)" || emulator_is_settled ||
		echo $EMULATOR_SIZE
}

# Leaves the suite's QEMU in $1/root, or says in $1/why why there is none.
get_backport() {
	local tmp=$1 uri suite mb
	suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")-backports
	uri=$(debian_mirror)
	cd "$tmp" || return
	if [ -z "$uri" ]; then
		echo "no Debian mirror in this machine's package lists"
	elif ! use_suite "$tmp/apt" "$uri" "$suite"; then
		echo "$uri: $suite cannot be read"
	else
		mb=$(download_size "${EMULATOR_PACKAGES[@]}")
		announce "first use of the emulator: $mb MB to download, less than a minute, 30 MB kept in $CACHE"
		progress "QEMU of $suite ($mb MB)"
		download_all root "${EMULATOR_PACKAGES[@]}" && return
		tail -n 1 apt.log
	fi >"$tmp/why"
	return 1
}

# The rest is for other machines, and modules for screens and sound.
trim_emulator() {
	local keep=$1.trimmed name
	mkdir -p "$keep/usr/bin" "$keep/usr/share/qemu"
	mv "$1/usr/bin/qemu-system-x86_64" "$keep/usr/bin/" || return
	for name in qboot.rom kvmvapic.bin linuxboot_dma.bin linuxboot.bin pvh.bin; do
		mv "$1/usr/share/qemu/$name" "$keep/usr/share/qemu/" || return
	done
	rm -rf "$1"
	mv "$keep" "$1"
}

# Whoever waited for the lock finds what the other run has found.
fetch_emulator() {
	! emulator_is_settled || return 0
	(
		tmp=$(mktemp -d "$CACHE/.emulator.XXXXXX") || exit
		trap 'rm -rf "$tmp"' EXIT
		if (get_backport "$tmp" && trim_emulator "$tmp/root" && chmod 755 "$tmp/root") &&
		   emulator_is_good "$tmp/root/usr/bin/qemu-system-x86_64"; then
			rm -rf "$CACHE/emulator" "$CACHE/emulator.none"
			mv "$tmp/root" "$CACHE/emulator"
		else
			[ -s "$tmp/why" ] || echo "that of the backports is older, or does not run here" >"$tmp/why"
			mv "$tmp/why" "$CACHE/emulator.none"
		fi
	)
}

can_write() {
	[ -w "$1" ] || { [ ! -e "$1" ] && { [ -w "${1%/*}" ] || [ ! -e "${1%/*}" ]; }; }
}

# Sets EMULATOR. A cache that cannot be written is used as it is.
use_emulator() {
	local lock=$CACHE/.emulator.lock
	EMULATOR=$(command -v qemu-system-x86_64)
	! emulator_is_good "$EMULATOR" || return 0
	if ! emulator_is_settled && can_write "$lock"; then
		with_lock "$lock" fetch_emulator
	fi
	if emulator_is_good "$CACHED_EMULATOR"; then
		EMULATOR=$CACHED_EMULATOR
	else
		progress "QEMU $(emulator_version "$EMULATOR") emulates, which may hang a test host ($(cat "$CACHE/emulator.none" 2>/dev/null || echo "$CACHE cannot be written")); $EMULATOR_MIN or later does not"
	fi
}

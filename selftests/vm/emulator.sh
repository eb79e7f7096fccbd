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

emulator_version() {
	"$1" --version 2>/dev/null | sed -n '1s/.*version \([0-9.]*\).*/\1/p'
}

emulator_is_good() {
	local version
	version=$(emulator_version "$1")
	[ -n "$version" ] && printf '%s\n' "$EMULATOR_MIN" "$version" | sort -CV
}

# Leaves the suite's QEMU in $1/root, or says in $1/why why there is none.
get_backport() {
	local tmp=$1 uri suite
	suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")-backports
	uri=$(debian_mirror)
	cd "$tmp" || return
	if [ -z "$uri" ]; then
		echo "no Debian mirror in this machine's package sources"
	elif ! use_suite "$tmp/apt" "$uri" "$suite"; then
		echo "$uri: $suite cannot be read"
	else
		progress "first use of a test host: $(download_size "${EMULATOR_PACKAGES[@]}") MB to download (QEMU of $suite), some seconds, 25 MB kept in $CACHE"
		download_all root "${EMULATOR_PACKAGES[@]}" && return
		tail -n 1 apt.log
	fi >"$tmp/why"
	return 1
}

# The rest is for other machines, and modules for screens and sound.
trim_emulator() {
	local keep=$1.trimmed name
	mkdir -p "$keep/usr/bin" "$keep/usr/share/qemu"
	mv "$1/usr/bin/qemu-system-x86_64" "$keep/usr/bin/"
	for name in qboot.rom kvmvapic.bin linuxboot_dma.bin linuxboot.bin pvh.bin; do
		mv "$1/usr/share/qemu/$name" "$keep/usr/share/qemu/"
	done
	rm -rf "$1"
	mv "$keep" "$1"
}

fetch_emulator() {
	local final=$CACHE/emulator tmp
	[ ! -e "$final" ] || return 0
	tmp=$(mktemp -d "$CACHE/.emulator.XXXXXX") || die "$CACHE: cannot be written"
	if (get_backport "$tmp" && trim_emulator "$tmp/root" &&
		emulator_is_good "$tmp/root/usr/bin/qemu-system-x86_64"); then
		chmod 755 "$tmp/root"
		mv "$tmp/root" "$final"
	else
		# Not asked for again today.
		[ -s "$tmp/why" ] || echo "what was found does not run here" >"$tmp/why"
		mv "$tmp/why" "$final.none"
	fi
	rm -rf "$tmp"
}

# Sets EMULATOR.
use_emulator() {
	EMULATOR=$(command -v qemu-system-x86_64)
	! emulator_is_good "$EMULATOR" || return 0
	if [ ! -e "$CACHE/emulator" ] &&
	   [ -z "$(find "$CACHE/emulator.none" -mtime -1 2>/dev/null)" ]; then
		with_lock "$CACHE/.emulator.lock" fetch_emulator
	fi
	if [ -x "$CACHE/emulator/usr/bin/qemu-system-x86_64" ]; then
		EMULATOR=$CACHE/emulator/usr/bin/qemu-system-x86_64
	else
		progress "QEMU $(emulator_version "$EMULATOR") emulates, which may hang a test host ($(cat "$CACHE/emulator.none")); $EMULATOR_MIN or later does not"
	fi
}

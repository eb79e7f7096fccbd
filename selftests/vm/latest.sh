# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The newest kernel that Debian builds for a release: that of trixie-backports,
# or of trixie where a mirror lacks those. Its headers work with trixie's own
# programs only, so these are unpacked beside it; vm/toolchain runs them. Sourced
# by vm/kernel.

# MB to download, as long as trixie's lists are not read.
LATEST_SIZE=257

# What a module build takes beyond the dependencies of the headers.
TOOLS=(make binutils bash dash coreutils sed grep mawk findutils diffutils)

# Makes apt-get and apt-cache of this shell see trixie and nothing else.
use_trixie() {
	local dir=$1 uri
	uri=$(debian_mirror)
	[ -n "$uri" ] || die "no Debian mirror in this machine's package sources"
	use_suite "$dir" "$uri" trixie trixie-backports && return
	progress "$uri has no trixie-backports: trixie's own kernel is taken"
	use_suite "$dir" "$uri" trixie || {
		tail -n 5 "$dir/log" >&2
		die "$uri: trixie cannot be read"
	}
}

# The image, with the parts that newer releases split off.
image_packages() {
	local image
	image=$(apt_cache depends --important linux-image-amd64 |
		sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
	[ -n "$image" ] || return 1
	echo "$image"
	apt_cache depends --important "$image" |
		sed -nE 's/^ *Depends: (linux-(base|binary|modules)-[0-9].*)$/\1/p'
}

# The headers and all that they and the tools depend on.
toolchain_packages() {
	apt-get -qq --print-uris install linux-headers-amd64 "${TOOLS[@]}" |
		sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p"
}

# unpack_all TO PACKAGE...
unpack_all() {
	download_all "$@" && return
	tail -n 5 apt.log >&2
	die "the packages cannot be downloaded and unpacked"
}

# The packages' maintainer scripts, which do not run, would choose an awk.
trim_toolchain() {
	rm -rf "${1:?}"/usr/share/{doc,man,locale,info,bug,lintian,i18n}
	ln -sf mawk "$1/usr/bin/awk"
}

fetch_latest() {
	local final=$KERNELS/latest tmp image tools mb
	[ ! -f "$final/kver" ] || return 0
	tmp=$(mktemp -d "$KERNELS/.latest.XXXXXX") || die "$KERNELS: cannot be written"
	# shellcheck disable=SC2064 # the path is known now
	trap "rm -rf '$tmp'" EXIT
	cd "$tmp" || exit 125
	use_trixie "$tmp/apt"
	mapfile -t image < <(image_packages)
	mapfile -t tools < <(toolchain_packages)
	if [ ${#image[@]} -eq 0 ] || [ ${#tools[@]} -eq 0 ]; then
		die "trixie's kernel: its packages are not known to apt"
	fi
	mb=$(download_size "${image[@]}" "${tools[@]}")
	announce "first use of kernel latest: $mb MB to download, about 3 minutes, 600 MB kept in $KERNELS"
	progress "${image[0]} and Debian 13's compiler for its modules ($mb MB)"
	unpack_all root "${image[@]}"
	normalise root "$final"
	unpack_all root/toolchain "${tools[@]}"
	trim_toolchain root/toolchain
	printf '%s\n' "$(date -u +%F)" "${image[@]}" "${tools[@]}" >root/stamp
	chmod 755 root
	rm -rf "$final"
	mv root "$final" || die "$final: cannot be written"
	cd / && rm -rf "$tmp"
	trap - EXIT
}

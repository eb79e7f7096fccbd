# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The newest kernel that Debian builds for a release: that of trixie-backports,
# or of trixie where a mirror lacks those. Its headers work with trixie's own
# programs only, so these are unpacked beside it; vm/toolchain runs them. apt
# reads that release by a configuration and lists of its own, from the mirror
# that the machine's sources name. Sourced by vm/kernel.

# What a module build takes beyond the dependencies of the headers.
TOOLS=(make binutils bash dash coreutils sed grep mawk findutils diffutils)

# Of the machine's own Debian, not of its security updates.
debian_mirror() {
	has_candidate linux-image-amd64 || apt_update || return 1
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(REPO_URI)' \
		'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1
}

# write_apt_config DIR URI SUITE...; the last suite is preferred.
write_apt_config() {
	local dir=$1 uri=$2
	shift 2
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial" "$dir/sources" "$dir/none"
	cat >"$dir/sources/trixie.sources" <<-END
		Types: deb
		URIs: $uri
		Suites: $*
		Components: main
		Architectures: amd64
		Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
	END
	cat >"$dir/apt.conf" <<-END
		Dir::State "$dir/state";
		Dir::State::status "/dev/null";
		Dir::Cache "$dir/cache";
		Dir::Etc::SourceList "/dev/null";
		Dir::Etc::SourceParts "$dir/sources";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "$dir/none";
		APT::Architecture "amd64";
		APT::Architectures "amd64";
		APT::Default-Release "${*: -1}";
		APT::Install-Recommends "false";
		APT::Sandbox::User "$(id -un)";
		Acquire::Languages "none";
	END
}

# Makes apt-get and apt-cache of this shell see trixie and nothing else.
use_trixie() {
	local dir=$1 uri
	uri=$(debian_mirror)
	[ -n "$uri" ] || die "no Debian mirror in this machine's package sources"
	write_apt_config "$dir" "$uri" trixie trixie-backports
	export APT_CONFIG=$dir/apt.conf
	apt-get -qq update >"$dir/log" 2>&1 && return
	progress "$uri has no trixie-backports: trixie's own kernel is taken"
	write_apt_config "$dir" "$uri" trixie
	apt-get -qq update >"$dir/log" 2>&1 || {
		tail -n 5 "$dir/log" >&2
		die "$uri: trixie cannot be read"
	}
}

# The image, with the parts that newer releases split off.
image_packages() {
	local image
	image=$(apt-cache depends --important linux-image-amd64 |
		sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
	[ -n "$image" ] || return 1
	echo "$image"
	apt-cache depends --important "$image" |
		sed -nE 's/^ *Depends: (linux-(base|binary|modules)-[0-9].*)$/\1/p'
}

# The headers and all that they and the tools depend on.
toolchain_packages() {
	apt-get -qq --print-uris install linux-headers-amd64 "${TOOLS[@]}" |
		sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p"
}

# unpack_all TO PACKAGE...
unpack_all() {
	local to=$1 package
	shift
	mkdir -p "$to" debs
	(cd debs && apt-get -qq download "$@") >apt.log 2>&1 || {
		tail -n 5 apt.log >&2
		die "the packages cannot be downloaded"
	}
	for package in debs/*.deb; do
		dpkg -x "$package" "$to" || die "$package: cannot be unpacked"
	done
	rm -rf debs
}

# The packages' maintainer scripts, which do not run, would choose an awk.
trim_toolchain() {
	rm -rf "${1:?}"/usr/share/{doc,man,locale,info,bug,lintian,i18n}
	ln -sf mawk "$1/usr/bin/awk"
}

fetch_latest() {
	local final=$KERNELS/latest tmp image tools
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
	progress "first use of kernel latest: $(download_size "${image[@]}" "${tools[@]}") MB to download (${image[0]} and Debian 13's compiler for its modules), about 3 minutes, 600 MB kept in $KERNELS"
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

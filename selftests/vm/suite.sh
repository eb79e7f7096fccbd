# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Packages of a suite that this machine's sources do not name, from the mirror that
# they name: apt reads it with a configuration and lists of its own, so that nothing
# is installed and no setting is changed. Sourced.

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
	cat >"$dir/sources/suite.sources" <<-END
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

# use_suite DIR URI SUITE...: makes apt-get and apt-cache of this shell see those
# suites and nothing else; what apt says is in DIR/log.
use_suite() {
	write_apt_config "$@"
	export APT_CONFIG=$1/apt.conf
	apt-get -qq --error-on=any update >"$1/log" 2>&1
}

# download_size PACKAGE...: in MB
download_size() {
	apt-get download --print-uris "$@" 2>/dev/null |
		awk '{ bytes += $3 } END { printf "%d", bytes / 1e6 }'
}

# download_all TO PACKAGE...: unpacked into TO; what failed is in apt.log.
download_all() {
	local to=$1 package
	shift
	mkdir -p "$to" debs
	(cd debs && apt-get -qq download "$@") >apt.log 2>&1 || return
	for package in debs/*.deb; do
		dpkg -x "$package" "$to" 2>>apt.log || return
	done
	rm -rf debs
}

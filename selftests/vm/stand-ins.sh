# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Programs that stand for apt's, for tests of what is told and fetched. Sourced.

# make_apt DIR [UPDATE [INSTALL]]: there is no package, and two of 401 MB would be fetched.
# apt-get does by these shell commands (false) what it is called for; who is called at all
# leaves a file "called".
make_apt() {
	local bin=$1 update=${2:-false} install=${3:-false}

	rm -rf "$bin"
	mkdir -p "$bin"
	printf '#!/bin/sh\n' >"$bin/dpkg-query"
	printf '#!/bin/sh\ntouch "%s/called"\n' "$bin" | tee "$bin/apt-cache" >"$bin/apt-get"
	# shellcheck disable=SC2016 # expanded by it
	printf '#!/bin/sh\nshift\nexec "$@"\n' >"$bin/sudo"
	cat >>"$bin/apt-get" <<-END
	case "\$*" in
	*--print-uris*)
		echo "'http://host/a_1.deb' a_1.deb 400000000 SHA256:0"
		echo "'http://host/b_1.deb' b_1.deb 500000 SHA256:0" ;;
	*' update') $update ;;
	*) $install ;;
	esac
	END
	chmod +x "$bin"/*
}

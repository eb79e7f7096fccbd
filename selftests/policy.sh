# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # work
#
# What scripts ask of vmswapctl. Sourced, behind verdicts.sh; they have made a directory $work.

# json NAME FILTER WORDS...: the JSON of these words fits. It stays in $work/json, and what
# was said beside it in $work/err.
json()
{
	local name=$1 filter=$2
	shift 2

	: >"$work/jq"
	if vmswapctl -j "$@" >"$work/json" 2>"$work/err" &&
	   jq -e "$filter" "$work/json" >"$work/jq" 2>&1; then
		report ok "$name"
		return
	fi
	echo "# vmswapctl -j $*: does not fit: $filter"
	sed 's/^/# /' "$work/json" "$work/err" "$work/jq"
	report "not ok" "$name"
}

# evict_all VM: some pages may be busy for a moment, in another CPU's batch.
evict_all()
{
	local i

	for ((i = 0; i < 20; i++)); do
		vmswapctl vm evict "$1" all | tee "$work/evicted"
		grep -q 'kept 0' "$work/evicted" && return
		sleep 0.1
	done
	return 1
}

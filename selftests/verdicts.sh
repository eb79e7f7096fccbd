# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # work
#
# The cases of a test that is a script, in KTAP. Sourced; who calls passes or becomes has
# made a directory $work.

cases=0 failures=0

# report ok|"not ok" NAME
report()
{
	cases=$((cases + 1))
	[ "$1" = ok ] || failures=$((failures + 1))
	echo "$1 $cases $2"
}

# passes NAME COMMAND...: it succeeds.
passes()
{
	local name=$1 got=0
	shift

	"$@" >"$work/passes" 2>&1 || got=$?
	if [ $got -eq 0 ]; then
		report ok "$name"
		return
	fi
	echo "# $*: exit status $got"
	sed 's/^/# /' "$work/passes"
	report "not ok" "$name"
}

# becomes NAME COMMAND...: it succeeds within a minute.
becomes()
{
	local name=$1 end=$((SECONDS + 60))
	shift

	while [ $SECONDS -lt $end ]; do
		if "$@" >/dev/null 2>&1; then
			report ok "$name"
			return
		fi
		sleep 0.1
	done
	passes "$name" "$@"
}

# bail_out WHY: the rest makes no sense.
bail_out()
{
	echo "Bail out! $*"
	exit 1
}

# The plan, behind all cases. The test's exit status is that of this.
end_cases()
{
	echo "1..$cases"
	[ $failures -eq 0 ]
}

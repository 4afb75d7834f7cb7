#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# alone: changes the machine.
# shellcheck source-path=SCRIPTDIR source=../../lib/story.sh
# Whom ptrace lets whom trace: stacks of the own child work up to scope 1 without capabilities, and
# with CAP_SYS_PTRACE in scope 2; where they cannot work the log says so and all else goes on.
. "$(dirname "$0")/../../lib/story.sh"
needs_cgroup
grep -qs " oomguard\.guest=" /proc/cmdline || skip "only in the bench's own machine"
scope=/proc/sys/kernel/yama/ptrace_scope
[ -w $scope ] || skip "no yama in this kernel"
make_cgroup app 64M
chmod 711 "$WORK"
before=$(cat $scope)

stacks() { find "$STATE" -type f -name "*stacks*" ! -name "*.partial" -size +0 2>/dev/null | head -n 1; }
# Usage: try SCOPE WHO: the log of a warn level that takes stacks.
try() {
	: >"$LOG"
	rm -rf "${STATE:?}"/*
	GUARD_WRAP=()
	if [ "$2" = nobody ]; then
		chown -R 65534:65534 "$STATE"
		GUARD_WRAP=(setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all
			--inh-caps -all --no-new-privs)
	else
		chown -R 0:0 "$STATE"
	fi
	echo "$1" >$scope
	[ "$1$2" = 0root ] || [ "$1$2" = 1root ] ||
		"${GUARD_WRAP[@]}" timeout 60 "$STORY_OOMGUARD" check -s "guard.state-dir=$STATE" >"$WORK/doctor" 2>&1
	guard app -v -s level.warn.at=50% -s level.warn.actions=snapshot,stacks -- \
		"$PROGRAMS/leak" --to 40M --rate 400M --hold 5 --exit 3
	wait_for 10 logged "warn level: .*stacks?"
	guard_status 40
	is "scope $1, $2: the application ends by itself" 3 "$STATUS"
	grep stacks "$LOG" | sed "s/^/# scope $1, $2: /"
}
for scope_now in 0 1; do
	for who in root nobody; do
		try $scope_now $who
		check "scope $scope_now, $who: stacks are written" test -n "$(stacks)"
	done
	has "scope $scope_now, nobody: check says that they will be" "$WORK/doctor" \
		"^ok +ptrace +works on a child.*yama scope $scope_now:"
done
try 2 root
check "scope 2, root: stacks are written" test -n "$(stacks)"
has "scope 2, root: check says that they will be" "$WORK/doctor" '^ok +ptrace .*yama scope 2:'
try 2 nobody
has "scope 2, nobody: the log says that there are none" "$LOG" "stacks.*([Nn]ot permitted|ptrace|refused|failed|cannot)"
has "scope 2, nobody: check says that it is denied" "$WORK/doctor" \
	'^warn[a-z]* +ptrace +denied: .*yama scope 2: only with CAP_SYS_PTRACE.*no stacks'
has "scope 2, nobody: check says what gets it" "$WORK/doctor" 'SYS_PTRACE\], or kernel.yama.ptrace_scope 1'
echo "$before" >$scope
finish

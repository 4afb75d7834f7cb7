#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A pid limit that is used up: the guard still forwards, and still ends everything.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

[ "$(id -u)" = 0 ] || skip "needs root to make a pids cgroup"
root=/sys/fs/cgroup/pids
[ "$CGROUP_VERSION" != 2 ] || root=/sys/fs/cgroup
[ -e $root/cgroup.procs ] || skip "no pids controller below /sys/fs/cgroup"
[ "$CGROUP_VERSION" != 2 ] || echo +pids >$root/cgroup.subtree_control 2>/dev/null
CG[bomb]=$root/oomguard-$STORY-$$-bomb
mkdir "${CG[bomb]}" || skip "$root is not writable"
story_cg_order+=("${CG[bomb]}")
[ -e "${CG[bomb]}/pids.max" ] || skip "no pids controller at $root"
echo 100 >"${CG[bomb]}/pids.max"
full() { [ "$(cat "${CG[bomb]}/pids.current")" -ge 99 ] && exists "$WORK/full"; }
init_bomb() { # MODE: as init_start, in the cgroup
	set_mode "$1"
	: >"$LOG"
	rm -f "$WORK/full"
	launch bomb "${DEFAULTS[@]}" "${WRAP[@]}" "$STORY_OOMGUARD" "${OPTIONS[@]}" \
		-s child.leftovers=500ms -- "$PROGRAMS/forkbomb" "$WORK/full" >>"$OUT" 2>>"$LOG"
	GUARD=$LAUNCHED GUARD_PID=$LAUNCHED
	[ "$DEPTH" = 1 ] || wait_for 10 guard_find_pid
}

for mode in "${MODES[@]}"; do
	[ "$mode" != child ] || continue # only as PID 1 is it ours to end
	init_bomb "$mode"
	check "$mode: the pid limit is used up" wait_for 10 full
	kill -TERM "$GUARD_PID"
	guard_status 15
	is "$mode: TERM is forwarded and the application's code passes" 3 "$STATUS"
	check "$mode: nobody is left" wait_for 5 cgroup_empty bomb
done

echo 2 >"${CG[bomb]}/pids.max" # unshare and the guard: no room for the application
init_bomb pid1
guard_status 15
is "no room for the application itself is 126" 126 "$STATUS"
has "and is said" "$LOG" 'Resource temporarily unavailable|forkbomb'
finish

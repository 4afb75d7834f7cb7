#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../../lib/story.sh
# What a container sees of its cgroup: a namespace of its own or the one of the host, read-only.
. "$(dirname "$0")/../../lib/story.sh"
needs_cgroup
[ "$CGROUP_VERSION" = 2 ] || skip "needs cgroup v2"

# Usage: seen TEXT WRAP...: the limit is found from within.
seen() {
	local text=$1
	shift
	: >"$LOG"
	launch app "$@" "$STORY_OOMGUARD" -v -s "guard.state-dir=$STATE" -- \
		"$PROGRAMS/leak" --to 1M --hold 0 --exit 3 >>"$OUT" 2>>"$LOG"
	GUARD=$LAUNCHED
	guard_status 20
	is "$text: runs" 3 "$STATUS"
	has "$text: limit of 64 MiB seen" "$LOG" "limit 64MiB"
}
# shellcheck disable=SC2016 # for the inner shell
REMOUNT="umount -R /sys/fs/cgroup; mount -t cgroup2 -o ro cgroup2 /sys/fs/cgroup || exit 1; "
make_cgroup app 64M
seen "host namespace" unshare -m
seen "host namespace, read-only" unshare -m sh -c "mount -o remount,bind,ro /sys/fs/cgroup && exec \"\$@\"" sh
seen "private namespace, read-only mount of its own" unshare -mC sh -c "$REMOUNT exec \"\$@\"" sh
seen "private namespace, mount of the host" unshare -mC
seen "private namespace, as PID 1" unshare -mCpf --mount-proc sh -c "$REMOUNT exec \"\$@\"" sh

make_cgroup outer 48M
make_cgroup inner 64M outer
launch_in() { CG[app]=${CG[inner]}; }
launch_in
: >"$LOG"
launch app unshare -m "$STORY_OOMGUARD" -v -s "guard.state-dir=$STATE" -- \
	"$PROGRAMS/leak" --to 1M --hold 0 --exit 3 >>"$OUT" 2>>"$LOG"
GUARD=$LAUNCHED
guard_status 20
has "the lower limit of an ancestor counts" "$LOG" "limit 48MiB"
finish

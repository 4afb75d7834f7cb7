#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
# memory.events (v2) or a threshold (v1) makes the guard look out of turn; the doctor names which.
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

in_cgroup app "$STORY_OOMGUARD" check >"$OUT" 2>&1
case $CGROUP_VERSION in
1) has "the doctor: a threshold" "$OUT" 'notification.*threshold.*looked at as soon as' ;;
2) has "the doctor: memory.events" "$OUT" 'notification.*memory\.events.*looked at as soon as' ;;
esac

# Page cache up to the limit: no alarm, but something to look at.
guard app -s guard.log-level=debug -- sh -c "dd if=/dev/zero of='$WORK/file' bs=1M count=100 2>/dev/null"
guard_status 60
is "exit status" 0 "$STATUS"
has "it has been heard" "$LOG" 'the kernel tells something'
lacks "no level fires for it" "$LOG" 'dump level|restart level|emergency level'
heard=$(grep -c 'the kernel tells' "$LOG")
check "not more often than looks can be paid ($heard)" test "$heard" -le 2000
finish

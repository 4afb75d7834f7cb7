#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../../lib/story.sh
# survive-oom: the guard alone is exempt from the group kill, not the application.
. "$(dirname "$0")/../../lib/story.sh"
needs_cgroup
make_cgroup app 64M
echo 1 >"${CG[app]}/memory.oom.group" || skip "no memory.oom.group"

# Not as PID 1: unshare in front of it would be killed and take it along.
guard_as_child app -v -s guard.survive-oom=yes -s restart.mode=never -s dump.kind=none -- \
	"$PROGRAMS/leak" --rate 5M
app_pid 10
is "the application has the score of before" 0 "$(cat "/proc/$APP/oom_score_adj")"
is "the guard has -1000" -1000 "$(cat "/proc/$GUARD_PID/oom_score_adj")"
guard_status 60
is "exit status" 137 "$STATUS"
has "the guard lives on and says what happened" "$LOG" "kernel.*ended the application"
finish

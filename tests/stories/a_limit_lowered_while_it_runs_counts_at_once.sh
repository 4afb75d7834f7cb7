#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 256M

guard app -v -s guard.start-grace=0s -s dump.kind=none -- "$PROGRAMS/leak" --to 60M --rate 400M --hold 60
app_pid
holds() { [ "$(cgroup_usage app)" -gt $((60 << 20)) ]; }
wait_for 10 holds
lacks "no level at a quarter of the limit" "$LOG" ' level: '
cgroup_limit app 76M
check "the warn level fires at four fifths of the new one" wait_for 10 logged 'warn level: .* of 76MiB'
kill -TERM "$GUARD_PID"
guard_status 10
is "TERM ends it" 0 "$STATUS"
finish

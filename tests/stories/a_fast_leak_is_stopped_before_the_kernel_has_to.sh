#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# 60 MiB/s in 128 MiB: two seconds in all, no trend to watch. The emergency level has to do it.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 128M

guard app -v -s dump.kind=none -- "$PROGRAMS/leak" --rate 60M
guard_status 20
is "the guard stopped it" 75 "$STATUS"
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
has "it was the emergency level" "$LOG" 'emergency level: '
check "the evidence is on disk" json_valid "$(incidents | tail -n 1)/snapshot.json"
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup pod 64M
make_cgroup app 512M pod

guard app -v -s guard.start-grace=0s -s dump.kind=none -- "$PROGRAMS/leak" --from 20M --rate 4M
guard_status 40
is "restarted before the ancestor is full" 75 "$STATUS"
is "the kernel killed nothing" 0 "$(cgroup_oom_kills pod)"
has "the limit told is the ancestor's" "$LOG" 'of 64MiB'
finish

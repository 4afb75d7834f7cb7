#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard app -s restart.mode=never -s dump.kind=none -- "$PROGRAMS/leak" --rate 60M
guard_status 20
is "exit status" 137 "$STATUS"
is "it was the kernel" 1 "$(cgroup_oom_kills app)"
has "the log says that it was the kernel, for want of memory" "$LOG" '(kernel|OOM|out of memory).*kill|kill.*(kernel|OOM|out of memory)'
finish

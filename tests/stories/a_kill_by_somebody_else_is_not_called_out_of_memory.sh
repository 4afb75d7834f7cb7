#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard app -v -- "$PROGRAMS/leak" --to 10M
app_pid
kill -KILL "$APP"
guard_status 10
is "exit status" 137 "$STATUS"
lacks "nobody speaks of the kernel's killer" "$LOG" 'out of memory|OOM kill|kernel killed'
finish

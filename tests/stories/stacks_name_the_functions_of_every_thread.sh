#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard app -v -s level.warn.at=50% -s level.warn.actions=snapshot,stacks \
	-- "$PROGRAMS/leak" --to 40M --rate 400M --threads 3
written() { stacks=$(find "$STATE" -type f -name '*stacks*' ! -name '*.partial' | head -n 1); [ -n "$stacks" ]; }
stacks=''
check "the stacks are written" wait_for 20 written
[ -n "$stacks" ] && cp "$stacks" "$WORK/stacks"
is "every waiting thread is in its function" 3 "$(grep -c 'leaking_worker_waits+0x' "$WORK/stacks")"
has "the main thread is in main" "$WORK/stacks" ' main\+0x'
is "four threads" 4 "$(grep -c '^ *thread ' "$WORK/stacks")"
app_find
check "the program is not left stopped" not grep -q '^State:.*[Tt] (' "/proc/$APP/status"
kill -TERM "$GUARD_PID"
guard_status 10
is "and can end" 0 "$STATUS"
finish

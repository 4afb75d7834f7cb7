#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v strace >/dev/null || skip "strace is not installed"
make_cgroup app 64M

guard app -- sleep 60
app_pid
wait_for 2 false # start-up is over
timeout -s INT $((6 * STORY_SLOW)) strace -c -o "$WORK/strace" -p "$GUARD_PID" 2>"$WORK/strace.err"
[ -s "$WORK/strace" ] || skip "strace does not work here: $(head -n 1 "$WORK/strace.err")"
has "it reads its files" "$WORK/strace" 'pread64'
lacks "it opens nothing, maps nothing, grows nothing" "$WORK/strace" \
	'\b(open|openat|openat2|brk|mmap|mremap|munmap|clone|clone3|fork|vfork|execve)$'
sed 's/^/# /' "$WORK/strace"
kill -TERM "$GUARD_PID"
guard_status 10
is "TERM ends it" 143 "$STATUS"
finish

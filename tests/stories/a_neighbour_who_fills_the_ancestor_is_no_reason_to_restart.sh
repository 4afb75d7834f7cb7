#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Restarting us would not help: evidence and a line, no restart.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup pod 64M
make_cgroup app 512M pod
make_cgroup neighbour max pod

guard app -v -s guard.start-grace=0s -s dump.kind=none -- "$PROGRAMS/leak" --to 10M --rate 400M
app_pid
launch neighbour "$PROGRAMS/leak" --from 10M --rate 4M --to 47M --hold 60
neighbour=$LAUNCHED
check "the level is told" wait_for 30 logged '(dump|restart|brink) level: .* of 64MiB'
wait_for 6 gone "$GUARD"
check "the program runs on" alive "$GUARD"
kill -KILL "$neighbour"
kill -TERM "$GUARD_PID"
guard_status 10
is "and ends as it likes" 0 "$STATUS"
finish

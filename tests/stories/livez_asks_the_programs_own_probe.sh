#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
# shellcheck source=../lib/http.sh
. "$STORY_LIB/http.sh"
# A server as the program: its probe is a file that is there or not.
needs_cgroup
make_cgroup app 128M
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir "$WORK/www"

printf '#!/bin/sh\nsleep 8\n' >"$WORK/slow-dump"
chmod +x "$WORK/slow-dump"
guard app "${HTTP_LISTEN[@]}" -s "http.app-probe=http://localhost:$port/healthz" \
	-s dump.kind=command -s "dump.command=$WORK/slow-dump" \
	-- python3 -m http.server "$port" --bind 127.0.0.1 --directory "$WORK/www"
app_pid
check "it listens" wait_for 5 http_up
check "not alive while the program says so" wait_for 10 http_says /livez 503
has "it says why" "$WORK/body" 'http\.app-probe: '
touch "$WORK/www/healthz"
check "alive when the program says so" wait_for 10 http_says /livez 200
kill -STOP "$APP"
is "a program that hangs is not alive" 503 "$(http_get /livez)"

# Asked before the dump began: the answer does not wait for a program that cannot give it.
asked=$(now_ms)
(http_get /livez >"$WORK/early"; now_ms >"$WORK/early.at") &
wait_for 1 false # the question is on its way
timeout 30 "$STORY_OOMGUARD" dump -s "guard.state-dir=$STATE" >/dev/null 2>&1 &
story_pids+=("$!")
check "a dump that runs is an excuse" wait_for 10 http_says /livez 200
check "also for who has asked before it" wait_for 10 exists "$WORK/early.at"
is "he is told so" 200 "$(cat "$WORK/early")"
took=$(($(cat "$WORK/early.at") - asked))
check "and not only when the question times out: $took ms" test $took -lt $((4000 * STORY_SLOW))
kill -CONT "$APP"
kill -TERM "$GUARD_PID"
guard_status 20
is "TERM ends it" 143 "$STATUS"
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
# shellcheck source=../lib/http.sh
. "$STORY_LIB/http.sh"
needs_cgroup
make_cgroup app 64M

AT_ONCE+=(-s level.restart.actions="drain, restart" -s drain.wait=$((3 * STORY_SLOW))s -v)
guard app "${HTTP_LISTEN[@]}" "${AT_ONCE[@]}" -- "$PROGRAMS/leak" --from 10M --to 40M --rate 5M --hold 600
app_pid
check "ready before" wait_for 5 http_says /readyz 200
check "the level drains" wait_for 20 logged 'restart level: draining for [0-9]'
is "not ready meanwhile" 503 "$(http_get /readyz)"
lacks "and not yet asked to stop" "$LOG" 'stopping the application'
guard_status 20
is "then it is restarted" 75 "$STATUS"
has "by the stop signal" "$LOG" 'stopping the application: TERM'

: >"$LOG"
rm -r "${STATE:?}"/*
guard app "${AT_ONCE[@]}" -- "$PROGRAMS/leak" --to 40M --rate 400M --hold 600
guard_status 20
is "without HTTP it is restarted too" 75 "$STATUS"
lacks "at once, because nobody could see it" "$LOG" 'draining'
finish

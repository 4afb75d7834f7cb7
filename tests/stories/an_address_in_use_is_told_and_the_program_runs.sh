#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
# shellcheck source=../lib/http.sh
. "$STORY_LIB/http.sh"
launch - python3 -m http.server "$HTTP_PORT" --bind 127.0.0.1 --directory "$WORK" >/dev/null 2>&1
wait_for 10 http_up
guard_as_child - "${HTTP_LISTEN[@]}" -- sh -c 'exit 7'
guard_status 10
is "the program's status" 7 "$STATUS"
has "told" "$LOG" "warning: http.listen 127.0.0.1:$HTTP_PORT: Address already in use: no metrics"
guard_as_child - -s http.listen=localhost:1 -- sh -c 'exit 8'
guard_status 10
is "a name is no address, and no reason not to run" 8 "$STATUS"
has "told" "$LOG" 'warning: http.listen localhost:1: the address must be a number'
finish

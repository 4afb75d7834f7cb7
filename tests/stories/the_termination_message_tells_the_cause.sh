#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One JSON line where Kubernetes looks for it, written before the end, in place.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M
printf 'what the application wrote, which is much longer than nothing\n' >"$WORK/message"

guard app "${AT_ONCE[@]}" -s guard.termination-log="$WORK/message" -- "$PROGRAMS/leak" --to 40M
guard_status 20
is "the guard stopped it" 75 "$STATUS"
check "the message is one line of JSON" json_valid "$WORK/message"
is "it names the event" restart "$(json_get "$WORK/message" 'd["event"]')"
is "and the limit" $((64 << 20)) "$(json_get "$WORK/message" 'd["limit_bytes"]')"
check "within what the kubelet keeps" test "$(stat -c %s "$WORK/message")" -le 4096

printf 'its own words' >"$WORK/message"
guard app -s guard.termination-log="$WORK/message" -s guard.state-dir="$STATE/2" -- true
guard_status 10
is "an end without an event" 0 "$STATUS"
is "leaves the application's own message" 'its own words' "$(cat "$WORK/message")"
finish

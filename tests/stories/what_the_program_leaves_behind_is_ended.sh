#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
[ "$(id -u)" = 0 ] || skip "needs root for a pid namespace"
start=$(now_ms)
guard - -v -s child.leftovers=1s -- sh -c "$PROGRAMS/forker 5 setsid & sleep 0.3; exit 6"
guard_status 10
took=$(($(now_ms) - start))
is "the status is the program's" 6 "$STATUS"
check "the rest had its second ($took ms)" test $took -ge 1200
check "and no more" test $took -lt $((6000 * STORY_SLOW))

guard - -v -s child.leftovers=5s -- sh -c 'sleep 300 & exit 0'
start=$(now_ms)
guard_status 10
is "what obeys TERM is not waited for" 0 "$STATUS"
check "not five seconds" test $(($(now_ms) - start)) -lt 4000
finish

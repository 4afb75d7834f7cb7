#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

# shellcheck disable=SC2016 # for the inner shell
guard app -v -s guard.start-grace=0s -s dump.kind=none -- bash -c '
	end=$((SECONDS + $1))
	while [ $SECONDS -lt $end ]; do
		dd if=/dev/zero of="$2" bs=1M count=96 2>/dev/null || exit 1
		cat "$2" >/dev/null
	done' sh "$STORY_LONG" "$WORK/big"
full() { [ "$(cgroup_usage app)" -gt $((56 << 20)) ]; }
check "the cache fills more than 87 % of the limit" wait_for $((STORY_LONG + 10)) full
guard_status $((STORY_LONG + 30))
is "the program ends by itself" 0 "$STATUS"
lacks "no level fired" "$LOG" ' level: '
finish

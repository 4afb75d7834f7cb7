#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup one 64M
make_cgroup two 64M

guard_as_child one -v -s level.warn.at=50% -- "$PROGRAMS/leak" --to 40M --rate 400M
first=$GUARD
guard_as_child two -v -s level.warn.at=50% -- "$PROGRAMS/leak" --to 40M --rate 400M
second=$GUARD
both() { [ "$(find "$STATE" -name snapshot.json | wc -l)" = 2 ]; }
check "both write their snapshot" wait_for 20 both
is "into directories of their own" 2 "$(find "$STATE" -type d -name incidents | wc -l)"
kill -TERM "$first" "$second"
check "both end" wait_for 10 eval "gone $first && gone $second"
finish

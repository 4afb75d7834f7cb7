#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: its numbers are those of a machine that is quick enough to look in time
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh source=../lib/lives.sh
. "$(dirname "$0")/../lib/story.sh"
. "$STORY_LIB/lives.sh"
needs_cgroup
make_cgroup app 64M

life() {
	guard app -s restart.mode=never -s dump.kind=none -- \
		"$PROGRAMS/curve" 20:0.5 20:5 80:0.1 20:0 20:0.5
	guard_status 40
}
for life in 1 2; do
	life
	is "life $life: the kernel has ended it" 137 "$STATUS"
done
judge
is "it is a spike" spike "$(cause)"
is "the limit was our own" own "$(level)"
between "from the quiet base, percent" 25 40 "$(evidence_number 'from ([0-9]+)% ')"
between "to the limit, percent" 55 75 "$(evidence_number 'rose by ([0-9]+)%')"
check_advice_texts
check "half more at least" test "$(advised)" -ge $((96 << 20))
cgroup_limit app "$(advised)"
life
is "with the limit advised it lives" 0 "$STATUS"
finish

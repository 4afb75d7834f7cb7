#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh source=../lib/lives.sh
. "$(dirname "$0")/../lib/story.sh"
. "$STORY_LIB/lives.sh"
needs_cgroup
make_cgroup app 64M

life() {
	guard app -s restart.mode=never -s dump.kind=none -- "$PROGRAMS/curve" 58:0.5 58:5 70:0.3 58:0
	guard_status 40
}
for life in 1 2; do
	life
	is "life $life: the kernel has ended it" 137 "$STATUS"
done
judge
is "the limit is too low" limit-too-low "$(cause)"
is "the limit was our own" own "$(level)"
between "the floor, percent of the limit" 85 96 "$(evidence_number 'floor is ([0-9]+)%')"
check "in each life" evidence '2 lives ran out of memory'
check_advice_texts
cgroup_limit app "$(advised)"
life
is "with the limit advised it lives" 0 "$STATUS"
finish

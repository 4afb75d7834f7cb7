#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A heap that may grow beyond the limit will: that is no leak, however evenly it rises.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh source=../lib/lives.sh
. "$(dirname "$0")/../lib/story.sh"
. "$STORY_LIB/lives.sh"
needs_cgroup
make_cgroup app 64M

life() {
	guard app -s restart.mode=never -s dump.kind=none -- "$PROGRAMS/curve" -Xmx80m 100:3 100:1
	guard_status 40
}
for life in 1 2; do
	life
	is "life $life: the kernel has ended it" 137 "$STATUS"
done
judge
is "the limit is too low" limit-too-low "$(cause)"
is "for its heap" heap-ceiling "$(detail)"
is "the limit was our own" own "$(level)"
check "the ceiling is told: 80 MiB and what is beside" evidence 'ceiling 128MiB is 200% of the limit'
check_advice_texts
cgroup_limit app "$(advised)"
life
is "with the limit advised it lives" 0 "$STATUS"
finish

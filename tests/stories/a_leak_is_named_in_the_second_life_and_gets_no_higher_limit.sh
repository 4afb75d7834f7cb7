#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: its numbers are those of a machine that is quick enough to look in time
# One short life that rises evenly to its end is a hint; the same slope in the next one is a leak.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh source=../lib/lives.sh
. "$(dirname "$0")/../lib/story.sh"
. "$STORY_LIB/lives.sh"
needs_cgroup
make_cgroup app 64M

for life in 1 2; do
	guard app -s restart.mode=never -s dump.kind=none -- "$PROGRAMS/leak" --from 8M --rate 12M
	guard_status 40
	is "life $life: the kernel has ended it" 137 "$STATUS"
done
judge
is "it is a leak" leak "$(cause)"
is "the limit was our own" own "$(level)"
is "the death was for memory" oom "$(json_get "$VERDICT" 'd["verdict"]["death"]')"
check "in each life" evidence 'the same slope in 2 lives'
slope=$(evidence_number 'by ([0-9.]+)MiB/s')
between "the slope is the program's, in MiB/s" 6 18 "$slope"
is "the limit is kept" $((64 << 20)) "$(advised)"
is "nothing is to be set" None "$(json_get "$VERDICT" 'd["advice"]["patch"]')"
check "but restarts" advice 'keep 64MiB, restart every [0-9.]+s'
between "a restart before it is full, seconds" 1 8 "$(json_get "$VERDICT" 'd["advice"]["restart_every_seconds"]')"
is "who grew" leak "$(json_get "$VERDICT" 'd["processes"][0]["comm"]')"

cgroup_limit app 96M
guard app -s restart.mode=never -s dump.kind=none -- "$PROGRAMS/leak" --from 8M --rate 12M
guard_status 40
judge
is "with a higher limit it is a leak still" leak "$(cause)"
is "and the report says that it did not help" True \
	"$(json_get "$VERDICT" '"64MiB to 96MiB: it did not help" in d["advice"]["since_change"]')"
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One in half an hour. The second life is killed by the kernel, so the third is armed, but has none left.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

one=("${AT_ONCE[@]}" -s restart.max=1 -s restart.per=30m)
guard app -v "${one[@]}" -- "$PROGRAMS/leak" --to 40M --rate 400M
guard_status 20
is "first life: restarted" 75 "$STATUS"
guard app -v "${one[@]}" -- "$PROGRAMS/leak" --from 40M --rate 40M
guard_status 30
is "second life: killed by the kernel" 137 "$STATUS"
: >"$LOG"
guard app -v "${one[@]}" -- "$PROGRAMS/leak" --to 40M --rate 400M --hold 3 --exit 6
guard_status 20
is "third life: not restarted" 6 "$STATUS"
has "the log says that the budget is used up" "$LOG" 'budget|used up|1 (restart )?in 30'
finish

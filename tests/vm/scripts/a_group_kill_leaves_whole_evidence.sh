#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../../lib/story.sh
# memory.oom.group=1, as Kubernetes sets it: the kernel ends guard and application in one go. What was
# written before has to be whole on the disk.
. "$(dirname "$0")/../../lib/story.sh"
needs_cgroup
make_cgroup app 64M
echo 1 >"${CG[app]}/memory.oom.group" || skip "no memory.oom.group"

guard app -v -s restart.mode=never -s dump.kind=none -- "$PROGRAMS/leak" --rate 15M
guard_status 30
is "the kernel ended both" 137 "$STATUS"
check "the kernel says so" test "$(cgroup_oom_kills app)" -ge 1
check "nothing is left of them" wait_for 5 cgroup_empty app
# shellcheck disable=SC2012 # names of our own
note "$(cd "$STATE" && find . -type f -exec ls -l {} +)"
snapshot=$(incident_of warn)/snapshot.json
check "the snapshot of the warn level is whole" json_valid "$snapshot"
partial=0
while read -r file; do
	case $file in
	*.json) json_valid "$file" || note "torn: $file" "$((partial += 1))" ;;
	esac
done < <(find "$STATE" -type f ! -name "*.partial")
is "no file under its final name is torn" 0 "$partial"

: >"$LOG"
cgroup_limit app 256M
guard app -v -- "$PROGRAMS/leak" --to 1M --hold 0 --exit 4
guard_status 20
is "the next life runs" 4 "$STATUS"
has "and tells what ended the last one" "$LOG" "(last|previous|before).*(kernel|OOM|out of memory|killed|unclean|end)|life before"
finish

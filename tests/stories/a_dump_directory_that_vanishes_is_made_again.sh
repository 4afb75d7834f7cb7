#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard app -v "${AT_ONCE[@]}" -s level.warn.at=40% -s level.restart.at=80% \
	-s level.restart.actions=snapshot,restart -- "$PROGRAMS/leak" --from 30M --rate 10M
wait_for 10 logged 'warn level: '
find "$STATE" -mindepth 1 -delete
guard_status 20
is "restarted" 75 "$STATUS"
has "the log tells of the incident or why there is none" "$LOG" 'restart level: '
written_or_told() {
	[ -s "$(incident_of restart)/snapshot.json" ] || logged 'snapshot.*(fail|cannot|No such)'
}
check "a snapshot, or a line that says why not" written_or_told
finish

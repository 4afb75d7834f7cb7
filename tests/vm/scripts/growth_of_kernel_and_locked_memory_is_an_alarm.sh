#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../../lib/story.sh
# Memory that no process seems to have: in pipes, and memory that cannot be swapped or reclaimed.
. "$(dirname "$0")/../../lib/story.sh"
needs_cgroup
make_cgroup app 64M

for kind in pipes mlock; do
	: >"$LOG"
	guard app -v -s guard.start-grace=0s -s restart.mode=never -s dump.kind=none -- \
		"$PROGRAMS/growth" $kind 58 5 3
	guard_status 60
	is "$kind: the program ends by itself" 5 "$STATUS"
	has "$kind: the warn level fires" "$LOG" "warn level: "
	has "$kind: the dump level sees the growth" "$LOG" "dump level: "
	snapshot=$(incident_of warn)/snapshot.json
	check "$kind: the snapshot is valid JSON" json_valid "$snapshot"
	rm -rf "${STATE:?}"/*
done
finish

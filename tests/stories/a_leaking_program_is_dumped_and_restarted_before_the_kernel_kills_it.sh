#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The main job with the default policy: 64 MiB, 4 MiB/s.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard app -v -s guard.start-grace=0s \
	-s dump.kind=signal -s dump.signal=USR1 -s dump.path="$WORK/heap.dump" \
	-- "$PROGRAMS/leak" --from 20M --rate 4M --dump "$WORK/heap.dump"
guard_status 40

is "the guard stops it with exit status 75" 75 "$STATUS"
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
has "the warn level says how full it is" "$LOG" 'warn level: [0-9]+% of 64MiB'
has "the dump level says how full, how fast, and whom it asks" "$LOG" \
	'dump level: (8[89]|9[0-9])% of 64MiB .*\+[0-9.]+MiB/s.*pid [0-9]+ \(leak\)'
has "the restart is announced" "$LOG" '(restart|brink|emergency) level: 9[0-9]% of 64MiB'
has "the program has written its dump" "$WORK/heap.dump" '^dump of [0-9]+ bytes'

incident=$(incident_of dump)
check "the dump level has its incident directory" test -d "$incident"
snapshot=$incident/snapshot.json
check "the snapshot is valid JSON" json_valid "$snapshot"
check "the snapshot was there before the dump" test ! "$snapshot" -nt "$WORK/heap.dump"
is "the directory is for its owner alone" 700 "$(stat -c %a "$incident")"
is "the snapshot is for its owner alone" 600 "$(stat -c %a "$snapshot")"
check "nothing partial is left behind" test -z "$(find "$STATE" -name '*.partial')"
finish

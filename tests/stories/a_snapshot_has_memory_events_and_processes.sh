#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard app -s level.warn.at=50% -- "$PROGRAMS/leak" --from 40M --to 40M --threads 3
written() { [ -n "$(incident_of warn)" ]; }
check "the warn level writes a snapshot" wait_for 20 written
snapshot=$(incident_of warn)/snapshot.json
wait_for 10 file_has "$snapshot" '"complete": *true'
check "it is valid JSON" json_valid "$snapshot"
cat "$snapshot" >"$WORK/snapshot.json" 2>/dev/null
for word in time level limit anon shmem slab kernel swap events oom_kill growth processes \
	ppid rss pss threads fds; do
	has "it tells: $word" "$WORK/snapshot.json" "\"[a-z_]*${word}[a-z_]*\""
done
has "it names the level" "$WORK/snapshot.json" '"warn"'
has "it names the limit" "$WORK/snapshot.json" '67108864'
has "it names the program" "$WORK/snapshot.json" '"leak"'
has "arguments that may hold secrets are left out" "$WORK/snapshot.json" '\.\.\.'
lacks "no argument of the program is told" "$WORK/snapshot.json" '[-]-threads'
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two lives of the same program on the same volume: the second says that there is a dump already; one
# that takes more gets its own.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 200M

life() { # LEVEL FROM TO
	: >"$LOG"
	guard app -s level.warn.actions=log -s level.profile.actions=log -s level.dump.at="$1" \
		-s level.dump.growing=no -s level.restart.actions=log -s level.brink.actions=log \
		-- "$PROGRAMS/leak" --from "$2" --to "$3" --rate 20M
	check "life at $1: the dump level says something" wait_for 30 logged 'dump level: (heap dump|no )'
	kill -TERM "$GUARD_PID"
	guard_status 15
}
dumps() { find "$STATE" -name 'core-*.elf*' | wc -l; }
life 30% 50M 70M
has "the first life gives a core" "$LOG" 'heap dump of pid [0-9]+ \(leak\) done: incidents/.*/core-[0-9]+\.elf'
first=$(find "$STATE" -name 'core-*.elf*')
index=$STATE/incidents/index.json
is "the index names it" "$(basename "$first")" "$(json_get "$index" 'd["files"][0]["file"]')"
is "with its check sum" "$(sha256sum <"$first" | cut -d ' ' -f 1)" "$(json_get "$index" 'd["files"][0]["sha256"]')"
is "its length" "$(stat -c %s "$first")" "$(json_get "$index" 'd["files"][0]["bytes"]')"
is "the level" dump "$(json_get "$index" 'd["files"][0]["level"]')"
check "and what was in use" test "$(json_get "$index" 'd["files"][0]["use_bytes"]')" -ge $((58 << 20))
note "$(json_get "$index" 'd["files"][0]')"

life 30% 50M 70M
has "the second life has one already" "$LOG" 'no dump of leak: there is one of .* ago.*dump\.cooldown = 1h.*core-'
is "that is all there is" 1 "$(dumps)"

life 60% 110M 130M
has "a new high-water mark gets its own" "$LOG" 'heap dump of pid [0-9]+ \(leak\) done: .*core-'
is "beside that of another life" 2 "$(dumps)"
finish

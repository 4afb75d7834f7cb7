#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard app -v "${AT_ONCE[@]}" -s guard.log-format=json -s level.restart.actions=snapshot,restart \
	-- "$PROGRAMS/leak" --to 40M --rate 400M
guard_status 20
is "restarted" 75 "$STATUS"
check "every line is an object with time, level and message" python3 - "$LOG" <<'END'
import json, sys
lines = open(sys.argv[1]).read().splitlines()
assert len(lines) >= 2, lines
for line in lines:
    d = json.loads(line)
    assert d["time"] and d["level"] and d["message"], line
END
finish

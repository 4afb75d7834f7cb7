#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app max

guard app -v -s guard.start-grace=0s -s dump.kind=none \
	-- "$PROGRAMS/leak" --to 60M --rate 30M --hold 1 --exit 6
guard_status 20
is "the program ends by itself" 6 "$STATUS"
is "told once" 1 "$(grep -Ec '[Nn]o (memory )?limit' "$LOG")"
lacks "no level fired" "$LOG" ' level: '
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard app -v "${AT_ONCE[@]}" -s restart.mode=never -- "$PROGRAMS/leak" --to 40M --rate 400M --hold 4 --exit 6
guard_status 20
is "the program ends by itself" 6 "$STATUS"
has "the level is told" "$LOG" 'restart level: '
has "and that nothing is done" "$LOG" 'never'
finish

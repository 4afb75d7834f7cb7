#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app max

guard app -v "${AT_ONCE[@]}" -s guard.limit=64MiB -- "$PROGRAMS/leak" --to 40M --rate 400M
guard_status 20
is "restarted at its share of the limit given" 75 "$STATUS"
has "the log says which limit" "$LOG" 'of 64MiB'
finish

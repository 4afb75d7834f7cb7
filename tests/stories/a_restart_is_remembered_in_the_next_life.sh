#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Restarted within ten minutes: the next life is not restarted ("limit too low?"). When the kernel
# then kills that life the danger was real, and the third life is guarded again.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard app -v "${AT_ONCE[@]}" -- "$PROGRAMS/leak" --to 40M --rate 400M
guard_status 20
is "first life: restarted" 75 "$STATUS"

: >"$LOG"
guard app -v "${AT_ONCE[@]}" -- "$PROGRAMS/leak" --from 40M --rate 20M
guard_status 30
is "second life: not restarted, the kernel kills it" 137 "$STATUS"
has "the log says why it was not" "$LOG" 'limit too low'

: >"$LOG"
guard app -v "${AT_ONCE[@]}" -- "$PROGRAMS/leak" --to 40M --rate 400M
guard_status 20
is "third life: restarted again" 75 "$STATUS"
finish

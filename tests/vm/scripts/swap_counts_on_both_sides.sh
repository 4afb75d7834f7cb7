#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# alone: changes the machine.
# shellcheck source-path=SCRIPTDIR source=../../lib/story.sh
# Swap counts on both sides. The machine has 128 MiB of it.
. "$(dirname "$0")/../../lib/story.sh"
needs_cgroup
# Elsewhere /dev/vdb may be anything.
grep -qs " oomguard\.guest=" /proc/cmdline || skip "only in the bench's own machine"
{ mkswap /dev/vdb && swapon /dev/vdb; } >/dev/null || skip "no swap here"
make_cgroup app 64M

echo 0 >"${CG[app]}/memory.swap.max"
guard app -v -s guard.start-grace=0s -s restart.mode=never -s dump.kind=none -- \
	"$PROGRAMS/leak" --rate 10M --to 52M --hold 1 --exit 3
guard_status 40
is "without swap: the program ends by itself" 3 "$STATUS"
has "without swap: 52 of 64 MiB are an alarm" "$LOG" "warn level: "

: >"$LOG"
echo 64M >"${CG[app]}/memory.swap.max"
guard app -v -s guard.start-grace=0s -s restart.mode=never -s dump.kind=none -- \
	"$PROGRAMS/leak" --rate 10M --to 80M --hold 1 --exit 3
guard_status 60
is "with 64 MiB of swap: the program ends by itself" 3 "$STATUS"
lacks "with swap: 80 of 128 MiB are no alarm" "$LOG" " level: "

: >"$LOG"
guard app -v -s guard.start-grace=0s -s restart.mode=never -s dump.kind=none -- \
	"$PROGRAMS/leak" --rate 10M --to 108M --hold 1 --exit 3
guard_status 60
is "with swap, further up: the program ends by itself" 3 "$STATUS"
has "with swap: 108 of 128 MiB are one" "$LOG" "warn level: "
finish

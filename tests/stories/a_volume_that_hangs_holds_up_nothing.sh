#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A volume on which every write waits (fsfreeze; a server that is gone does the same): the guard goes
# on looking, forwards signals, restarts the program, and starts it; what there was to tell is
# written when the volume is back.
# shellcheck disable=SC2016 # text for an inner shell
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
for tool in mkfs.ext4 fsfreeze; do
	PATH=$PATH:/usr/sbin:/sbin command -v $tool >/dev/null || skip "$tool is not installed"
done
PATH=$PATH:/usr/sbin:/sbin
make_cgroup app 64M
umount "$STATE" 2>/dev/null
truncate -s 24M "$WORK/volume"
mkfs.ext4 -q -F "$WORK/volume"
modprobe loop 2>/dev/null || :
mount -o loop "$WORK/volume" "$STATE" 2>/dev/null || skip "no loop device can be made here"

freeze() { fsfreeze -f "$STATE"; }
thaw() { fsfreeze -u "$STATE" 2>/dev/null; }
# Whatever happens: nobody could take the mount off while it is frozen.
thaw_and_exit() {
	local status=$?
	thaw
	(exit "$status")
	story_exit
}
trap thaw_and_exit EXIT
launch - bash -c 'read -rt "$1" <>"$2"; fsfreeze -u "$3" 2>/dev/null' x $((60 * STORY_SLOW)) "$WORK/never" "$STATE"

start_guard() {
	guard app -v -s restart.mode=in-place -s restart.backoff=100ms..200ms -s guard.start-grace=0s \
		-s level.warn.at=15M -s level.warn.actions=snapshot \
		-s level.restart.at=50% -s level.restart.eta=0s -s level.restart.actions=snapshot,restart \
		-- "$PROGRAMS/leak" --from 10M --to "$1" --rate 8M --dump "$WORK/dump" --started "$WORK/started"
}
starts() { wc -l <"$WORK/started"; }
started() { [ "$(starts)" -ge "$1" ]; }
recorded() { [ -s "$STATE/flight.rec" ] && [ -s "$STATE/budget" ]; }

start_guard 40M
check "it runs" wait_for 10 started 1
check "and is recorded" wait_for 10 recorded
check "the volume hangs" freeze
launch - touch "$STATE/touch"
writer=$LAUNCHED
app_pid
kill -USR1 "$GUARD_PID"
check "a signal is forwarded" wait_for 5 test -s "$WORK/dump"
check "looks go on: a level fires" wait_for 10 logged 'warn level'
check "the program is stopped" wait_for 15 logged 'stopping the application'
check "and started again" wait_for 10 started 2
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
check "still it hangs" alive "$writer"
check "the volume is back" thaw
restarts() { [ "$(awk '$1 == "restarts.level" { print $2 }' "$STATE/counters")" -ge 1 ]; }
check "what there was to remember is written" wait_for 10 restarts

check "it hangs once more" freeze
app_pid
again=$APP
kill -TERM "$GUARD_PID"
check "TERM ends the program" wait_for 10 gone "$again"
# A pid namespace ends with the last of its processes, of which one hangs in the kernel.
thaw
guard_status 20
check "and, with the volume back, the guard" [ "$STATUS" != running ]

: >"$LOG" && : >"$WORK/started"
freeze
start_guard 10M
check "the program starts although the volume hangs" wait_for 15 started 1
has "and that is said" "$LOG" 'state-dir .*(hangs|does not answer)'
thaw
kill -TERM "$GUARD_PID"
guard_status 20
check "and ends" [ "$STATUS" != running ]

: >"$LOG"
guard app -v -- true
guard_status 20
has "the life before is known" "$LOG" 'the life before'
check "nothing was damaged" not ls "$STATE"/*.bad
finish

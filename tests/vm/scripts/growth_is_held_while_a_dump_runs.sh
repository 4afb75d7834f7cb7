#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../../lib/story.sh
# The parachute: memory.high below the highest level while a dump runs, and back after it, in whatever
# way the dump or the guard ends.
. "$(dirname "$0")/../../lib/story.sh"
needs_cgroup
[ "$CGROUP_VERSION" = 2 ] || skip "memory.high is of cgroup v2"
make_cgroup app 96M
MIB=$((1024 * 1024))
# shellcheck disable=SC2317 # called by wait_for and check
high() { cgroup_read app memory.high; }
# shellcheck disable=SC2317
high_is() { [ "$(high)" = "$1" ]; }

# Writes down how growth is held, and takes its time: without the parachute the kernel would have
# killed the program after a third of it.
cat >"$WORK/dump" <<'END'
#!/bin/bash
cat "$1/memory.high" >"$2/high"
touch "$2/begun"
read -rt "$3" <>"$2/never"
kill -0 "$OOMGUARD_EVENT_PID" && echo alive >"$2/after"
END
chmod +x "$WORK/dump"
only_dump=(-v -s guard.start-grace=0s -s dump.cooldown=0s -s dump.kind=command -s "restart.mode=never"
	-s level.dump.at=70% -s level.dump.growing=no -s level.dump.actions=heap-dump
	-s level.profile.actions=log -s level.restart.actions=log -s level.brink.actions=log
	-s level.emergency.hold=1000)

guard app "${only_dump[@]}" -s "dump.command=$WORK/dump ${CG[app]} $WORK 3" \
	-- "$PROGRAMS/leak" --from 60M --rate 20M
check "a dump begins" wait_for 20 exists "$WORK/begun"
# shellcheck disable=SC2317
is_between() { [ "$1" -lt "$2" ] && [ "$2" -lt "$3" ]; }
check "memory.high is between use and 97 % of the limit" \
	is_between $((96 * MIB * 70 / 100)) "$(cat "$WORK/high")" $((96 * MIB * 97 / 100))
has "told" "$LOG" 'dump level: memory.high is .* while heap-dump runs'
check "the dump comes to its end, and the program lives" wait_for 30 file_has "$WORK/after" alive
check "memory.high is as it was" wait_for 10 high_is max
lacks "it has not been taken for a limit" "$LOG" 'memory limit is'
guard_status 30
rm -f "$WORK/begun"

# The guard is killed in the middle of a dump: the next life puts memory.high back.
guard app "${only_dump[@]}" -s "dump.command=$WORK/dump ${CG[app]} $WORK 60" \
	-- "$PROGRAMS/leak" --from 60M --to 72M --rate 20M
check "a second dump begins" wait_for 20 exists "$WORK/begun"
kill -KILL "$GUARD_PID"
guard_status 20
check "nothing is left of it" wait_for 10 cgroup_empty app
check "memory.high is still there" not high_is max
guard app -s guard.start-grace=0s -- true
guard_status 20
is "the next life" 0 "$STATUS"
has "says that it was left" "$LOG" 'left from a dump of the life before: put back'
is "memory.high is as it was" max "$(high)"
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Signals are forwarded meanwhile, and the restart goes on.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

cat >"$WORK/hook" <<'END'
#!/bin/sh
echo $$ >"$1/hook.pid"
trap '' TERM
sleep 1000
END
chmod +x "$WORK/hook"
guard app -v "${AT_ONCE[@]}" -s level.restart.actions=heap-dump,restart -s dump.deadline=3s -s dump.kind=command \
	-s "dump.command=$WORK/hook $WORK" \
	-- "$PROGRAMS/leak" --to 40M --rate 400M --dump "$WORK/got-usr1"
check "the hook runs" wait_for 10 exists "$WORK/hook.pid"
kill -USR1 "$GUARD_PID"
check "a signal is forwarded while it hangs" wait_for 2 exists "$WORK/got-usr1"
guard_status 20
is "the restart goes on" 75 "$STATUS"
has "the log tells of the deadline" "$LOG" 'heap dump.*(deadline|timed? ?out|killed after|in 3s)'
check "no process is left of it" wait_for 2 cgroup_empty app
finish

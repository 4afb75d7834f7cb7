#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

cat >"$WORK/hook" <<'END'
#!/bin/sh
env | grep ^OOMGUARD_EVENT_ | sort >"$1/env"
echo this is for the log
END
chmod +x "$WORK/hook"
guard app -v "${AT_ONCE[@]}" -s level.restart.actions=snapshot,command,restart \
	-s "dump.command=$WORK/hook $WORK" -- "$PROGRAMS/leak" --to 40M --rate 400M
guard_status 20
is "restarted" 75 "$STATUS"
has "the level" "$WORK/env" '^OOMGUARD_EVENT_LEVEL=restart$'
has "the reason, as in the log" "$WORK/env" '^OOMGUARD_EVENT_REASON=.*64MiB'
has "the process" "$WORK/env" '^OOMGUARD_EVENT_PID=[1-9][0-9]*$'
has "the incident, as a path" "$WORK/env" "^OOMGUARD_EVENT_INCIDENT=$STATE/.*incidents/"
has "the limit" "$WORK/env" '^OOMGUARD_EVENT_LIMIT_BYTES=67108864$'
has "the use" "$WORK/env" '^OOMGUARD_EVENT_USE_BYTES=[1-9]'
has "what it prints is in our standard error" "$LOG" 'this is for the log'
check "and not in the program's output" test ! -s "$OUT"
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `oomguard check` on thirteen set-ups that are broken on purpose, most with a remedy.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 256M

doctor() { # GROUP ARGS...: output in $OUT, status in $STATUS
	local group=$1
	shift
	in_cgroup "$group" "$STORY_OOMGUARD" check -s guard.state-dir="$STATE" "$@" >"$OUT" 2>"$LOG"
	STATUS=$?
}
broken() { # TEXT STATUS REGEX REMEDY-REGEX ARGS...
	local text=$1 status=$2 regex=$3 remedy=$4
	shift 4
	doctor app "$@"
	is "$text: exit status" "$status" "$STATUS"
	has "$text: named" "$OUT" "$regex"
	has "$text: remedy" "$OUT" "-> .*$remedy"
}

doctor app -s dump.max-bytes=1GiB -- sleep 1
check "all well: 0 or only warnings" test "$STATUS" -le 1
has "the limit and its file" "$OUT" "^ok +limit +256MiB from /.*memory"
has "ptrace is tried" "$OUT" '^(ok|warning) +ptrace '
has "the state directory" "$OUT" "^ok +state-dir +$STATE "

broken "heap above the limit" 1 'runtime.*-Xmx.*do not fit' '-Xmx' -- java -Xmx300m
broken "share that leaves nothing beside it" 1 'runtime.*MaxRAMPercentage=.*do not fit' MaxRAM \
	-- java -XX:MaxRAMPercentage=90
broken "no heap setting" 1 'runtime.*quarter of the limit' JAVA_TOOL_OPTIONS -- java -jar x.jar
broken "old space above the limit" 1 'runtime.*max-old-space-size.*do not fit' in.place.of \
	-- node --max-old-space-size=512 x.js
broken "no old space" 1 'runtime.*Node may choose' NODE_OPTIONS -- node x.js
GOMEMLIMIT=1GiB broken "GOMEMLIMIT above the limit" 1 'GOMEMLIMIT 1GiB' 'GOMEMLIMIT="230MiB"' -- sleep 1
JAVA_TOOL_OPTIONS=-Xmx1g broken "heap in the environment" 1 'runtime.*-Xmx.*do not fit' Xmx -- java
broken "no room for a dump" 1 'room.*no room' volume -s dump.max-bytes=1MiB -- sleep 1
mkdir "$WORK/tmpfs" && mount -t tmpfs none "$WORK/tmpfs"
broken "state on tmpfs" 1 'state-dir.*tmpfs' emptyDir -s guard.state-dir="$WORK/tmpfs" -- sleep 1
umount "$WORK/tmpfs"
: >"$WORK/file"
broken "no place for state" 1 'state-dir' 'volumeMounts' -s guard.state-dir="$WORK/file/state" -- sleep 1
doctor app -- no-such-program
is "a command that is not there: exit status" 2 "$STATUS"
has "a command that is not there: named" "$OUT" '^fail +command +no-such-program'
doctor app -s level.dump.at=many
is "a bad setting: exit status" 78 "$STATUS"
has "a bad setting: named" "$LOG" 'level\.dump\.at'

make_cgroup free max
doctor free -- sleep 1
if grep -q '^fail *limit' "$OUT"; then
	is "no limit: exit status" 2 "$STATUS"
	has "no limit: remedy" "$OUT" '-> resources.limits.memory'
else
	skip_check "no limit: exit status" "an ancestor has one"
fi

doctor app -- node x.js
has "what [tune] would set" "$OUT" 'tune +(would set NODE_OPTIONS=--max-old-space-size=144 \(3/4 x|off: .*NODE_OPTIONS)'
has "the line that gives it" "$OUT" '-> ENV OOMGUARD_TUNE_ENABLED="yes"'
has "dump.inject is off" "$OUT" '^info +inject +no: the environment stays untouched'

doctor app --json -- node x.js
check "--json is JSON" json_valid "$OUT"
is "--json has a status" True "$(json_get "$OUT" 'd["status"] in ("ok", "warning", "fail")')"
is "every warning of --json has a remedy" '[]' "$(json_get "$OUT" \
	'[c["name"] for c in d["checks"] if c["status"] in ("warning", "fail") and not c.get("remedy")]')"
is "one for a Pod, too" True "$(json_get "$OUT" \
	'any(c.get("remedy_pod", "").startswith("env: [{name: NODE_OPTIONS") for c in d["checks"])')"
finish

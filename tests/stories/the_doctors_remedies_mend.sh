#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: words and arithmetic are the same everywhere
# `oomguard check` on set-ups that are broken on purpose: each is named, with a line that mends it;
# that line is then applied, word for word, and the finding is gone.
# shellcheck disable=SC2317 # functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 256M

# The doctor needs programs of these kinds, not the programs: a name is enough where there is none.
for name in java node php php-fpm; do
	command -v "$name" >/dev/null && continue
	printf '#!/bin/sh\n' >"$WORK/$name" && chmod +x "$WORK/$name"
done
PATH=$PATH:$WORK

doctor() { # GROUP ARGS...: output in $OUT, status in $STATUS
	local group=$1
	shift
	in_cgroup "$group" "$STORY_OOMGUARD" check -s guard.state-dir="$STATE" "$@" >"$OUT" 2>"$LOG"
	STATUS=$?
}
remedies=0
broken() { # TEXT STATUS FINDING-REGEX REMEDY-REGEX ARGS...; $REMEDY is the first line of remedy
	TEXT=$1
	FINDING=$3
	local status=$2 remedy=$4
	shift 4
	doctor "$GROUP" "$@"
	is "$TEXT: exit status" "$status" "$STATUS"
	has "$TEXT: named" "$OUT" "$FINDING"
	REMEDY=$(grep -E -A1 -- "^(warning|fail) +$FINDING" "$OUT" | sed -n '2s/^ *-> //p')
	check "$TEXT: remedy: $REMEDY" grep -Eq -- "$remedy" <<<"$REMEDY"
}
mended() { # ARGS...: the finding is not there any more
	doctor "$GROUP" "$@"
	remedies=$((remedies + 1))
	lacks "$TEXT: mended" "$OUT" "^(warning|fail) +$FINDING"
}
# ENV NAME="value", as a Dockerfile and a shell have it.
by_variable() {
	local assignment=${REMEDY#ENV }
	check "$TEXT: it is one assignment" grep -Eq '^ENV [A-Za-z_]+="[^"]*"$' <<<"$REMEDY"
	(
		eval "export $assignment"
		doctor "$GROUP" "$@"
	)
	remedies=$((remedies + 1))
	lacks "$TEXT: mended" "$OUT" "^(warning|fail) +$FINDING"
}
# "in the command: NEW in place of OLD"
by_word() {
	local new old args=() word
	read -r new old <<<"$(sed -n 's/^in the command: \(.*\) in place of \(.*\)/\1 \2/p' <<<"$REMEDY")"
	for word in "$@"; do
		[ "$word" = "$old" ] && word=$new
		args+=("$word")
	done
	mended "${args[@]}"
}
# resources: {limits: {memory: 64Mi}}
memory_of() { sed -n "s/^resources: {$1: {memory: \([0-9]*\)Mi}}.*/\1M/p" <<<"$REMEDY"; }

GROUP=app
broken "heap above the limit" 1 'runtime.*-Xmx.*do not fit' '-Xmx' -- java -Xmx300m
by_word -- java -Xmx300m
broken "share that leaves nothing beside it" 1 'runtime.*MaxRAMPercentage=.*do not fit' MaxRAM \
	-- java -XX:MaxRAMPercentage=90
by_word -- java -XX:MaxRAMPercentage=90
export JAVA_TOOL_OPTIONS='-Xmx1g -ea'
broken "heap in the environment" 1 'runtime.*-Xmx1g.*do not fit' JAVA_TOOL_OPTIONS -- java
by_variable -- java
unset JAVA_TOOL_OPTIONS
broken "direct memory that does not fit beside the heap" 1 'runtime.*direct memory.*do not fit' . \
	-- java -Xmx100m -XX:MaxDirectMemorySize=200m
by_word -- java -Xmx100m -XX:MaxDirectMemorySize=200m
broken "metaspace that does not fit at all" 1 'runtime.*metaspace 300MiB.*do not fit' limits \
	-- java -Xmx100m -XX:MaxMetaspaceSize=300m
make_cgroup larger "$(memory_of limits)"
GROUP=larger mended -- java -Xmx100m -XX:MaxMetaspaceSize=300m
broken "no heap setting" 1 'runtime.*quarter of the limit' JAVA_TOOL_OPTIONS -- java -jar x.jar
by_variable -- java -jar x.jar
mended -s tune.enabled=yes -- java -jar x.jar
broken "attaching forbidden" 1 'runtime.*DisableAttachMechanism' DisableAttach \
	-- java -Xmx100m -XX:+DisableAttachMechanism
by_word -- java -Xmx100m -XX:+DisableAttachMechanism
broken "old space above the limit" 1 'runtime.*max-old-space-size.*do not fit' max-old-space \
	-- node --max-old-space-size=512 x.js
by_word -- node --max-old-space-size=512 x.js
broken "no old space" 1 'runtime.*Node may choose' NODE_OPTIONS -- node x.js
by_variable -- node x.js
mended -s tune.enabled=yes -- node x.js
export GOMEMLIMIT=1GiB
broken "GOMEMLIMIT above the limit" 1 'runtime +GOMEMLIMIT 1GiB' GOMEMLIMIT -- sleep 1
by_variable -- sleep 1
unset GOMEMLIMIT
export DOTNET_GCHeapHardLimit=200000000
broken "a hard limit in decimal" 1 'runtime.*hexadecimal' DOTNET_GCHeapHardLimit -- sleep 1
by_variable -- sleep 1
unset DOTNET_GCHeapHardLimit
broken "PHP without a ceiling" 1 'runtime.*memory_limit=-1' 'in the command' \
	-- php -d memory_limit=-1 x.php
by_word -- php -d memory_limit=-1 x.php
printf '[www]\npm.max_children = 10\nphp_admin_value[memory_limit] = 64M\n' >"$WORK/pool"
broken "PHP with too many workers" 1 'runtime.*x 10 workers.*do not fit' 'max_children' \
	-- php-fpm -y "$WORK/pool"
printf '%s\n' "$REMEDY" >>"$WORK/pool"
sed -i '/max_children = 10/d' "$WORK/pool"
mended -- php-fpm -y "$WORK/pool"

make_cgroup tiny 24M
GROUP=tiny
broken "malloc arenas" 1 'runtime.*arenas' MALLOC_ARENA_MAX -- node x.js
by_variable -- node x.js

make_cgroup used 128M
GROUP=used
launch used "$PROGRAMS/leak" --to 40M --rate 400M
holds() { [ "$(cgroup_usage used)" -gt 40000000 ]; }
wait_for 10 holds
broken "a request far below use" 1 'request.*above the request' requests -s guard.request=8MiB -- sleep 1
mended -s guard.request="$(memory_of requests)" -- sleep 1
kill -KILL "$LAUNCHED"

GROUP=app
broken "no room for a dump" 1 'room.*no room' volume -s dump.max-bytes=1MiB -- sleep 1
mended -s dump.max-bytes=1GiB -- sleep 1
mkdir "$WORK/tmpfs" && mount -t tmpfs none "$WORK/tmpfs"
broken "state on tmpfs" 1 'state-dir.*tmpfs' emptyDir -s guard.state-dir="$WORK/tmpfs" -- sleep 1
umount "$WORK/tmpfs"
mkdir "$WORK/volume" && mount --bind "$WORK/volume" "$WORK/volume"
mended -s guard.state-dir="$WORK/volume" -- sleep 1
: >"$WORK/file"
broken "no place for state" 1 'state-dir' 'volumeMounts' -s guard.state-dir="$WORK/file/state" -- sleep 1
mended -s guard.state-dir="$WORK/volume" -- sleep 1
umount "$WORK/volume"
make_cgroup small 12M
GROUP=small broken "a limit of 12 MiB" 1 'limit +a limit under' limits -- sleep 1
cgroup_limit small "$(memory_of limits)"
GROUP=small mended -- sleep 1
printf '#!/bin/sh\n' >"$WORK/entry"
broken "a command that cannot be run" 2 "command +$WORK/entry" 'RUN chmod' -- "$WORK/entry"
eval "${REMEDY##*RUN }"
mended -- "$WORK/entry"
make_cgroup free max
GROUP=free doctor free -- sleep 1
if grep -q '^fail *limit' "$OUT"; then
	is "no limit: exit status" 2 "$STATUS"
	has "no limit: remedy" "$OUT" '-> resources.limits.memory'
	OOMGUARD_GUARD_LIMIT=256MiB doctor free -- sleep 1
	lacks "no limit: mended by OOMGUARD_GUARD_LIMIT" "$OUT" '^fail *limit'
else
	skip_check "no limit: exit status" "an ancestor has one"
fi
# As "kubectl exec POD -- /oomguard check" asks: nothing is told twice.
guard app -v -s restart.grace=7s -- node -e 'setInterval(() => {}, 1000)' --max-old-space-size=512
check "a guard runs" wait_for 20 exists "$STATE/flight.rec"
nsenter -t "$GUARD_PID" -p -m "$STORY_OOMGUARD" check >"$OUT" 2>/dev/null
has "in its container the running guard's settings are found" "$OUT" 'configuration.*running guard, PID 1'
has "and its command" "$OUT" '^ok +command +node'
has "and its state directory" "$OUT" "^ok +state-dir +$STATE .*a guard is using it"
is "of which no second one is made" '' "$(find "$STATE" -name 'instance-*')"
check "its log says so at the start" wait_for 10 logged 'check: runtime: --max-old-space-size=512: .*do not fit'
kill -TERM "$GUARD_PID"
guard_status 20

check "at least twelve were mended by their remedy ($remedies)" test "$remedies" -ge 12
finish

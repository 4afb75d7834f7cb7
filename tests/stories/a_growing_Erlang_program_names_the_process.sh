#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# The BEAM tells its processes through a hook; SIGUSR1, which ends it, is never sent.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v erlc >/dev/null || skip "no erlc"
cd "$WORK" || exit
make_cgroup app 250M

cat >"$WORK/hog.erl" <<'ERL'
-module(hog).
-export([start/0]).
start() ->
	ets:new(planted_table, [named_table, public]),
	register(planted_culprit, spawn(fun() -> loop([]) end)),
	io:format("up~n").
loop(Kept) ->
	receive after 60 -> ok end,
	ets:insert(planted_table, {make_ref(), lists:seq(1, 1000)}),
	loop([binary:copy(<<"x">>, 600000) | Kept]).
ERL
(cd "$WORK" && erlc hog.erl) || skip "erlc does not work"
LEVELS=(-s level.warn.actions=log -s level.profile.actions=log -s level.dump.growing=no -s guard.start-grace=0s)
guard app -v -s dump.inject=cheap "${LEVELS[@]}" -s level.dump.at=50% -s level.restart.at=70% \
	-s level.restart.eta=10m -- erl -noshell -pa "$WORK" -eval 'hog:start(), receive after infinity -> ok end.'
check "its processes are told" wait_for 40 logged \
	'dump level: heap dump of pid [0-9]+ \([^)]*\) done: incidents/.*/beam-[0-9]+\.processes\.json, '
check "relief is told" wait_for 40 logged 'relief: garbage collection of pid [0-9]+ '
check "the guard stops it" guard_status 40
is "gracefully" 75 "$STATUS"
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
check "it hears nothing of the guard" sh -c "! grep -Ev '^up|SIGTERM received|INFO REPORT|^$' '$OUT'"
told=$(find "$STATE" -name 'beam-*.json')
is "the largest process is named" planted_culprit "$(json_get "$told" 'd["processes"][0]["name"]')"
is "with most of the memory" True "$(json_get "$told" 'd["processes"][0]["binary_bytes"] > 50000000')"
is "the largest table, too" planted_table "$(json_get "$told" 'd["tables"][0]["name"]')"
check "no crash dump was made" test ! -e erl_crash.dump

# So little room that a core does not fit.
: >"$LOG" && : >"$OUT"
make_cgroup tight 300M
guard tight -s dump.inject=cheap "${LEVELS[@]}" -s level.dump.at=80% -s dump.cooldown=0s -s level.restart.actions=log \
	-s level.brink.actions=log -s level.emergency.actions=log -- erl -noshell -pa "$WORK" \
	-eval 'L = binary:copy(<<"x">>, 100000000), register(planted_culprit, self()), io:format("up~n"),
		receive after infinity -> L end.'
check "all is kept" wait_for 40 file_has "$OUT" up
in_use=$(cgroup_read tight memory.stat | awk '/^(rss|anon|kernel|shmem) / { n += $2 } END { print n }')
cgroup_limit tight $((in_use + (12 << 20)))
check "it is told in the last megabytes, too" wait_for 40 logged 'dump level: .*beam-[0-9]+\.processes\.json'
is "the kernel killed nothing here" 0 "$(cgroup_oom_kills tight)"
check "the program goes on" app_pid
finish

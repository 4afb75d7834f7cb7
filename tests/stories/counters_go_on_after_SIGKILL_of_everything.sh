#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What has been counted is in /metrics of the next life, although nobody had time for a last word.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
# shellcheck source=../lib/http.sh
. "$STORY_LIB/http.sh"
needs_cgroup
make_cgroup app 64M

start_guard() {
	guard app "${HTTP_LISTEN[@]}" -s restart.mode=in-place -s drain.wait=0s \
		-s restart.backoff=100ms..200ms \
		-s dump.kind=command -s dump.command=true -- "$PROGRAMS/leak" --from 20M --to 20M \
		--started "$WORK/started"
	wait_for 10 http_up
}
ask() { timeout 30 "$STORY_OOMGUARD" "$1" -s "guard.state-dir=$STATE" >"$WORK/answer" 2>&1; }
counted() { [ "$(metric "oomguard_$1")" = "$2" ]; }
kept() { file_has "$STATE/counters" "^$1\$"; }
starts() { [ "$(wc -l <"$WORK/started")" -ge "$1" ]; }

check "it serves" start_guard
check "a dump is asked for" ask dump
check "it is counted" wait_for 10 counted 'dumps_total{kind="heap-dump",result="ok"}' 1
check "a restart, too" ask restart
check "the program is started again" wait_for 10 starts 2
check "which is counted" wait_for 10 counted 'preemptive_restarts_total{reason="request"}' 1
check "as a life that is over" wait_for 10 counted 'lives_total{end="guarded-restart"}' 1
check "all that is kept at once" wait_for 5 kept 'lives.guarded-restart 1'
kill -KILL "$GUARD_PID"
guard_status 10

check "the next life serves" start_guard
is "its metrics are there" 200 "$(http_get /metrics)"
has "dumps go on" "$WORK/body" '^oomguard_dumps_total\{kind="heap-dump",result="ok"\} 1$'
has "and restarts" "$WORK/body" '^oomguard_preemptive_restarts_total\{reason="request"\} 1$'
has "and lives" "$WORK/body" '^oomguard_lives_total\{end="guarded-restart"\} 1$'
has "of which one was killed" "$WORK/body" '^oomguard_lives_total\{end="external-kill"\} 1$'
kill -KILL "$GUARD_PID"
guard_status 10
check "and one more" start_guard
is "is counted once" 2 "$(metric 'oomguard_lives_total{end="external-kill"}')"
kill -TERM "$GUARD_PID"
guard_status 20
finish

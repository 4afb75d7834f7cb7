#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

report() { run report -s "guard.state-dir=$STATE" "$@"; }

report
is "nothing to report yet: 3" 3 "$STATUS"
has "says so" "$LOG" 'nothing to report'
is "looking makes nothing" '' "$(ls -A "$STATE")"

guard app -s guard.start-grace=0s -- "$PROGRAMS/leak" --from 20M --rate 4M
guard_status 60
is "the leak was stopped before the limit" 75 "$STATUS"
cp "$LOG" "$WORK/guard.log"
newest=$(basename "$(incidents | tail -n 1)")
find "$STATE" -printf '%p %s %T@\n' | sort >"$WORK/before"

report
is "text: 0" 0 "$STATUS"
has "it is the newest incident" "$OUT" "$newest"
for word in VERDICT ADVICE MEMORY PROCESSES EVENTS FILES leak snapshot.json 'of 64MiB'; do
	has "it tells: $word" "$OUT" "$word"
done
lacks "no colour where there is no terminal" "$OUT" $'\033'
lacks "80 columns at most" "$OUT" '^.{81}'
cat "$OUT" >"$WORK/text"

report --format json
is "JSON: 0" 0 "$STATUS"
check "it is valid JSON" json_valid "$OUT"
is "of version 1" 1 "$(json_get "$OUT" 'd["version"]')"
is "with the limit" 67108864 "$(json_get "$OUT" 'd["memory"]["limit_bytes"]')"
is "with the curve" True "$(json_get "$OUT" 'len(d["samples"]) > 5')"
is "that rises" True "$(json_get "$OUT" 'd["samples"][-1]["use_bytes"] > d["samples"][0]["use_bytes"]')"
is "with the levels passed" True "$(json_get "$OUT" '"level" in [e["kind"] for e in d["events"]]')"
cp "$OUT" "$WORK/json"

report --format html
is "HTML: 0" 0 "$STATUS"
cp "$OUT" "$WORK/page.html"
check "it is well-formed, whole, without a script and asks for nothing" \
	python3 "$STORY_LIB/page.py" "$WORK/page.html"
has "it has a plot" "$OUT" '<svg class="plot"'

first=$(basename "$(incidents | head -n 1)")
report "$first"
has "an incident can be named" "$OUT" "$first"
report "$STATE/incidents/$first"
has "or given as a path" "$OUT" "$first"
report 20200101T000000.000Z-none
is "one that is not there: 3" 3 "$STATUS"
report --format pdf
is "a format that is not there: 64" 64 "$STATUS"
find "$STATE" -printf '%p %s %T@\n' | sort >"$WORK/after"
check "reports change nothing" cmp "$WORK/before" "$WORK/after"

printf '{' >"$STATE/incidents/$newest/snapshot.json"
printf 'broken' >"$STATE/flight.rec"
report
is "broken files: 0 all the same" 0 "$STATUS"
has "and told" "$OUT" 'snapshot.json: is not what the guard writes'
has "and told" "$OUT" 'flight.rec: is not what the guard writes'
[ -z "${STORY_KEEP:-}" ] || cp "$WORK/text" "$WORK/json" "$WORK/page.html" "$STORY_KEEP"
finish

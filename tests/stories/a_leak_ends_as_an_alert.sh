#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: Prometheus and Alertmanager beside the guard are too much for a small emulated machine
# The newcomer's own way, examples/alerts.sh, with a second guard beside it whose program the kernel kills:
# real services evaluate the rules as they are shipped, and every query of the dashboard finds data.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
# shellcheck source=../lib/http.sh
. "$STORY_LIB/http.sh"
needs_cgroup
examples=$STORY_LIB/../../examples
for tool in prometheus prometheus-alertmanager amtool; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done

# A pid namespace of its own: whatever happens, no service stays behind.
launch - env OOMGUARD="$STORY_OOMGUARD" TMPDIR="$WORK" unshare -pf --mount-proc --kill-child \
	"$examples/alerts.sh" --stay "$WORK/reports" >"$WORK/alerts" 2>"$WORK/alerts.err"
alerts=$LAUNCHED

# --- meanwhile: a kill by the kernel, known to the next life ------------------------------------

make_cgroup app 64M
guard app "${HTTP_LISTEN[@]}" -s level.restart.actions= -s level.brink.actions= -s level.emergency.actions= \
	-- "$PROGRAMS/leak" --rate 400M
guard_status 30
is "the kernel kills a program that nobody guards" 137 "$STATUS"
guard app "${HTTP_LISTEN[@]}" -- sleep 600
check "the next life is there" wait_for 10 http_up
is "and remembers the kill" 1 "$(metric 'oomguard_oom_kills_total{level="own"}')"

is_made() { [ -d "$(echo "$WORK"/oomguard-alerts.*/targets)" ]; }
check "Prometheus is configured" wait_for 30 is_made
place=$(echo "$WORK"/oomguard-alerts.*)
group=$(find "$CGROUP_ROOT" -maxdepth 1 -name "oomguard-alerts-*-${place##*.}")
story_cg_order+=("$group")
echo "[{\"targets\": [\"127.0.0.1:$HTTP_PORT\"], \"labels\": {\"namespace\": \"demo\", \"pod\": \"killed-1\"}}]" \
	>"$place/killed.json"
mv "$place/killed.json" "$place/targets/"

# --- the alerts ---------------------------------------------------------------------------------

check "the newcomer gets his alert" wait_for 120 file_has "$WORK/alerts" '^running until'
has "it is at Alertmanager" "$WORK/alerts" '^  yes   the alert OomguardRestarted is at Alertmanager'
has "and at the pager" "$WORK/alerts" '^pager: OomguardRestarted \(warning\) firing: The guard has restarted leaky-1 '
has "the forecast came before it" "$WORK/alerts" '^pager: OomguardLimitSoon .*leaky-1 reaches its memory limit in [0-9.]+s'
lacks "nothing is untrue" "$WORK/alerts" '^  NO'
has "the report is a page with a picture" "$WORK/reports/report.html" '<svg'
prometheus=$(sed -n 's/^Prometheus *\(.*\)\/alerts$/\1/p' "$WORK/alerts")
alertmanager=$(sed -n 's/^Alertmanager *//p' "$WORK/alerts")

# ask URL EXPRESSION: of the JSON there as d.
ask() {
	python3 -c '
import json, sys, urllib.request
d = json.load(urllib.request.urlopen(sys.argv[1], timeout=10))
print(eval(sys.argv[2]))' "$1" "$2"
}
firing() { ask "$alertmanager/api/v2/alerts" "sorted({a['labels']['pod'] for a in d if a['labels']['alertname'] == '$1'})"; }
is "the guard's restart at the API" "['leaky-1']" "$(firing OomguardRestarted)"
killed_is_told() { [ "$(firing OomguardOOMKill)" = "['killed-1']" ]; }
check "the kernel's kill too, from the life after it" wait_for 20 killed_is_told
check "which reaches the pager" wait_for 10 file_has "$WORK/alerts" '^pager: OomguardOOMKill \(critical\) firing'
is "of a guard that is there none is said to be absent" "[]" "$(firing OomguardAbsent)"
is "no scrape had an error" "{''}" \
	"$(ask "$prometheus/api/v1/targets" "{t['lastError'] for t in d['data']['activeTargets']}")"
is "they speak OpenMetrics" stateset \
	"$(ask "$prometheus/api/v1/metadata?metric=oomguard_diagnosis" "d['data']['oomguard_diagnosis'][0]['type']")"

# --- the dashboard ------------------------------------------------------------------------------

python3 "$STORY_LIB/dashboard.py" query "$examples/grafana/dashboard.json" "$prometheus" 120 >"$WORK/queries" 2>&1
lacks "every query of the dashboard finds data" "$WORK/queries" '^no data|Error'
note "queries: $(grep -c '^ok' "$WORK/queries")"
check "there are many" test "$(grep -c '^ok' "$WORK/queries")" -ge 40

# --- the end ------------------------------------------------------------------------------------

kill -TERM "$(pgrep -P "$alerts")"
check "TERM ends all of it" wait_for 15 gone "$alerts"
check "and its cgroup" test ! -e "$group"
check "and its place" test ! -e "$place"
[ "$story_failed" = 0 ] || sed 's/^/# | /' "$WORK/alerts" "$WORK/alerts.err"
finish

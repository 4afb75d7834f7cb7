#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
# shellcheck source=../lib/http.sh
. "$STORY_LIB/http.sh"
needs_cgroup
make_cgroup app 64M

guard app "${HTTP_LISTEN[@]}" -s level.warn.at=50% -- "$PROGRAMS/leak" --to 40M --rate 400M --hold 600
app_pid
check "it listens" wait_for 5 http_up
warn_is_active() { [ "$(metric 'oomguard_level_active{level="warn"}')" = 1 ]; }
check "the warn level is seen to be active" wait_for 10 warn_is_active
is "/metrics is there" 200 "$(http_get /metrics)"
has "as Prometheus text" "$WORK/headers" '^Content-Type: text/plain; version=0\.0\.4'
has "the limit is the cgroup's" "$WORK/body" '^oomguard_memory_limit_bytes 67108864$'
has "use is what the program took" "$WORK/body" '^oomguard_memory_used_bytes [45][0-9]{7}$'
has "as a share too" "$WORK/body" '^oomguard_memory_nonreclaimable_ratio 0\.[67][0-9]*$'
has "looks are counted" "$WORK/body" '^oomguard_sample_duration_seconds_count [1-9]'
if command -v promtool >/dev/null; then
	lint_metrics() { promtool check metrics <"$WORK/body"; }
	check "promtool has nothing to say" lint_metrics
else
	skip_check "promtool has nothing to say" "promtool is not installed"
fi
is "OpenMetrics for who asks for it" 200 \
	"$(http_get /metrics 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5')"
has "it is said in the header" "$WORK/headers" '^Content-Type: application/openmetrics-text; version=1\.0\.0'
# Debian's Python; another one in front of it does not have Debian's modules.
if /usr/bin/python3 -c 'import prometheus_client' 2>/dev/null; then
	# shellcheck disable=SC2016 # for Python
	strict='import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
sys.exit(not any(f.name == "oomguard_diagnosis" and f.type == "stateset"
    for f in list(text_string_to_metric_families(open(sys.argv[1]).read()))))'
	check "a strict reader takes it" /usr/bin/python3 -c "$strict" "$WORK/body"
else
	skip_check "a strict reader takes it" "python3-prometheus-client is not installed"
fi
is "it ends as it must" '# EOF' "$(tail -n 1 "$WORK/body")"

is "/status is there" 200 "$(http_get /status)"
check "and is JSON" json_valid "$WORK/body"
is "with the limit" 67108864 "$(json_get "$WORK/body" 'd["memory"]["limit_bytes"]')"
is "the program is alive" 200 "$(http_get /livez)"
is "and ready" 200 "$(http_get /readyz)"
is "a query changes nothing" 200 "$(http_get '/readyz?verbose')"
is "HEAD is answered" 200 "$(http_get /metrics '*/*' HEAD)"
is "without a body" 0 "$(stat -c %s "$WORK/body")"
is "POST is not allowed" 405 "$(http_get /metrics '*/*' POST)"
is "nothing else is there" 404 "$(http_get /../etc/passwd)"
is "nor a dump" 404 "$(http_get /incidents)"

kill -TERM "$GUARD_PID"
guard_status 10
is "TERM ends it" 0 "$STATUS"
finish

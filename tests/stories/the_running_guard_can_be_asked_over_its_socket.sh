#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
# shellcheck source=../lib/http.sh
. "$STORY_LIB/http.sh"
# In a state directory whose path is longer than the address of a socket can be.
needs_cgroup
make_cgroup app 64M
deep=$STATE/$(printf '%0120d' 0)
grown() { [ "$(cgroup_usage app)" -gt 20000000 ]; }
ask() {
	timeout 30 "$STORY_OOMGUARD" "$@" -s "guard.state-dir=$deep" >"$WORK/answer" 2>&1
	echo $?
}
STATE=$deep

is "nobody there: 3" 3 "$(ask dump)"
has "and said" "$WORK/answer" 'no guard is running'
guard app "${HTTP_LISTEN[@]}" -s drain.wait=1s -s dump.kind=signal -s dump.signal=USR1 \
	-s dump.path="$WORK/heap.dump" -- "$PROGRAMS/leak" --to 20M --hold 600 --dump "$WORK/heap.dump"
app_pid
check "the socket is there" wait_for 5 exists "$deep/control.sock"
is "it is for its owner alone" 600 "$(stat -c %a "$deep/control.sock")"
wait_for 10 grown

is "snapshot: done" 0 "$(ask snapshot)"
check "there is one" json_valid "$(incident_of request)/snapshot.json"
is "it says who asked" request "$(json_get "$(incident_of request)/snapshot.json" 'd["level"]')"
is "dump: done" 0 "$(ask dump)"
has "the answer says what and how long" "$WORK/answer" 'heap dump of pid [0-9]+ \(leak\) done: .* in '
has "the program has written its dump" "$WORK/heap.dump" '^dump of [0-9]+ bytes'
is "the dump is counted" 1 "$(metric 'oomguard_dumps_total{kind="heap-dump",result="ok"}')"
is "reload: done" 0 "$(ask reload)"

is "ready so far" 200 "$(http_get /readyz)"
is "drain: done" 0 "$(ask drain)"
is "not ready any more" 503 "$(http_get /readyz)"
is "alive all the same" 200 "$(http_get /livez)"
is "restart: taken" 0 "$(ask restart)"
has "and said" "$WORK/answer" 'is being stopped'
guard_status 20
is "the guard has stopped the program" 75 "$STATUS"
lacks "what the user asks for is not counted as a danger" "$deep/budget" '^(times|disarm_next)=[1-9]'
check "no socket stays behind" test ! -e "$deep/control.sock"
finish

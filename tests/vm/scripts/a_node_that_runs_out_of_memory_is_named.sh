#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# alone
# shellcheck source-path=SCRIPTDIR source=../../lib/story.sh source=../../lib/lives.sh
# The whole machine is full, no limit is met, and the kernel takes us because we request nothing.
. "$(dirname "$0")/../../lib/story.sh"
. "$STORY_LIB/lives.sh"
needs_cgroup
make_cgroup app 256M
make_cgroup hog max
available_mib() { awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo; }

# life OUR-ADJ HOG-ADJ: 40 MiB of ours, and somebody who takes all the rest.
life() {
	local most
	GUARD_WRAP=(bash -c "echo $1 >/proc/self/oom_score_adj; exec \"\$@\"" wrap)
	guard app -s dump.kind=none -- "$PROGRAMS/curve" 40:1 40:600
	app_pid
	wait_for 10 uses_40
	wait_for 15 recorded_40 # or the verdict judges what was there before
	most=$(available_mib)
	launch hog bash -c "echo $2 >/proc/self/oom_score_adj; exec \"\$@\"" hog \
		"$PROGRAMS/curve" "$((most - 120)):1" "$((most + 400)):10"
	hog=$LAUNCHED
}
recorded_40() {
	local use
	use=$("$STORY_OOMGUARD" status --json -s "guard.state-dir=$STATE" | grep -Eo '"use_bytes": ?[0-9]+' | head -n 1)
	[ "${use##*[: ]}" -gt $((40 << 20)) ]
}
uses_40() { [ "$(cgroup_usage app)" -gt $((40 << 20)) ]; }

for life in 1 2; do
	life 1000 -900
	guard_status 25
	kill -KILL "$hog"
	wait_for 10 gone "$hog"
	is "life $life: the kernel has ended it" 137 "$STATUS"
	is "life $life: its limit was never met" 0 "$(awk '$1 == "max" { print $2 }' "${CG[app]}/memory.events")"
done
judge
is "the node was out of memory" node-pressure "$(cause)"
is "no limit" node "$(level)"
check "the kernel's word" evidence 'the kernel killed curve, anon-rss 4[0-9]{4}kB, because the node was out of memory'
between "of the node was available, percent" 0 9 "$(evidence_number '\(([0-9]+)% of the node')"
between "in use, percent of the limit" 14 19 "$(evidence_number 'only ([0-9]+)% of the limit')"
check "no request is why it was us" evidence 'request none'
is "the limit stays" $((256 << 20)) "$(advised)"
request=$(json_get "$VERDICT" 'd["advice"]["request_bytes"]')
between "the request covers what is in use, MiB" 46 64 "$((request >> 20))"
has "the command says it" "$WORK/verdict.txt" "requests=memory=$((request >> 20))Mi"

# With that request the kubelet gives us a lower oom_score_adj than those who request nothing.
total=$(awk '$1 == "MemTotal:" { print $2 * 1024 }' /proc/meminfo)
life $((1000 - 1000 * request / total)) 1000
check "with the request advised it is somebody else" wait_for 30 gone "$hog"
check "and we live" alive "$GUARD_PID"
kill -TERM "$GUARD_PID"
guard_status 15
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The kernel kills us, because our oom_score_adj is the higher one; it is not us who have grown.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh source=../lib/lives.sh
. "$(dirname "$0")/../lib/story.sh"
. "$STORY_LIB/lives.sh"
needs_cgroup
make_cgroup pod 96M
make_cgroup app 512M pod
make_cgroup neighbour max pod
# As the kubelet gives it to a container whose request is small.
GUARD_WRAP=(bash -c 'echo 900 >/proc/self/oom_score_adj; exec "$@"' wrap)

life() {
	guard app -s dump.kind=none -- "$PROGRAMS/curve" 20:0.3 20:"$((8 * STORY_SLOW))"
	app_pid
	launch neighbour "$PROGRAMS/curve" 30:0.1 30:2 90:2 90:"$((6 * STORY_SLOW))"
	neighbour=$LAUNCHED
	guard_status 40
	kill -KILL "$neighbour" 2>/dev/null
	wait_for 5 gone "$neighbour"
}
for life in 1 2; do
	life
	is "life $life: the kernel has ended it" 137 "$STATUS"
done
judge
is "the cause is how the pod is divided" wrong-requests "$(cause)"
is "that is: the neighbour" neighbour "$(detail)"
is "the limit was the pod's" pod "$(level)"
check "the limit is told" evidence 'a limit of 96MiB above the container was reached'
between "what is ours, MiB" 18 26 "$(evidence_number 'only ([0-9.]+)MiB are')"
check_advice_texts
cgroup_limit pod "$(advised)"
life
is "with the pod's limit advised it lives" 0 "$STATUS"
finish

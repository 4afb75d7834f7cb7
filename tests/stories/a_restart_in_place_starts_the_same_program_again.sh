#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Same arguments, same environment; nothing of the old tree is left when the new one starts.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

export STORY_ENV='kept as it is'
# shellcheck disable=SC2016 # for the inner shell
guard app -v "${AT_ONCE[@]}" -s restart.mode=in-place -s restart.backoff=1s..2s -s restart.grace=3s \
	-- sh -c 'echo "forkers=$(pgrep -xc forker)" >>"$2/old"
		"$1/forker" 3 setsid & exec "$1/leak" --to 40M --rate 400M --started "$2/started"' \
	sh "$PROGRAMS" "$WORK"
starts() { [ "$(wc -l <"$WORK/started")" -ge "$1" ]; }
check "it is started a second time" wait_for 30 starts 2
check "by the same guard" alive "$GUARD"
is "nothing of the old tree was left at any start" 'forkers=0' "$(sort -u "$WORK/old")"
is "same arguments and environment" 1 "$(sed 's/pid=[0-9]* at=[0-9.]* //' "$WORK/started" | sort -u | wc -l)"
has "the environment is there" "$WORK/started" 'env=kept as it is'
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
kill -TERM "$GUARD_PID"
guard_status 20
is "TERM ends both" 0 "$STATUS"
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../../lib/story.sh
# The kernel tells a change of memory.events through a read-only mount to uid 65534 too.
. "$(dirname "$0")/../../lib/story.sh"
needs_cgroup
[ "$CGROUP_VERSION" = 2 ] || skip "needs cgroup v2"
make_cgroup app 32M

# shellcheck disable=SC2016 # for the inner shell
launch - unshare -m sh -c "mount -o remount,bind,ro /sys/fs/cgroup
	exec setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all --inh-caps -all \
		--no-new-privs \"\$@\"" sh \
	"$PROGRAMS/watchevents" "${CG[app]}/memory.events" $((20 * STORY_SLOW)) >"$OUT" 2>&1
watcher=$LAUNCHED
check "watching as nobody" wait_for 10 file_has "$OUT" watching
in_cgroup app "$PROGRAMS/leak" --rate 200M >/dev/null 2>&1
wait_for 20 gone "$watcher"
wait "$watcher"
is "both ways were told" 0 $?
has "poll with POLLPRI" "$OUT" "^poll"
has "inotify" "$OUT" "^inotify"
finish

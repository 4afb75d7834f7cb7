#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: moments are as random on every kernel, and emulated ones are slow
# Guard, companion, helpers and program are killed together, again and again; see tests/bench/kills.
# STORY_KILLS=1000 tests/stories/killed_at_any_moment_it_leaves_nothing_that_breaks.sh
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v python3 >/dev/null || skip "python3 is not installed"
make_cgroup app 64M

launch - python3 "$STORY_LIB/../bench/kills" "$STORY_OOMGUARD" "$PROGRAMS/leak" "${CG[app]}" "$STATE" \
	"${STORY_KILLS:-50}" >"$WORK/result" 2>"$WORK/broken"
wait "$LAUNCHED"
is "nothing was broken in ${STORY_KILLS:-50} lives that were killed" 0 $?
sed 's/^# //; s/^/# /' "$WORK/broken" "$WORK/result"
finish

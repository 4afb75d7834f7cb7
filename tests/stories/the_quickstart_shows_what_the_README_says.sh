#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
script=$STORY_LIB/../../examples/quickstart.sh
[ -e "$script" ] || skip "no examples beside this story"

[ "$STORY_SLOW" = 1 ] || export OOMGUARD_GUARD_MAX_CPU=10% # see story.sh
launch - env OOMGUARD="$STORY_OOMGUARD" TMPDIR="$WORK" "$script" >"$OUT" 2>"$LOG"
GUARD=$LAUNCHED
start=$(now_ms)
guard_status 60
is "all that it shows is real" 0 "$STATUS"
check "in under a minute" test $(($(now_ms) - start)) -lt $((60000 * STORY_SLOW))
has "the dump level fires" "$OUT" 'dump level: (8[89]|9[0-9])% of 128MiB'
has "the dump is taken" "$OUT" 'heap dump of pid [0-9]+ \(python3?[0-9.]*\) done'
has "the restart is graceful" "$OUT" 'leaky.py: asked to stop; finishing'
has "the leaking line is named" "$OUT" 'leaky.py:26$'
[ "$STATUS" = 0 ] || sed 's/^/# | /' "$OUT"
check "its cgroup is gone" test -z "$(find "$CGROUP_ROOT" -maxdepth 1 -name "oomguard-quickstart-$LAUNCHED-*")"

# Without root it says what it needs.
mkdir "$WORK/tests"
cp -r "$STORY_LIB/../../examples" "$WORK/"
cp -r "$STORY_LIB" "$STORY_LIB/../packages.txt" "$WORK/tests/"
chmod 755 "$WORK"
setpriv --reuid 65534 --regid 65534 --clear-groups bash "$WORK/examples/quickstart.sh" >"$OUT" 2>"$LOG" </dev/null
is "as another user: exit status" 1 $?
has "it says what it needs" "$LOG" 'needs root'
finish

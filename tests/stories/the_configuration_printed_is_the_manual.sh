#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What "config" prints reads back to the same, and the manual in the tree has exactly the defaults.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
manual=$STORY_LIB/../../conf/oomguard.ini
[ -e "$manual" ] || skip "no conf/oomguard.ini beside this story"
run config --defaults
is "config --defaults" 0 "$STATUS"
cp "$OUT" "$WORK/defaults.ini"
run config -c "$WORK/defaults.ini"
is "it reads back" 0 "$STATUS"
check "to the same" diff -u "$WORK/defaults.ini" "$OUT"
run config -c "$manual"
is "the manual is valid" 0 "$STATUS"
check "and holds the defaults" diff -u "$WORK/defaults.ini" "$OUT"
run config -s restart.grace=13s -s level.extra.at=42% -s level.extra.actions=snapshot,stacks
cp "$OUT" "$WORK/changed.ini"
run config -c "$WORK/changed.ini"
check "changes survive the round trip" diff -u "$WORK/changed.ini" "$OUT"
has "a level of one's own is in it" "$OUT" '^\[level extra\]'
finish

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # variables are those of story.sh
#
# recipe NAME: runs examples/NAME/run.sh as a newcomer would, with the binary under test. Its output is in
# $OUT. A recipe checks itself and ends with 1 when something of what it shows is not so.
recipe() {
	launch - env OOMGUARD="$STORY_OOMGUARD" TMPDIR="$WORK" "$STORY_LIB/../../examples/$1/run.sh" \
		>"$OUT" 2>"$LOG"
	GUARD=$LAUNCHED
	guard_status 90
	is "all that it shows is real" 0 "$STATUS"
	[ "$STATUS" = 0 ] || sed 's/^/# | /' "$OUT"
	lacks "nothing of it is not so" "$OUT" '^  NO '
	has "the guard stops it" "$OUT" 'oomguard: exit 75'
	check "its cgroup is gone" not exists "$CGROUP_ROOT/oomguard-recipe-$LAUNCHED"
}

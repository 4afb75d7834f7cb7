#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The hot path under memcheck: looks at a cgroup, decides, keeps the history; and a program under
# guard from its start to its end.
# shellcheck source-path=SCRIPTDIR source=../lib/analysis.sh
. "$(dirname "$0")/../lib/analysis.sh"
begin valgrind gcc

memcheck=(valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite
	--errors-for-leak-kinds=definite)
# Not trigger_trigger: millions of readings take minutes here, and it has no memory but its own struct.
hot=(cgroup_look cgroup_stat trigger_history trigger_pace trigger_brake)

{ build_in valgrind --enable-werror CFLAGS='-g -O1' || tail -n 20 "$tmp/valgrind.log"; } |
	rule "it builds"
# shellcheck disable=SC2046 # one word a test
make -s -C "$tmp/valgrind" -j"$(nproc)" $(printf 'tests/unit/%s ' "${hot[@]}") 2>&1 >/dev/null |
	rule "the unit tests build"
for name in "${hot[@]}"; do
	CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 5 60 "${memcheck[@]}" \
		"$tmp/valgrind/tests/unit/$name" >"$tmp/log" 2>&1
	status=$?
	{
		# It counts calls of a malloc of its own, whose place valgrind has taken.
		grep -E '^(not ok|==)' "$tmp/log" | grep -v a_look_allocates_nothing | head -n 40
		grep -q '^1\.\.' "$tmp/log" && [ $status -lt 99 ] || echo "exit status $status"
	} | rule "$name: no fault under memcheck"
done

# The guard and its helpers; the program itself is none of ours.
guarded() {
	timeout -k 5 60 "${memcheck[@]}" --trace-children=no --child-silent-after-fork=no \
		--log-file="$tmp/vg.%p" "$tmp/valgrind/src/oomguard" -v -s guard.limit=64MiB \
		-s guard.state-dir="$tmp/state" -s level.warn.at=4KiB -s level.warn.hold=1 -- \
		sh -c 'sleep 2; exit 7' >"$tmp/log" 2>&1
	[ $? = 7 ] || { echo "exit status is not the program's" && tail -n 20 "$tmp/log"; }
	grep -qw warn "$tmp/log" || { echo "the level did not fire" && tail -n 5 "$tmp/log"; }
	# What begins with "--" is about system calls that this valgrind does not know (openat2).
	grep -h '^==' "$tmp"/vg.* | head -n 40
}
guarded | rule "a guarded run has no fault under memcheck"
finish

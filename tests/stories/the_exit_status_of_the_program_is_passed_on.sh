#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
exits_with() { # EXPECTED COMMAND...
	local expected=$1
	shift
	guard - -q -- "$@"
	guard_status 10
	is "as PID 1: $*" "$expected" "$STATUS"
	guard_as_child - -q -- "$@"
	guard_status 10
	is "as a child: $*" "$expected" "$STATUS"
}
[ "$(id -u)" = 0 ] || skip "needs root for a pid namespace"
exits_with 0 true
exits_with 1 false
exits_with 3 sh -c 'exit 3'
exits_with 255 sh -c 'exit 255'
exits_with 137 sh -c 'kill -KILL $$'
exits_with 143 sh -c 'kill -TERM $$'
exits_with 134 sh -c 'kill -ABRT $$'

guard - -q -s child.exit-remap=143:0,3:4 -- sh -c 'kill -TERM $$'
guard_status 10
is "exit-remap 143:0" 0 "$STATUS"
guard - -q -s child.exit-remap=143:0,3:4 -- sh -c 'exit 3'
guard_status 10
is "exit-remap 3:4" 4 "$STATUS"
finish

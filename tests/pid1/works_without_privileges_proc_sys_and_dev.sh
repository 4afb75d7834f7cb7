#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P47 P48: uid 65534 with no capability and no_new_privs; no /proc, no /sys, no /dev.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

[ "$(id -u)" = 0 ] || skip "needs root to become somebody else"
chmod 711 "$WORK"

try() { # TEXT MODE
	init_run "$2" sh -c 'exit 42'
	is "$1: the code passes" 42 "$STATUS"
	init_start "$2" sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done'
	wait_for 10 file_has "$OUT" ready
	kill -TERM "$GUARD_PID"
	guard_status 10
	is "$1: TERM is forwarded" 9 "$STATUS"
}

nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all)
if "${nobody[@]}" test -x "$STORY_OOMGUARD"; then
	GUARD_WRAP=("${nobody[@]}")
	try "pid1, uid 65534 without a capability" pid1
	try "child, uid 65534 without a capability" child
	GUARD_WRAP=()
else
	skip_check "uid 65534" "$STORY_OOMGUARD cannot be reached by it"
fi

# Below our /proc lies that of the host, of another pid namespace.
for hidden in /proc /sys '/proc /sys' /dev; do
	GUARD_WRAP=(unshare -m sh -c 'for d in $0; do
			case $d in
			/proc) while umount -l /proc 2>/dev/null; do :; done ;;
			*) mount -t tmpfs none $d ;;
			esac
		done; exec "$@"' "$hidden")
	try "pid1 without $hidden" pid1
done
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../../lib/story.sh
# uid 65534 without one capability, the cgroup read-only: what a restricted Pod leaves.
. "$(dirname "$0")/../../lib/story.sh"
needs_cgroup
make_cgroup app 64M
chmod 711 "$WORK"
chown -R 65534:65534 "$STATE"

GUARD_WRAP=(sh -c "mount -o remount,bind,ro /sys/fs/cgroup
	exec setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all --inh-caps -all \
		--no-new-privs \"\$@\"" sh)
guard app -v -s dump.kind=none -s level.dump.actions=snapshot,stacks -- \
	"$PROGRAMS/leak" --from 40M --rate 1M
wait_for 10 logged "started pid"
is "no capability" "0000000000000000" "$(awk "/^CapEff/ { print \$2 }" "/proc/$GUARD_PID/status")"
is "uid 65534" 65534 "$(awk "/^Uid/ { print \$2 }" "/proc/$GUARD_PID/status")"
guard_status 60
is "exit status" 75 "$STATUS"
has "warn level" "$LOG" "warn level: "
has "dump level" "$LOG" "dump level: "
has "restart level" "$LOG" "(restart|brink) level: "
check "the snapshot is valid JSON" json_valid "$(incident_of dump)/snapshot.json"
finish

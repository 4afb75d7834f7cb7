#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard app -v -s level.warn.at=50% -s level.warn.actions=snapshot,command -s dump.command=true \
	-- "$PROGRAMS/leak" --to 40M --rate 20M
app_pid
cgroup_pids_max app 1 || skip "no pids controller here"
check "the level is told" wait_for 20 logged 'warn level: '
snapshot() { json_valid "$(incident_of warn)/snapshot.json"; }
check "the companion writes the snapshot" wait_for 10 snapshot
check "the log says that the command could not be started" wait_for 5 logged \
	'command.*([Rr]esource temporarily|fork|cannot|failed)'
kill -TERM "$GUARD_PID"
guard_status 10
is "signals are forwarded" 0 "$STATUS"
finish

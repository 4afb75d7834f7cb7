#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

guard app -v "${AT_ONCE[@]}" -s "restart.pre-stop=sleep 1000" -s restart.grace=2s \
	-- "$PROGRAMS/leak" --to 40M --rate 400M
guard_status 20
is "restarted" 75 "$STATUS"
check "no process is left" wait_for 2 cgroup_empty app
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Nothing can be written, restarts cannot be remembered: the emergency level still stops the leak.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

mount -t tmpfs -o size=64k none "$STATE"
head -c 1M /dev/zero >"$STATE/filler" 2>/dev/null
guard app -v "${AT_ONCE[@]}" -s level.restart.actions=snapshot,heap-dump,restart \
	-s dump.kind=command -s "dump.command=touch $WORK/dumped" \
	-- "$PROGRAMS/leak" --from 30M --rate 6M
guard_status 30
is "the restart comes all the same" 75 "$STATUS"
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
check "no dump was tried where there is no room for it" test ! -e "$WORK/dumped"
has "the log says what is missing" "$LOG" '[Nn]o space|not enough|disk is full|room'
umount "$STATE"
finish

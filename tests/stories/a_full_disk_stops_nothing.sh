#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

mount -t tmpfs -o size=64k none "$STATE"
head -c 1M /dev/zero >"$STATE/filler" 2>/dev/null
guard app -v "${AT_ONCE[@]}" -s level.restart.actions=snapshot,heap-dump,restart \
	-s dump.kind=command -s "dump.command=touch $WORK/dumped" \
	-- "$PROGRAMS/leak" --to 40M --rate 400M
guard_status 20
is "the restart comes all the same" 75 "$STATUS"
has "the log says what is missing" "$LOG" '[Nn]o space|not enough|disk is full|room'
umount "$STATE"
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files in memory cannot be reclaimed; a restart gives them back only where the mount goes too.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M
mkdir "$WORK/shm"

# shellcheck disable=SC2016 # for the inner shell
guard app -v -s guard.start-grace=0s -s dump.kind=none -s restart.mode=never -- bash -c '
	mount -t tmpfs none "$1" || exit 1
	for ((i = 0; i < 58; i++)); do
		head -c 1M /dev/zero >"$1/$i" || exit 2
		read -rt 0.2 <>"$2"
	done
	read -rt 3 <>"$2"
	exit 5' sh "$WORK/shm" "$WORK/never"
guard_status 40
is "the program ends by itself" 5 "$STATUS"
has "the warn level fires" "$LOG" 'warn level: '
has "the dump level sees the growth" "$LOG" 'dump level: '
snapshot=$(incident_of dump)/snapshot.json
check "the snapshot is valid JSON" json_valid "$snapshot"
shmem=$(grep -Eo '"shmem[a-z_]*": *[0-9]+' "$snapshot" | head -n 1 | grep -Eo '[0-9]+$')
check "and shows the shared memory" test "${shmem:-0}" -gt $((40 << 20))
finish

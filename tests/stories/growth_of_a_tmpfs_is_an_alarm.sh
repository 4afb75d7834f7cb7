#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files in memory cannot be reclaimed; a restart gives them back only where the mount goes too.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M
mkdir "$WORK/shm"

# shellcheck disable=SC2016 # for the inner shell
fill='
	mount -t tmpfs none "$1" || exit 1
	for ((i = 0; i < $3; i++)); do
		head -c 1M /dev/zero >"$1/$i" || exit 2
		read -rt 0.2 <>"$2"
	done
	read -rt 3 <>"$2"
	exit 5'
guard app -v -s guard.start-grace=0s -s dump.kind=none -s restart.mode=never \
	-- bash -c "$fill" sh "$WORK/shm" "$WORK/never" 58
guard_status 40
is "the program ends by itself" 5 "$STATUS"
has "the warn level fires" "$LOG" 'warn level: '
has "the dump level sees the growth" "$LOG" 'dump level: '
snapshot=$(incident_of dump)/snapshot.json
check "the snapshot is valid JSON" json_valid "$snapshot"
shmem=$(grep -Eo '"shmem[a-z_]*": *[0-9]+' "$snapshot" | head -n 1 | grep -Eo '[0-9]+$')
check "and shows the shared memory" test "${shmem:-0}" -gt $((40 << 20))

# A memory-backed volume outlives the container: to restart would not give the memory back.
guard app -v -s guard.start-grace=0s -s dump.kind=none -s level.restart.at=85% \
	-- bash -c "$fill" sh "$WORK/shm" "$WORK/never" 58
guard_status 40
is "it is not restarted for what would stay" 5 "$STATUS"
has "and the mount is named" "$LOG" "restart held back: .*files on tmpfs \\($WORK/shm\\)"
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

mount -t tmpfs -o ro none "$STATE"
# shellcheck disable=SC2016 # for the inner shell
GUARD_WRAP=(bash -c 'mount -t tmpfs none /dev/shm && exec "$@"' sh) # where it falls back to
guard app -v "${AT_ONCE[@]}" -s restart.mode=never -- "$PROGRAMS/leak" --to 40M --rate 400M --hold 3 --exit 6
guard_status 20
is "the program ends by itself" 6 "$STATUS"
is "told once" 1 "$(grep -Ec 'cannot be written' "$LOG")"
has "the level is told all the same" "$LOG" 'restart level: '
umount "$STATE"
finish

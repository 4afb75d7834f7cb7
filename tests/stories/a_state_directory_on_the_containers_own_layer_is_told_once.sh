#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An overlay as root directory, as containers have it: what is written there is gone after the exit.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

mkdir "$WORK/layer" "$WORK/root"
# All of this is mounted in the guard's namespace alone, and gone with it.
# shellcheck disable=SC2016 # for the inner shell
GUARD_WRAP=(bash -c '
	set -e
	cd "$1"
	mount -t tmpfs none layer # an overlay cannot be the upper layer of another
	mkdir layer/upper layer/work
	mount -t overlay -o "lowerdir=/,upperdir=$1/layer/upper,workdir=$1/layer/work" none root
	cp "$2" "$3" root/
	mount -t proc proc root/proc
	mount --rbind /sys root/sys
	root=$1/root
	shift 4
	exec chroot "$root" /oomguard-under-test "$@"' sh "$WORK" "$WORK/oomguard-under-test" "$PROGRAMS/leak")
cp "$STORY_OOMGUARD" "$WORK/oomguard-under-test"
guard app -v "${AT_ONCE[@]}" -s restart.mode=never -s guard.state-dir=/var/lib/oomguard \
	-- /leak --to 40M --rate 400M --hold 3 --exit 6
guard_status 20
is "the program ends by itself" 6 "$STATUS"
is "told once" 1 "$(grep -Ec 'layer, which is lost' "$LOG")"
finish

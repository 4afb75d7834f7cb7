#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An overlay as root directory, as containers have it: what is written there is gone after the exit.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

mkdir "$WORK/layer" "$WORK/root"
mount -t tmpfs none "$WORK/layer" # an overlay cannot be the upper layer of another
mkdir "$WORK/layer/upper" "$WORK/layer/work"
mount -t overlay -o "lowerdir=/,upperdir=$WORK/layer/upper,workdir=$WORK/layer/work" none "$WORK/root" ||
	skip "no overlay file system here"
for dir in /proc /sys /dev /tmp; do
	mount --rbind $dir "$WORK/root$dir"
done
GUARD_WRAP=(chroot "$WORK/root")
guard app -v "${AT_ONCE[@]}" -s restart.mode=never -s guard.state-dir=/var/lib/oomguard \
	-- "$PROGRAMS/leak" --to 40M --rate 400M --hold 3 --exit 6
guard_status 20
is "the program ends by itself" 6 "$STATUS"
is "told once" 1 "$(grep -Ec 'layer|thrown away|lost (at|with)' "$LOG")"
finish

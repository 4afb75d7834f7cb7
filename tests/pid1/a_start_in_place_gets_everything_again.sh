#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# R03: an application that is started again in place finds what it found the first time: descriptors,
# directory, mask, limits, and the terminal.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"
needs_cgroup
make_cgroup app 64M

cat >"$WORK/app" <<'END'
#!/bin/bash
# appends one line to $2/lives, reads a line from the terminal, and then takes 40 MiB
"$1/showfds" "$2/fds"
front=no
[ "$(ps -o tpgid= -p $$)" = "$(ps -o pgid= -p $$)" ] && front=yes
mask=$(awk '/^Sig(Blk|Ign):/ { print $2 }' /proc/self/status | xargs)
echo "fds $(cat "$2/fds"), in $(pwd), umask $(umask), mask $mask, front $front" >>"$2/lives"
echo "life $(wc -l <"$2/lives")"
read -r line
echo "read $line"
exec "$1/leak" --to 40M --rate 400M
END
chmod +x "$WORK/app"
mkdir "$WORK/place"
cd "$WORK/place" || exit 1
umask 027
exec 7<"$WORK/app"
in_cgroup app "$PROGRAMS/onpty" -n -t $((30 * STORY_SLOW)) \
	'expect=life 1' 'type=one\r' 'expect=read one' 'expect=life 2' 'type=two\r' 'expect=read two' \
	'sh=kill -TERM $(pgrep -P $PTY_PID)' -- \
	"${DEFAULTS[@]}" env --ignore-signal=HUP --block-signal=USR1 \
	unshare -pf --mount-proc --kill-child setsid -c \
	"$STORY_OOMGUARD" "${OPTIONS[@]}" "${AT_ONCE[@]}" -s restart.mode=in-place -s restart.max=9 \
	-s restart.backoff=100ms..100ms -s restart.grace=3s -- "$WORK/app" "$PROGRAMS" "$WORK" \
	>"$OUT" 2>"$LOG"
exec 7<&-
cd / || exit 1
has "it read the terminal in its first life" "$OUT" 'read one'
has "and in its second" "$OUT" 'read two'
is "what it found was the same" 1 "$(sort -u "$WORK/lives" | wc -l)"
has "the inherited descriptor" "$WORK/lives" '^fds 0 1 2 (.* )?7[ ,]'
has "the directory and the umask" "$WORK/lives" "in $WORK/place, umask 0027"
has "the mask and the ignored signals" "$WORK/lives" 'mask 0000000000000200 0000000000000001'
has "the terminal's foreground" "$WORK/lives" 'front yes'
finish

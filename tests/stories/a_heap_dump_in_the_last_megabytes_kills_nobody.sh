#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# The limit comes down to 16 to 20 MiB above what is in use; then the dump is taken, of HotSpot and as a core.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v javac >/dev/null || skip "no javac"

cat >"$WORK/Hold.java" <<'JAVA'
public class Hold {
	public static void main(String[] args) throws Exception {
		byte[][] kept = new byte[100_000][];
		for (int i = 0; i < kept.length; i++)
			kept[i] = new byte[1000];
		System.out.println("all is kept");
		for (;;) {
			Thread.sleep(100);
			kept[(int) (Math.random() * kept.length)] = new byte[1000];
		}
	}
}
JAVA
javac -d "$WORK" "$WORK/Hold.java" || skip "javac does not work"

tight() { # NAME KIND FILE
	: >"$LOG" && : >"$OUT"
	make_cgroup "$1" 500M
	guard "$1" -s dump.cooldown=0s -s "dump.kind=$2" -s level.warn.actions=log -s level.profile.actions=log \
		-s level.dump.at=80% -s level.dump.growing=no -s level.restart.actions=log \
		-s level.brink.actions=log -s level.emergency.actions=log \
		-- java -Xms180m -Xmx180m -XX:+UseSerialGC -cp "$WORK" Hold
	wait_for 30 file_has "$OUT" 'all is kept'
	cgroup_limit "$1" $(($(cgroup_read "$1" memory.stat | awk '/^(rss|anon|kernel) / { n += $2 } END { print n }') + (20 << 20)))
	check "$1: a dump is written" wait_for 60 logged "done: incidents/.*/$3"
	is "$1: the kernel killed nothing" 0 "$(cgroup_oom_kills "$1")"
	check "$1: the program goes on" app_pid
	note "$(grep 'dump level' "$LOG" | tail -n 2)"
	kill -KILL "$GUARD_PID"
	guard_status 10
}
for round in 1 2 3; do
	tight "hotspot-$round" hotspot 'hotspot-[0-9]+\.hprof'
	tight "core-$round" core 'core-[0-9]+\.elf'
done
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# SIGQUIT would print its threads into the log and nothing else.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v javac >/dev/null || skip "no javac"
command -v zstd >/dev/null || skip "no zstd"
make_cgroup app 400M

cat >"$WORK/Hold.java" <<'JAVA'
public class Hold {
	public static void main(String[] args) throws Exception {
		byte[][] kept = new byte[120][];
		for (int i = 0; i < kept.length; i++) {
			kept[i] = new byte[1 << 20];
			Thread.sleep(40);
		}
		System.out.println("all is kept " + kept.length);
		Thread.sleep(1_000_000);
	}
}
JAVA
javac -d "$WORK" "$WORK/Hold.java" || skip "javac does not work"
guard app -v -s level.dump.at=30% -s level.dump.growing=no -s level.profile.actions=log \
	-s level.restart.actions=log -s level.brink.actions=log \
	-- java -XX:+DisableAttachMechanism -Xmx300m -XX:+UseSerialGC -cp "$WORK" Hold
check "a core is written" wait_for 60 logged 'done: incidents/.*/core-[0-9]+\.elf\.zst'
has "the log says why" "$LOG" 'HotSpot of pid [0-9]+ \(java\): the VM does not allow it \(-XX:\+DisableAttachMechanism\)'
core=$WORK/core
zstd -qd "$(find "$STATE" -name 'core-*.elf.zst')" -o "$core"
gdb -batch -ex 'info threads' "$(readlink -f "$(command -v java)")" "$core" >"$WORK/gdb" 2>&1
check "gdb finds its threads" test "$(grep -c LWP "$WORK/gdb")" -gt 5
lacks "it was not sent SIGQUIT" "$OUT" 'Full thread dump'
check "the program goes on" wait_for 60 file_has "$OUT" 'all is kept 120'
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# Garbage, not a leak: a collection gives it back, and the log says how much.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v javac >/dev/null || skip "no javac"
make_cgroup app 600M

cat >"$WORK/Waste.java" <<'JAVA'
public class Waste {
	static byte[][] kept = new byte[200_000][];

	public static void main(String[] args) throws Exception {
		for (int i = 0; i < kept.length; i++)
			kept[i] = new byte[1000];
		kept = null;
		/* The level is reached by something else, when all of the heap is garbage. */
		java.nio.ByteBuffer native_ = java.nio.ByteBuffer.allocateDirect(120 << 20);
		for (int i = 0; i < native_.capacity(); i += 4096)
			native_.put(i, (byte) 1);
		System.out.println("all is wasted " + native_.get(0));
		Thread.sleep(1_000_000);
	}
}
JAVA
javac -d "$WORK" "$WORK/Waste.java" || skip "javac does not work"
guard app -s level.warn.at=55% -s level.warn.actions=relieve -s level.profile.actions=log \
	-s level.dump.actions=log -s level.restart.actions=log -s level.brink.actions=log \
	-- java -Xms16m -Xmx400m -XX:MaxDirectMemorySize=200m -XX:+UseG1GC -cp "$WORK" Waste
check "relief is told" wait_for 60 logged \
	'warn level: relief: garbage collection of pid [0-9]+ \(java\): [0-9.]+MiB -> [0-9.]+MiB resident'
freed=$(sed -nE 's/.*\): ([0-9]+)[0-9.]*MiB -> ([0-9]+)[0-9.]*MiB resident.*/\1 \2/p' "$LOG" | head -n 1)
note "${freed:=0 0}"
check "more than 50 MiB are given back" test "$((${freed% *} - ${freed#* }))" -gt 50
check "the program goes on" app_pid
finish

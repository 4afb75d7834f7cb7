#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# To attach for the first time fails in a full heap; the guard has attached before.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v javac >/dev/null || skip "no javac"
make_cgroup app 400M

cat >"$WORK/Full.java" <<'JAVA'
import java.util.*;

public class Full {
	static List<byte[]> kept = new LinkedList<>();

	public static void main(String[] args) throws Exception {
		kept.add(new byte[60 << 20]);
		System.in.read();
		for (int size = 1 << 20; size >= 16; size /= 4)
			try {
				for (;;)
					kept.add(new byte[size]);
			} catch (OutOfMemoryError e) {
			}
		for (;;)
			try {
				kept.add(new byte[8]);
			} catch (OutOfMemoryError e) {
				try { Thread.sleep(20); } catch (OutOfMemoryError f) { }
			}
	}
}
JAVA
javac -d "$WORK" "$WORK/Full.java" || skip "javac does not work"
mkfifo "$WORK/go"
exec {go}<>"$WORK/go"
GUARD_WRAP=(sh -c "exec \"\$@\" <'$WORK/go'" sh)
guard app -v -s level.warn.actions=log -s level.profile.actions=log -s level.dump.at=48% \
	-s level.dump.growing=no -s level.restart.actions=log -s level.brink.actions=log \
	-- java -XX:NativeMemoryTracking=summary -Xms200m -Xmx200m -XX:+UseSerialGC -cp "$WORK" Full
check "the guard attaches early" wait_for 60 logged 'attached to the Java VM of pid [0-9]+ early'
echo >&"$go"
check "the dump level does something" wait_for 60 logged 'dump level: .*(heap dump|no heap dump|HotSpot) of pid'
has "it is a heap dump" "$LOG" 'dump level: heap dump of pid [0-9]+ \(java\) done: incidents/.*/hotspot-[0-9]+\.hprof'
has "threads and native memory are beside it" "$LOG" 'HPROF, stopped for .*; threads, native memory'
has "native memory has its sum" "$(find "$STATE" -name '*.native_memory.txt')" 'Total: reserved='
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
kill -KILL "$GUARD_PID"
guard_status 10
finish

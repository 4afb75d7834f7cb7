#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# It maps its heap, touches it for the first time and collects: a healthy program near its limit.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v java >/dev/null || skip "java is not installed"
make_cgroup app 256M

cat >"$WORK/Busy.java" <<'END'
public class Busy {
	public static void main(String[] args) throws Exception {
		long end = System.currentTimeMillis() + 1000L * Integer.parseInt(args[0]);
		byte[][] live = new byte[64][];
		for (int i = 0; System.currentTimeMillis() < end; i++) {
			live[i % live.length] = new byte[1 << 20];
			if (i % 16 == 0)
				Thread.sleep(5);
		}
		System.exit(live[0] == null ? 1 : 0);
	}
}
END
guard app -v -s guard.start-grace=0s -s dump.kind=none \
	-- java -Xmx128m -XX:+AlwaysPreTouch -XX:+UseSerialGC "$WORK/Busy.java" "$STORY_LONG"
guard_status $((STORY_LONG + 60))
is "it ends by itself" 0 "$STATUS"
lacks "no dump level, no restart" "$LOG" '(dump|restart|brink) level:|stopping the application'
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
finish

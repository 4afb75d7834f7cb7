#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# Without any setting: kind = auto finds out what it is. The program is another user's.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh disable=SC2016 # $ of a class's name
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v javac >/dev/null || skip "no javac"
make_cgroup app 400M

chmod 755 "$WORK"
cat >"$WORK/Leak.java" <<'JAVA'
import java.util.*;

public class Leak {
	static class PlantedCulprit {
		byte[] load = new byte[1000];
	}
	static final List<PlantedCulprit> kept = new ArrayList<>();

	public static void main(String[] args) throws Exception {
		for (int i = 0; i < 260_000; i++) {
			kept.add(new PlantedCulprit());
			if (i % 500 == 0)
				Thread.sleep(15);
		}
		System.out.println("all is kept");
		Thread.sleep(1_000_000);
	}
}
JAVA
javac -d "$WORK" "$WORK/Leak.java" || skip "javac does not work"
chmod -R a+rX "$WORK"/*.class

guard app -v -s level.warn.actions=snapshot -s level.dump.at=50% -s level.dump.growing=no \
	-s level.profile.at=40% -s level.profile.actions=profile \
	-s level.restart.actions=log -s level.brink.actions=log \
	-- setpriv --reuid=1000 --regid=1000 --clear-groups \
	java -XX:StartFlightRecording=maxsize=8m -Xms16m -Xmx300m -XX:+UseSerialGC -cp "$WORK" Leak
done_dumping() { logged 'dump level: .*(heap dump|no heap dump|HotSpot) of pid'; }
check "the dump level does something" wait_for 60 done_dumping
has "it is the heap dump of HotSpot" "$LOG" \
	'dump level: heap dump of pid [0-9]+ \(java\) done: incidents/.*/hotspot-[0-9]+\.hprof\.gz, [0-9.]+MiB in .*HPROF, stopped for .*; threads, flight recording; .*before gzip'
is "the recording is one" FLR "$(head -c 3 "$(find "$STATE" -name 'hotspot-*.jfr')" | tr -d '\0')"
dump=$(find "$STATE" -name '*.hprof*')
check "gzip opens it, and it is all there is" gzip -t "$dump"
gzip -dc "$dump" >"$WORK/heap.hprof"
check "the dump can be read to its end" sh -c "python3 '$(dirname "$0")/../lib/hprof.py' '$WORK/heap.hprof' >'$WORK/classes'"
has "it names the culprit, in tens of thousands" "$WORK/classes" '^[0-9]{5,} Leak\$PlantedCulprit$'
is "it is the owner's alone" 600 "$(stat -c %a "$dump")"

has "before that came a histogram" "$LOG" 'profile level: profile of pid [0-9]+ \(java\) done: .*histogram\.txt'
has "with the culprit, too" "$(find "$STATE" -name '*.histogram.txt')" 'Leak\$PlantedCulprit'
has "and the threads" "$(find "$STATE" -path '*-profile/*.threads.txt')" '"main" .*prio='

check "the program goes on" wait_for 60 file_has "$OUT" 'all is kept'
check "nothing partial is left behind" test -z "$(find "$STATE" -name '*.partial')"
lacks "no thread dump on its output" "$OUT" 'Full thread dump'
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
kill -TERM "$GUARD_PID"
guard_status 15
is "and it can end" 143 "$STATUS"
check "nothing is left in /tmp" test -z "$(find /tmp -maxdepth 1 -name '.oomguard-*' -o -maxdepth 1 -name '.attach_pid*' 2>/dev/null)"
finish

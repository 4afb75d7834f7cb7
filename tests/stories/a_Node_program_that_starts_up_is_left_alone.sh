#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v node >/dev/null || skip "node is not installed"
make_cgroup app 256M

cat >"$WORK/busy.js" <<'END'
const end = Date.now() + 1000 * Number(process.argv[2]);
const live = [];
(function step() {
	for (let i = 0; i < 200; i++) {
		live.push(Array.from({ length: 200 }, (_, k) => ({ k, text: "x" + k })));
		if (live.length > 4000) live.splice(0, 2000);
	}
	if (Date.now() < end) setTimeout(step, 5);
})();
END
guard app -v -s guard.start-grace=0s -s dump.kind=none \
	-- node --max-old-space-size=160 "$WORK/busy.js" "$STORY_LONG"
guard_status $((STORY_LONG + 60))
is "it ends by itself" 0 "$STATUS"
lacks "no dump level, no restart" "$LOG" '(dump|restart|brink) level:|stopping the application'
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# Nothing is put into the program and it is not asked: what it is at stands in its memory.
# STORY_PYTHON names another interpreter than python3.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
python=${STORY_PYTHON:-python3}
command -v "$python" >/dev/null || skip "no $python"
make_cgroup app 100M

cat >"$WORK/app.py" <<'PY'
import threading, time

class Planted:
    def culprit(self):
        kept = bytearray(30 << 20)
        print("all is kept", flush=True)
        time.sleep(1000)

def other():
    time.sleep(1000)

threading.Thread(target=other, daemon=True).start()
Planted().culprit()
PY
guard app -v -s level.warn.at=20MiB -s level.warn.actions=stacks -- "$python" "$WORK/app.py"
check "stacks are written" wait_for 30 logged 'warn level: stacks of'
stacks=$(find "$STATE" -name stacks.txt)
has "the version is known" "$stacks" '^python 3\.[0-9]+$'
has "the function is named with file and line" "$stacks" '/app\.py:[57] (Planted\.)?culprit$'
has "and who has called it" "$stacks" '/app\.py:13 <module>$'
has "other threads, too" "$stacks" '/app\.py:10 other$'
has "beside those of the machine code" "$stacks" ' #0 0x[0-9a-f]+ .*\(lib'
check "the program goes on" app_pid
finish

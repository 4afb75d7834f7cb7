#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
guard_as_child - -- sleep 60
check "the socket is there" wait_for 5 exists "$STATE/control.sock"
cat >"$WORK/ask.py" <<'PY'
import json, os, socket, sys
os.chdir(sys.argv[1])
def ask(data):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect("control.sock")
    try:
        s.sendall(data)
    except BrokenPipeError:
        pass # answered before it was asked: full
    out = b""
    while not out.endswith(b"\n"):
        more = s.recv(65536)
        if not more:
            break
        out += more
    return json.loads(out)
for data in [b"\n", b"hello\n", b'{"command":"explode"}\n', b'{"command":1}\n', os.urandom(200).replace(b"\n", b"") + b"\n",
             b"x" * 256, b'{"command":"dump"' + b" " * 400]:
    print("refused" if ask(data)["ok"] is False else "taken")
# Four that say nothing fill its places; they are not for ever.
idle = [socket.socket(socket.AF_UNIX) for i in range(8)]
for s in idle:
    s.connect("control.sock")
print("full" if ask(b'{"command":"status"}\n')["ok"] is False else "room")
for s in idle:
    s.close()
PY
python3 "$WORK/ask.py" "$STATE" >"$WORK/said" 2>&1
is "all of it is refused in JSON" "refused refused refused refused refused refused refused full" \
	"$(tr '\n' ' ' <"$WORK/said" | sed 's/ $//')"
cat "$WORK/said" >>"$LOG"
run status -s "guard.state-dir=$STATE"
is "and it is there for the next one" 0 "$STATUS"
kill -TERM "$GUARD_PID"
guard_status 10
is "TERM ends it" 143 "$STATUS"
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: a terminal is the same on every kernel
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v python3 >/dev/null || skip "python3 is not installed"
make_cgroup app 64M
cat >"$WORK/watch.py" <<'END'
import fcntl, json, os, pty, re, select, struct, sys, termios, time

def size(columns, rows):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

def read_until(wanted, seconds):
    global seen
    end = time.time() + seconds
    while not wanted(seen) and time.time() < end:
        if select.select([master], [], [], 0.1)[0]:
            try:
                seen += os.read(master, 65536)
            except OSError:
                break
    return wanted(seen)

def widest(data):
    text = re.sub(r"\033\[[?0-9;]*[A-Za-z]", "", data.decode("utf-8", "replace"))
    return max(len(line) for line in re.split(r"[\r\n]+", text))

frames = lambda data: data.count(b"guard     pid")
master, slave = pty.openpty()
size(60, 20)
before = termios.tcgetattr(slave)
env = dict(os.environ, LC_ALL="C.UTF-8")
pid = os.fork()
if not pid:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in range(3):
        os.dup2(slave, fd)
    os.execvpe(sys.argv[1], sys.argv[1:], env)
seen, result = b"", {}
result["three frames"] = read_until(lambda d: frames(d) >= 3, 15)
result["in place"] = b"\033[" in seen and re.search(rb"\033\[\d+A", seen) is not None and b"\033[2J" not in seen
result["fits 60 columns"] = 30 < widest(seen) <= 60
result["sparkline"] = any(chr(c) in seen.decode("utf-8", "replace") for c in range(0x2581, 0x2589))
seen, clear = b"", b"\033[H\033[2J"
size(30, 20) # tells with SIGWINCH; what stands there is drawn anew
narrow = lambda d: d[d.find(clear):] if clear in d else b""
read_until(lambda d: frames(narrow(d)) >= 2, 10)
result["fits 30 columns"] = 20 < widest(narrow(seen)) <= 30
os.write(master, b"\x03")
end = time.time() + 10
status = None
while status is None and time.time() < end:
    read_until(lambda d: False, 0.1)
    done, code = os.waitpid(pid, os.WNOHANG)
    if done:
        status = os.waitstatus_to_exitcode(code)
read_until(lambda d: False, 0.2)
result["status"] = status
result["cursor is back"] = seen.rfind(b"\033[?25h") > seen.rfind(b"\033[?25l")
result["settings are back"] = termios.tcgetattr(slave) == before
json.dump(result, sys.stdout)
END

guard app -s level.warn.at=50% -s level.warn.actions=log -- "$PROGRAMS/leak" --from 20M --to 20M
app_pid
quiet() { "$STORY_OOMGUARD" status -s "guard.state-dir=$STATE"; }
check "there is something to see" wait_for 10 quiet
python3 "$WORK/watch.py" "$STORY_OOMGUARD" status --watch -s "guard.state-dir=$STATE" >"$WORK/result"
for text in "three frames" "in place" "fits 60 columns" "sparkline" "fits 30 columns" \
	"cursor is back" "settings are back"; do
	is "on a terminal: $text" True "$(json_get "$WORK/result" "d['$text']")"
done
is "^C ends it with the status of the guard" 0 "$(json_get "$WORK/result" "d['status']")"

timeout -s INT 4 "$STORY_OOMGUARD" status --watch -s "guard.state-dir=$STATE" >"$WORK/lines" 2>"$WORK/why"
lines=$(wc -l <"$WORK/lines")
check "elsewhere: one line a second ($lines in 4 s)" [ "$lines" -ge 3 ] && [ "$lines" -le 5 ]
lacks "without escapes" "$WORK/lines" $'\033'
has "that says it all" "$WORK/lines" '^[0-9]+% of 64MiB .*; active: none$'

"$STORY_OOMGUARD" status --watch -s "guard.state-dir=$STATE" >"$WORK/lines" 2>"$WORK/why" &
watcher=$!
check "it watches" wait_for 5 test -s "$WORK/lines"
kill -KILL "$GUARD_PID"
check "no guard any more ends it" wait_for 10 gone "$watcher"
wait "$watcher"
is "with 3" 3 $?
finish

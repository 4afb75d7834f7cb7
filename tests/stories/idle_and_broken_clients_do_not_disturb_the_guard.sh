#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
# shellcheck source=../lib/http.sh
. "$STORY_LIB/http.sh"
needs_cgroup
make_cgroup app 64M

# On a busy machine 1,300 clients take seconds: the program leaks when they are there.
# shellcheck disable=SC2016 # for the inner shell
guard app "${HTTP_LISTEN[@]}" -s guard.start-grace=0s -s drain.wait=0s -- \
	sh -c 'until [ -e "$1" ]; do sleep 0.1; done; exec "$2" --from 20M --rate 3M' sh "$WORK/go" "$PROGRAMS/leak"
app_pid
check "it listens" wait_for 5 http_up
before=$(metric oomguard_sample_duration_seconds_count)

# 1,000 that say nothing, and 300 that send garbage, half of a request, or too much of one.
cat >"$WORK/clients.py" <<'PY'
import os, random, resource, socket, sys, time
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
port, idle = int(sys.argv[1]), []
random.seed(1)
def connect():
    s = socket.socket()
    s.settimeout(2)
    s.connect(("127.0.0.1", port))
    return s
for i in range(1000):
    idle.append(connect())
for i in range(300):
    s = connect()
    try:
        s.sendall(random.choice([os.urandom(random.randrange(1, 3000)), b"GET /metr", b"GET /metrics HTTP/1.1\r\n",
            b"A" * 20000, b"GET / HTTP/1.1\r\nX: " + b"y" * 9000, b"GET /metrics HTTP/1.1\r\n\r\n", b"\r\n" * 4000]))
        if i % 3 == 0:
            s.close()
    except OSError:
        pass
    idle.append(s)
print("connected", flush=True)
time.sleep(600)
PY
launch - python3 "$WORK/clients.py" "$HTTP_PORT" >"$WORK/clients" 2>&1
check "1,300 clients connect" wait_for 30 file_has "$WORK/clients" '^connected'
is "a scrape is answered all the same" 200 "$(http_get /metrics)"
check "the guard holds no more than 32 of them" \
	test "$(find "/proc/$GUARD_PID/fd" -mindepth 1 | wc -l)" -le 80
after=$(awk '$1 == "oomguard_sample_duration_seconds_count" { print $2 }' "$WORK/body")
check "it looked on meanwhile" test "$after" -gt "$before"
note "looks: $before to $after"
: >"$WORK/go"
guard_status 60
is "the leak is met as ever" 75 "$STATUS"
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
finish

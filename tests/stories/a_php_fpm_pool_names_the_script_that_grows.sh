#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# Over the FastCGI socket of the pool; one worker is in a request that keeps more and more.
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
fpm=$(compgen -c php-fpm | sort | tail -n 1)
[ -n "$fpm" ] || skip "no php-fpm"

mkdir "$WORK/pool.d"
cat >"$WORK/php-fpm.conf" <<CONF
[global]
error_log = $WORK/fpm.log
daemonize = no
include=$WORK/pool.d/*.conf
CONF
cat >"$WORK/pool.d/www.conf" <<CONF
[www]
user = nobody
group = nogroup
listen = $WORK/fpm.sock
listen.mode = 0666
pm = static
pm.max_children = 3
pm.status_path = /planted-status ; where it is told
php_admin_value[memory_limit] = -1
CONF
for script in culprit:4000 holder:200; do
	cat >"$WORK/${script%:*}.php" <<PHP
<?php
ignore_user_abort(true);
for (\$kept = []; count(\$kept) < ${script#*:}; usleep(20000)) {
	\$kept[] = str_repeat('x', 400000);
}
touch('$WORK/held');
sleep(1000);
PHP
done
echo '<?php echo "hello";' >"$WORK/good.php"
chmod 777 "$WORK"

cat >"$WORK/request.py" <<'PY'
"""request.py SOCKET SCRIPT: asks for it and prints the answer, if it waits for one."""
import socket, struct, sys

def record(kind, data):
    return struct.pack(">BBHHBB", 1, kind, 1, len(data), 0, 0) + data

pairs = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": sys.argv[2], "SCRIPT_FILENAME": sys.argv[2], "REQUEST_URI": "/x"}
params = b"".join(bytes([len(k), len(v)]) + k.encode() + v.encode() for k, v in pairs.items())
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(record(1, struct.pack(">HB5x", 1, 0)) + record(4, params) + record(4, b"") + record(5, b""))
while True:
    data = s.recv(4096)
    if not data:
        break
    sys.stdout.write(data.decode("latin-1"))
PY
run_pool() { # NAME LIMIT SCRIPT ARG...
	local name=$1 script=$3
	make_cgroup "$name" "$2"
	shift 3
	rm -f "$WORK/fpm.sock"
	guard "$name" -v -s level.warn.actions=log -s level.dump.growing=no -s guard.start-grace=0s \
		-s dump.cooldown=0s "$@" -- "$fpm" -R -F -y "$WORK/php-fpm.conf"
	wait_for 20 exists "$WORK/fpm.sock"
	wait_for 10 sh -c "python3 '$WORK/request.py' '$WORK/fpm.sock' '$WORK/good.php' | grep -q hello"
	python3 "$WORK/request.py" "$WORK/fpm.sock" "$WORK/$script.php" >/dev/null 2>&1 &
	story_pids+=($!)
}

run_pool app 250M culprit -s level.profile.actions=log -s level.dump.at=35% -s level.restart.at=50% \
	-s level.restart.eta=10m
check "its workers are told" wait_for 40 logged \
	'dump level: heap dump of pid [0-9]+ \(php-fpm[0-9.]*\) done: incidents/.*/php-[0-9]+\.workers\.json, '
check "the guard stops it" guard_status 60
is "gracefully" 75 "$STATUS"
is "the kernel killed nothing" 0 "$(cgroup_oom_kills app)"
told=$(find "$STATE" -name 'php-*.workers.json')
is "every worker is there" 3 "$(json_get "$told" 'len(d["processes"])')"
is "the script of the largest is named" "$WORK/culprit.php" "$(json_get "$told" \
	'[p["script"] for p in d["processes"] if p["state"] == "Running" and "culprit" in p["script"]][0]')"

: >"$LOG"
run_pool tight 300M holder -s level.profile.actions=log -s level.dump.at=80% -s level.restart.actions=log \
	-s level.brink.actions=log -s level.emergency.actions=log
check "all is held" wait_for 40 exists "$WORK/held"
in_use=$(cgroup_read tight memory.stat | awk '/^(rss|anon|kernel|shmem) / { n += $2 } END { print n }')
cgroup_limit tight $((in_use + (12 << 20)))
check "they are told in the last megabytes, too" wait_for 40 logged 'dump level: .*php-[0-9]+\.workers\.json'
is "the kernel killed nothing here" 0 "$(cgroup_oom_kills tight)"
check "the program goes on" app_pid
finish

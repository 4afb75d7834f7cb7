#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# alerts.sh [--stay] [DIR]: from a clone to an alert. Installs what is missing, builds oomguard, runs a
# leaking program under it with a real limit of 128 MiB, and a Prometheus and an Alertmanager beside it, until
# the alert that the guard has restarted the program is there. All of it listens on 127.0.0.1 alone and ends
# with this script: after Enter, or at once where nobody can press it. --stay: with a signal only.
# The report of the incident stays in DIR (build/alerts).
set -u
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

stay=no
if [ "${1:-}" = --stay ]; then
	stay=yes
	shift
fi
reports=${1:-$top/build/alerts}

prepare alerts
make_place 128M
mkdir -p "$reports" "$work/targets"
python=$(python3 -c 'import sys; print(sys.executable)')

# The usual port where it is free, else another one.
port() {
	python3 -c '
import socket, sys
for port in int(sys.argv[1]), 0:
    s = socket.socket()
    try:
        s.bind(("127.0.0.1", port))
    except OSError:
        continue
    print(s.getsockname()[1])
    break' "$1"
}
guard_port=$(port 9464) prometheus_port=$(port 9090) alertmanager_port=$(port 9093) pager_port=$(port 9099)
prometheus=http://127.0.0.1:$prometheus_port alertmanager=http://127.0.0.1:$alertmanager_port

# --- everybody starts ---------------------------------------------------------------------------

start_one() { # NAME COMMAND...: in the background, its words in $work/NAME.log
	local one=$1
	shift
	"$@" </dev/null >>"$work/$one.log" 2>&1 &
	started+=("$!")
}

title "a leaking program in a cgroup of 128 MiB, Prometheus, Alertmanager and a pager"
# Started again after the restart it leaks no more, so that there is time to look around.
# shellcheck disable=SC2016 # for the inner shell
start_one guard run_guarded -s "http.listen=127.0.0.1:$guard_port" -s restart.mode=in-place \
	-s guard.container=leaky -s guard.request=96MiB \
	-- sh -c '[ ! -e "$1" ] || exec sleep 3600; : >"$1"; shift; exec "$@"' sh "$work/leaked" \
	"$python" "$here/quickstart/leaky.py" "$work/heap.tracemalloc"

cat >"$work/targets/leaky.json" <<-END
	[{"targets": ["127.0.0.1:$guard_port"],
	  "labels": {"namespace": "demo", "pod": "leaky-1", "container": "leaky"}}]
END
echo "[{\"targets\": [\"127.0.0.1:$alertmanager_port\"]}]" >"$work/alertmanagers.json"
# The rules as they are shipped, but for the time that an alert has to hold.
sed '1,/^spec:/d; s/^  //; s/for: .*/for: 2s/' "$here/kubernetes/prometheus-rules.yaml" >"$work/rules.yaml"
sed "s/PAGER_PORT/$pager_port/" "$here/alerts/alertmanager.yml" >"$work/alertmanager.yml"
cp "$here/alerts/prometheus.yml" "$work/"

start_one pager python3 "$here/alerts/pager.py" "$pager_port"
start_one alertmanager prometheus-alertmanager --config.file="$work/alertmanager.yml" \
	--storage.path="$work/alertmanager" --web.listen-address="127.0.0.1:$alertmanager_port" \
	--cluster.listen-address=
start_one prometheus prometheus --config.file="$work/prometheus.yml" \
	--storage.tsdb.path="$work/prometheus" --web.listen-address="127.0.0.1:$prometheus_port"
cat <<-END
	the guard      http://127.0.0.1:$guard_port/metrics
	Prometheus     $prometheus/alerts
	Alertmanager   $alertmanager
END

# --- until the alert is there -------------------------------------------------------------------

title "what the guard says, and what arrives at the pager (it takes about half a minute)"
tail -n +1 -q -f "$work/guard.log" "$work/pager.log" 2>/dev/null &
started+=("$!")
arrived() {
	amtool alert query --alertmanager.url="$alertmanager" -o simple "$1" 2>/dev/null | grep -q "$1"
}
paged() { grep -q "pager: $1" "$work/pager.log"; }
reported() { find "$work/state" -path '*-restart/incident.json' | grep -q .; }
within() { # SECONDS COMMAND...
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
}
within 90 arrived OomguardRestarted
within 10 paged OomguardRestarted
within 10 reported
"$binary" report --format html -s "guard.state-dir=$work/state" >"$reports/report.html" 2>"$work/report.log"
"$binary" report -s "guard.state-dir=$work/state" >"$reports/report.txt" 2>>"$work/report.log"
sleep 0.3 # for the last lines above

title "the alerts at Alertmanager"
amtool alert query --alertmanager.url="$alertmanager" 2>&1

title "was that all real?"
expect "the alert OomguardRestarted is at Alertmanager" arrived OomguardRestarted
expect "it has reached the pager" paged OomguardRestarted
expect "the kernel killed nothing (oom_kill $(kills))" test "$(kills)" = 0
expect "the report of the incident is a page" grep -q '<svg' "$reports/report.html"

title "the report"
head -n 20 "$reports/report.txt"
printf '\n%s\n' "all of it, with a picture: file://$(realpath "$reports")/report.html"
echo
if [ "$stay" = yes ]; then
	echo "running until somebody ends it"
	sleep infinity &
	started+=("$!")
	wait "$!"
elif [ -t 0 ]; then
	read -rp "Prometheus and Alertmanager run until you press Enter. "
fi
exit $failed

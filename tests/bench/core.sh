#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The core writer against gdb's gcore and a plain copy, each three times on a process of MIB (500)
# resident, all in its cgroup; and the stacks of 50 threads. Prints a table; fails where the core
# writer is slower than gcore, adds more than 8 MiB, or stops for longer than 1.5 plain copies.
#	STORY_OOMGUARD=src/oomguard tests/bench/core.sh [MIB]
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
command -v gcore >/dev/null || skip "no gdb"
mib=${1:-500}
limit=$((mib + mib / 8 + 64)) # too little headroom to hold the copy in memory
make_cgroup app "${limit}M"
"${CC:-cc}" -D_GNU_SOURCE -O2 -o "$WORK/plaincopy" "$(dirname "$0")/plaincopy.c" || skip "no C compiler"

guard app -v -s dump.compress=none -s dump.cooldown=0s -s dump.keep=100 -s dump.max-bytes=100GiB \
	-s level.warn.actions=stacks -s level.profile.actions=log -s level.dump.actions=log \
	-s level.restart.actions=log -s level.brink.actions=log -s level.emergency.actions=log \
	-- "$PROGRAMS/leak" --from "${mib}M" --to "${mib}M" --threads 49
app_pid
resident() { [ "$(awk '/VmRSS/ { print $2 }' "/proc/$APP/status")" -ge $((mib * 1024)) ]; }
wait_for 60 resident

# Page cache is given back first, so that what is added is counted from the same ground.
reset_peak() {
	sync
	[ "$CGROUP_VERSION" = 1 ] && echo 0 >"${CG[app]}/memory.force_empty" 2>/dev/null
	before=$(cgroup_usage app)
	case $CGROUP_VERSION in
	1) echo 0 >"${CG[app]}/memory.max_usage_in_bytes" ;;
	*) exec {peak_fd}<>"${CG[app]}/memory.peak" && echo 0 >&"$peak_fd" ;; # 6.12 and later
	esac
}
added_mib() {
	case $CGROUP_VERSION in
	1) peak=$(cgroup_read app memory.max_usage_in_bytes) ;;
	*) read -r peak <&"$peak_fd" && exec {peak_fd}>&- ;;
	esac
	awk -v a="$before" -v b="$peak" 'BEGIN { printf "%.1f", (b - a) / 1048576 }'
}
seconds() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", (b - a) / 1000 }'; }
smallest() { printf '%s\n' "$@" | sort -g | head -n 1; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
below() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a <= b) }'; }

has_core() { [ -n "$(find "$STATE" -name 'core-*.elf' -print -quit)" ]; }
of_index() { json_get "$STATE/incidents/index.json" "round(d['files'][-1]['$1'] / 1e6, 3)"; }

declare -a answer_s gcore_s ours_s pause_s copy_s gcore_mib ours_mib
for round in 1 2 3; do
	reset_peak
	start=$(now_ms)
	in_cgroup app gcore -o "$STATE/gcore" "$APP" >/dev/null 2>&1
	sync "$STATE/gcore.$APP" # the others have synced, too
	gcore_s[round]=$(seconds "$start" "$(now_ms)")
	gcore_mib[round]=$(added_mib)
	rm -f "$STATE"/gcore.*

	reset_peak
	start=$(now_ms)
	in_cgroup app "$WORK/plaincopy" "$APP" "$STATE/plain" >"$WORK/plain.s"
	copy_s[round]=$(<"$WORK/plain.s")
	rm -f "$STATE/plain"

	reset_peak
	start=$(now_ms)
	in_cgroup app "$STORY_OOMGUARD" -s "guard.state-dir=$STATE" dump >"$WORK/answer" 2>&1
	answer_s[round]=$(seconds "$start" "$(now_ms)")
	ours_s[round]=$(of_index took_usec)
	ours_mib[round]=$(added_mib)
	pause_s[round]=$(of_index pause_usec)
	check "round $round: a core is written" has_core || { sed 's/^/# | /' "$WORK/answer" && finish; }
	note "round $round: gcore ${gcore_s[round]} s, plain copy ${copy_s[round]} s, ours ${ours_s[round]} s (stopped ${pause_s[round]} s)"
	find "$STATE" -name 'core-*.elf' -delete
done
gcore_best=$(smallest "${gcore_s[@]}") ours_best=$(smallest "${ours_s[@]}")
pause_best=$(smallest "${pause_s[@]}") copy_best=$(smallest "${copy_s[@]}")
added=$(smallest "${ours_mib[@]}")
note "$mib MiB resident, 50 threads, best of three:"
note "$(printf '%-28s %10s %14s' '' seconds 'MiB added')"
note "$(printf '%-28s %10s %14s' 'gcore' "$gcore_best" "$(smallest "${gcore_mib[@]}")")"
note "$(printf '%-28s %10s %14s' 'oomguard dump' "$ours_best" "$added")"
note "$(printf '%-28s %10s' '  of which stopped' "$pause_best")"
note "$(printf '%-28s %10s' '  until it is answered' "$(smallest "${answer_s[@]}")") (with the SHA-256 of the index)"
note "$(printf '%-28s %10s' 'plain copy' "$copy_best")"
note "time against gcore: $(ratio "$ours_best" "$gcore_best"); pause against plain copy: $(ratio "$pause_best" "$copy_best")"
note "$(grep -o 'stacks of .*(stopped at most [^)]*)' "$LOG" | sed 's/: incidents[^ ]*//')"
check "never slower than gcore" below "$ours_best" "$gcore_best"
check "at most 8 MiB are added" below "$added" 8
check "stopped for at most 1.5 plain copies" below "$pause_best" "$(awk -v a="$copy_best" 'BEGIN { print 1.5 * a }')"


# The same where a quarter of the headroom can hold the copy: the disk is not waited for.
cgroup_limit app "$((mib * 8))M"
for round in 1 2 3; do
	in_cgroup app "$STORY_OOMGUARD" -s "guard.state-dir=$STATE" dump >"$WORK/answer" 2>&1
	pause_s[round]=$(of_index pause_usec)
	check "round $round, with headroom: a core is written" has_core || { sed 's/^/# | /' "$WORK/answer" && finish; }
	find "$STATE" -name 'core-*.elf' -delete
done
pause_best=$(smallest "${pause_s[@]}")
note "with headroom for it stopped for $pause_best s"
check "with headroom stopped for at most 0.2 s" below "$pause_best" 0.2

kill -KILL "$GUARD_PID"
guard_status 10
finish

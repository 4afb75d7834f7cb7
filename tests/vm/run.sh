#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh KERNEL OUTDIR SCRIPT...: boot one of Debian's kernels (6.1 or 6.12) with cgroup v2 and run
# the scripts in it. OUTDIR/NAME.tap gets each script's standard output,
# OUTDIR/NAME.log its standard error (NAME: base name without .sh), dmesg.log and console.log the
# machine's. $TMPDIR is on a disk of 1 GiB, /dev/vdb (128 MiB) is for swap. A script with a line
# "# alone" has the machine for itself.
# Exit 0 when every script ran to an end, whatever its TAP says; 1 otherwise, and then the TAP of
# each missing script says "not ok".
#
# Every STORY_* variable is handed to the scripts, with STORY_KERNEL set and STORY_SLOW=4 unless
# given (software emulation is that much slower). OOMGUARD_VM_TIMEOUT: seconds for a script (240); a
# machine that is silent for a minute more is ended. OOMGUARD_VM_LANES: scripts at a time (2).
# OOMGUARD_VM_CACHE: kernels, see kernel.sh.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${OOMGUARD_VM_CACHE:-${XDG_CACHE_HOME:-/var/tmp}/oomguard-vm}
timeout_s=${OOMGUARD_VM_TIMEOUT:-240}
lanes=${OOMGUARD_VM_LANES:-2}
qemu_pid=

[ $# -ge 3 ] || {
	echo "usage: run.sh 6.1|6.12 OUTDIR SCRIPT..." >&2
	exit 64
}
kernel=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)
shift 2

tmp=$(mktemp -d)
# shellcheck disable=SC2317 # called by the trap
stop_qemu() {
	[ -z "$qemu_pid" ] || kill -KILL "$qemu_pid" 2>/dev/null || true
	rm -rf "$tmp" "$out/.vm"
}
trap stop_qemu EXIT
trap 'exit 1' INT TERM HUP

script_name() {
	basename "$1" .sh
}

# When the guest last told of itself; it writes there with every script.
last_sign() {
	{ stat -c %Y "$out"/.vm/* "$out/.vm" 2>/dev/null || true; } | sort -n | tail -n 1
}

# Usage: start_qemu ACCEL QUIET_S CONSOLE APPEND [QEMU ARGS...]; waits for its end, and makes one
# when there was no sign of life for so long.
start_qemu() {
	local accel=$1 quiet_s=$2 console=$3 append=$4 status=0 start=$EPOCHSECONDS sign
	shift 4
	qemu-system-x86_64 -accel "$accel" -cpu max -smp 2 -m 2000 \
		-nodefaults -no-user-config -no-reboot -display none -serial "file:$console" \
		-kernel "$dir/vmlinuz" -initrd "$dir/initrd" \
		-append "console=ttyS0 quiet loglevel=3 panic=-1 $append" "$@" </dev/null &
	qemu_pid=$!
	while kill -0 "$qemu_pid" 2>/dev/null; do
		sleep 0.5
		sign=$(last_sign)
		[ "${sign:-0}" -gt "$start" ] || sign=$start
		if [ $((EPOCHSECONDS - sign)) -gt "$quiet_s" ]; then
			echo "run.sh: no sign of life for $quiet_s s" >&2
			kill -KILL "$qemu_pid" 2>/dev/null || true
		fi
	done
	wait "$qemu_pid" || status=$?
	qemu_pid=
	return "$status"
}

# /dev/kvm may open and then fail, so only a boot proves it; asked once a host kernel.
find_accel() {
	local answer
	answer=$cache/accel-$(uname -r)
	if [ ! -s "$answer" ]; then
		echo tcg,thread=multi >"$answer"
		if [ -w /dev/kvm ] &&
			start_qemu kvm 10 "$tmp/probe" oomguard.probe >"$tmp/probe.err" 2>&1 &&
			grep -q 'probe: this machine boots' "$tmp/probe"; then
			echo kvm >"$answer"
		fi
	fi
	accel=$(cat "$answer")
}

# Programs that stories start all the time, what they load, and what is under test. In memory
# they start faster than over 9p. (norandmaps does more: translated code is kept by virtual address,
# and /bin/true takes 19 ms instead of 47.)
list_warm() {
	local programs=(bash sh sleep cat grep sed awk ps pgrep timeout env head tail mktemp rm mkdir rmdir
		mount umount unshare setpriv date stat find sort tr wc ls dirname basename realpath tac id seq
		chmod chown cp dd touch true kill mkfifo tee xargs cut setsid jq)
	local program
	for program in "${programs[@]}"; do
		program=$(command -v "$program") || continue
		[ "${program:0:1}" = / ] || program=/bin/$program
		echo "$program"
		ldd "$program" 2>/dev/null | grep -o '/[^ ]*' || true
	done
	echo /etc/ld.so.cache
	echo "${STORY_OOMGUARD:-}"
	ls -d "${STORY_PROGRAMS:-/nothing}"/* 2>/dev/null || true
	ldd /usr/bin/python3 2>/dev/null | grep -o '/[^ ]*' || true
	/usr/bin/python3 -c '
import json, json.tool, sys
print(sys.executable)
for module in list(sys.modules.values()):
    for name in ("__file__", "__cached__"):
        if getattr(module, name, None):
            print(getattr(module, name))' || true
}

write_plan() {
	local name script word
	for name in "${!STORY_@}"; do
		echo "env $name=${!name}"
	done
	echo "env STORY_KERNEL=$kernel"
	echo "env STORY_SLOW=${STORY_SLOW:-4}"
	echo "timeout $timeout_s"
	echo "lanes $lanes"
	for script in "$@"; do
		grep -q '^# alone' "$script" && word=alone || word=script
		echo "$word $(script_name "$script") $(realpath "$script")"
	done
}

boot() {
	rm -rf "$out/.vm"
	mkdir -p "$out/.vm/running"
	write_plan "$@" >"$out/.vm/plan"
	list_warm 2>/dev/null | xargs -r -d '\n' realpath -e -q 2>/dev/null | sort -u >"$out/.vm/warm" || true
	rm -f "$tmp"/disk*
	truncate -s 1G "$tmp/disk"
	truncate -s 128M "$tmp/disk-swap"
	start_qemu "$accel" "$((timeout_s + 60))" "$out/console.log" \
		"psi=1 lsm=yama cgroup_no_v1=all mitigations=off norandmaps no5lvl rcupdate.rcu_expedited=1 \
init_on_alloc=0 nowatchdog randomize_kstack_offset=off hardened_usercopy=off audit=0 random.trust_cpu=on \
oomguard.guest=$here/guest.sh oomguard.out=$out oomguard.modules=$dir/modules/lib/modules \
oomguard.end" \
		-drive "file=$tmp/disk,if=virtio,format=raw,cache=unsafe" \
		-drive "file=$tmp/disk-swap,if=virtio,format=raw,cache=unsafe" \
		-virtfs "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap" \
		-virtfs "local,path=$out,mount_tag=out,security_model=none,multidevs=remap" ||
		echo "run.sh: the virtual machine ended with status $?" >&2
}

is_done() {
	grep -q "^$(script_name "$1") " "$out/.vm/done" 2>/dev/null
}

# What the last boot did not finish gets another one. The second death of the machine while a script
# runs is taken for its fault.
collect() {
	local script name
	left=()
	for script in "$@"; do
		name=$(script_name "$script")
		if is_done "$script"; then
			continue
		elif [ -e "$out/.vm/running/$name" ] && [[ " ${suspects[*]} " == *" $name "* ]]; then
			echo "not ok - $name: the virtual machine died in it" >>"$out/$name.tap"
			failed=1
		else
			[ ! -e "$out/.vm/running/$name" ] || suspects+=("$name")
			left+=("$script")
		fi
	done
	cat "$out/.vm/done" >>"$out/durations" 2>/dev/null || true
}

main() {
	local attempt script
	dir=$("$here/kernel.sh" "$kernel")
	find_accel
	echo "run.sh: $kernel with $accel: $# scripts" >&2
	failed=0 left=("$@") suspects=()
	: >"$out/durations"
	for attempt in 1 2 3; do
		boot "${left[@]}"
		collect "${left[@]}"
		[ ${#left[@]} -gt 0 ] || break
		[ "$attempt" = 3 ] || echo "run.sh: boot $attempt left ${#left[@]} scripts, trying again: $(tail -n 1 "$out/console.log")" >&2
	done
	for script in ${left[@]+"${left[@]}"}; do
		echo "not ok - $(script_name "$script"): the virtual machine never ran it" \
			>"$out/$(script_name "$script").tap"
		failed=1
	done
	exit "$failed"
}
main "$@" # the last line: this file may change while it runs

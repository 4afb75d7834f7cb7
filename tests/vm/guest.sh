#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# PID 1 of the virtual machine: sets up what a small container host has, runs the scripts of the
# plan one after the other, and powers the machine off. run.sh wrote the plan: lines of
# "env NAME=VALUE", "timeout SECONDS" and "script NAME PATH" (for one script a line).
out=$(sed -n 's/.* oomguard\.out=\([^ ]*\).*/\1/p' /proc/cmdline)
modules=$(sed -n 's/.* oomguard\.modules=\([^ ]*\).*/\1/p' /proc/cmdline)
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb

off() {
	sync
	echo o >/proc/sysrq-trigger
	sleep 5
}

# A tmpfs hides what the host has there; the tree under test may itself lie in /tmp.
mount_scratch() {
	case $out:$(grep -c '[ =]/tmp/' "$1") in
	/tmp/*:* | *:[1-9]*) ;;
	*) mount -t tmpfs -o mode=1777 tmp /tmp ;;
	esac
}

set_up() {
	mkdir -p /dev/pts /dev/shm
	mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
	mount -t tmpfs -o mode=1777 shm /dev/shm
	mount -t tmpfs -o mode=755 run /run
	mkdir -p /run/lock
	mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
	echo '+memory +pids +cpu' >/sys/fs/cgroup/cgroup.subtree_control
	[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
	ip link set lo up 2>/dev/null || busybox ip link set lo up
	hostname oomguard-vm
	mkdir -p /lib/modules
	[ -e "/lib/modules/$(uname -r)" ] || ln -s "$modules/$(uname -r)" "/lib/modules/$(uname -r)"
}

# What a script left behind must not disturb the next one.
clean_up() {
	kill -KILL -1 2>/dev/null
	find /sys/fs/cgroup -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null
	swapoff -a 2>/dev/null
}

run_script() {
	local name=$1 path=$2 status=0
	echo "$name" >"$out/.vm/current"
	# In a child cgroup of its own, as every service has: the root has no memory.stat events.
	mkdir -p /sys/fs/cgroup/script
	(
		echo "$BASHPID" >/sys/fs/cgroup/script/cgroup.procs
		exec setsid timeout -k 5 "$timeout_s" "$path"
	) </dev/null >"$out/$name.tap" 2>"$out/$name.log" || status=$?
	case $status in
	124 | 137) echo "not ok - $name: no end within $timeout_s s" >>"$out/$name.tap" ;;
	126 | 127) echo "not ok - $name: cannot run $path" >>"$out/$name.tap" ;;
	esac
	echo "$name $status" >>"$out/.vm/done"
	rm -f "$out/.vm/current"
	clean_up
}

run_plan() {
	local word rest
	while read -r word rest; do
		case $word in
		env) export "${rest?}" ;;
		timeout) timeout_s=$rest ;;
		script) run_script "${rest%% *}" "${rest#* }" ;;
		esac
	done <"$1"
}

set_up
mkdir -p "$out"
if ! mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none out "$out"; then
	echo "oomguard-vm: no output share" >/dev/console
	off
fi
cp "$out/.vm/plan" /run/plan
mount_scratch /run/plan
touch "$out/.vm/started"
run_plan /run/plan
dmesg >"$out/dmesg.log" 2>/dev/null
off

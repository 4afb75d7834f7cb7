#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# PID 1 of the virtual machine: sets up what a small container host has, runs the scripts of the
# plan, a few at a time (they mostly wait), and powers the machine off. run.sh wrote the plan: lines
# of "env NAME=VALUE", "timeout SECONDS", "lanes N", "script NAME PATH", "alone NAME PATH".
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
	# Work directories on a disk: what is written to a tmpfs is charged to the writer's cgroup.
	export TMPDIR=/mnt/work
	mkdir -p $TMPDIR
	mke2fs -q -F -t ext4 -O ^has_journal /dev/vda && mount -t ext4 /dev/vda $TMPDIR
	chmod 1777 $TMPDIR
	mkdir -p /lib/modules
	[ -e "/lib/modules/$(uname -r)" ] || ln -s "$modules/$(uname -r)" "/lib/modules/$(uname -r)"
}

# What a script left behind must not disturb the next one: all in its own group and in those that it
# made, whose names have its name.
clean_up() {
	local dir
	for dir in "/sys/fs/cgroup/script-$1" /sys/fs/cgroup/oomguard-"$1"-*; do
		[ -d "$dir" ] || continue
		echo 1 >"$dir/cgroup.kill"
		for _ in 1 2 3 4 5; do
			find "$dir" -depth -type d -exec rmdir {} + 2>/dev/null && break
			sleep 0.2
		done
	done
}

# Nobody else runs then.
clean_up_all() {
	kill -KILL -1 2>/dev/null
	swapoff -a 2>/dev/null
	find /sys/fs/cgroup -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null
}

run_script() {
	local name=$1 path=$2 status=0 start=$SECONDS
	local group=/sys/fs/cgroup/script-$name
	touch "$out/.vm/running/$name"
	# In a group of its own, as every service is: the root has no memory.events.
	mkdir -p "$group"
	(
		echo "$BASHPID" >"$group/cgroup.procs"
		exec setsid timeout -k 5 "$timeout_s" "$path"
	) </dev/null >"$out/$name.tap" 2>"$out/$name.log" || status=$?
	case $status in
	124 | 137) echo "not ok - $name: no end within $timeout_s s" >>"$out/$name.tap" ;;
	126 | 127) echo "not ok - $name: cannot run $path" >>"$out/$name.tap" ;;
	esac
	clean_up "$name"
	echo "$name $status $((SECONDS - start))" >>"$out/.vm/done"
	rm -f "$out/.vm/running/$name"
}

running=0
wait_until_running() { # at most N
	while [ "$running" -gt "$1" ]; do
		wait -n
		running=$((running - 1))
	done
	[ "$1" -gt 0 ] || clean_up_all
}

run_plan() {
	local word rest
	while read -r word rest; do
		case $word in
		env) export "${rest?}" ;;
		timeout) timeout_s=$rest ;;
		lanes) lanes=$rest ;;
		script)
			wait_until_running $((lanes - 1))
			run_script "${rest%% *}" "${rest#* }" &
			running=$((running + 1))
			;;
		alone)
			wait_until_running 0
			run_script "${rest%% *}" "${rest#* }"
			;;
		esac
	done <"$1"
	wait_until_running 0
}

main() {
	set_up
	mkdir -p "$out"
	if ! mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none out "$out"; then
		echo "oomguard-vm: no output share" >/dev/console
		off
	fi
	cp "$out/.vm/plan" /run/plan
	# A new time of change makes the overlay copy the file from 9p to memory.
	xargs -r -d '\n' touch -c <"$out/.vm/warm"
	mount_scratch /run/plan
	touch "$out/.vm/started"
	run_plan /run/plan
	dmesg >"$out/dmesg.log" 2>/dev/null
	off
}
main # the last line: this file may change while it runs

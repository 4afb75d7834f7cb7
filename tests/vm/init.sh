#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=dash
# First program of the virtual machine, from the initramfs: the host's root, read-only over 9p,
# under a writable tmpfs; then the guest's driver from that root takes over as PID 1.
bb=/bin/busybox
$bb mount -t proc proc /proc
$bb mount -t sysfs sys /sys
$bb mount -t devtmpfs dev /dev

off() {
	echo "oomguard-vm: $*" >/dev/console
	echo o >/proc/sysrq-trigger
	$bb sleep 5
	$bb poweroff -f
}

guest=
for word in $($bb cat /proc/cmdline); do
	case $word in
	oomguard.probe) off "probe: this machine boots" ;;
	oomguard.guest=*) guest=${word#*=} ;;
	esac
done

for module in /modules/*; do
	$bb insmod "$module" || echo "oomguard-vm: cannot load $module" >/dev/console
done

# cache=loose: nobody changes the lower side under a running guest, and every exec would otherwise
# fetch its pages again.
$bb mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=524288,cache=loose root /lower ||
	off "no root over 9p"
$bb mount -t tmpfs -o mode=755,size=60% upper /upper
$bb mkdir /upper/data /upper/work
$bb mount -t overlay -o lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work root /new ||
	off "no overlay"
$bb mount --move /proc /new/proc
$bb mount --move /sys /new/sys
$bb mount --move /dev /new/dev
exec $bb switch_root /new /bin/bash "$guest"

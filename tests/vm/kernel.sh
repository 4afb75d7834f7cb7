#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kernel.sh KERNEL: unpack one of Debian's kernels and build its initramfs, both in the cache.
# Prints the folder that then holds vmlinuz, initrd and modules/. KERNEL is 6.1 or 6.12.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${OOMGUARD_VM_CACHE:-${XDG_CACHE_HOME:-/var/tmp}/oomguard-vm}

declare -A meta=([6.1]=linux-image-amd64 [6.12]=linux-image-6.12-amd64)
# What the guest needs before it can see the host's root, and for a disk and swap.
wanted=(virtio_pci virtio_blk 9pnet_virtio 9p overlay crc32c_generic ext4)

die() {
	echo "kernel.sh: $*" >&2
	exit 1
}

# The meta package only names the real one, which changes with each security update.
find_package() {
	local name
	name=$(apt-cache depends "$1" 2>/dev/null | awk '/Depends: linux-image/ { print $2; exit }')
	if [ -z "$name" ]; then
		apt-get update >&2 || true
		name=$(apt-cache depends "$1" | awk '/Depends: linux-image/ { print $2; exit }')
	fi
	[ -n "$name" ] || die "no package $1: add bookworm-security to the apt sources"
	echo "$name"
}

download_package() {
	if ! (cd "$2" && apt-get -q download "$1" >&2); then
		apt-get update >&2 || true
		(cd "$2" && apt-get -q download "$1" >&2) || die "apt-get download $1 failed"
	fi
}

# Usage: unpack_kernel PACKAGE DIR. Leaves DIR/vmlinuz and DIR/modules/lib/modules/VERSION.
unpack_kernel() {
	local deb
	download_package "$1" "$2"
	deb=$(echo "$2"/*.deb)
	dpkg-deb -x "$deb" "$2/unpacked"
	rm -f "$deb"
	cp "$2"/unpacked/boot/vmlinuz-* "$2/vmlinuz"
	mkdir -p "$2/modules/lib/modules"
	if [ -d "$2/unpacked/usr/lib/modules" ]; then
		mv "$2"/unpacked/usr/lib/modules/* "$2/modules/lib/modules/"
	else
		mv "$2"/unpacked/lib/modules/* "$2/modules/lib/modules/"
	fi
	rm -rf "$2/unpacked"
	version=$(basename "$2"/modules/lib/modules/*)
	/sbin/depmod -b "$2/modules" "$version"
}

# Built-in ones print "builtin NAME" and are skipped; xz-compressed ones are stored plain.
pack_initramfs() {
	local dir=$1 tree=$1/initramfs version name file number=100
	version=$(basename "$dir"/modules/lib/modules/*)
	mkdir -p "$tree"/{bin,modules,proc,sys,dev,lower,upper,new}
	cp "$(command -v busybox)" "$tree/bin/busybox"
	cp "$here/init.sh" "$tree/init"
	chmod 0755 "$tree/init"
	for name in "${wanted[@]}"; do
		/sbin/modprobe -d "$dir/modules" -S "$version" --show-depends "$name" 2>/dev/null || true
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
		number=$((number + 1))
		name=$(basename "$file")
		case $file in
		*.xz) xz -dc "$file" >"$tree/modules/$number-${name%.xz}" ;;
		*) cp "$file" "$tree/modules/$number-$name" ;;
		esac
	done
	(cd "$tree" && find . | cpio --quiet -o -H newc | gzip -1) >"$dir/initrd"
	rm -rf "$tree"
}

kernel=${1:?usage: kernel.sh 6.1|6.12}
[ -n "${meta[$kernel]:-}" ] || die "unknown kernel $kernel (known: ${!meta[*]})"
dir=$cache/$kernel

mkdir -p "$cache"
exec 9>"$cache/lock-$kernel"
flock 9
if [ ! -e "$dir/vmlinuz" ]; then
	package=$(find_package "${meta[$kernel]}")
	rm -rf "$dir.partial"
	mkdir "$dir.partial"
	unpack_kernel "$package" "$dir.partial"
	rm -rf "$dir"
	mv "$dir.partial" "$dir"
fi
if [ ! -e "$dir/initrd" ] || [ "$here/init.sh" -nt "$dir/initrd" ] ||
	[ "$here/kernel.sh" -nt "$dir/initrd" ]; then
	pack_initramfs "$dir"
fi
echo "$dir"

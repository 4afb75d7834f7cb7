# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # variables are for the engines, and come from lib.sh
#
# podman and buildah with storage of their own, in $DIR, gone at the end. After lib.sh:
#	cli=(podman ...)	the command with its global options; RUNTIME=crun for the other runtime
#	common=(...)		options of every `run`
#	builder=(buildah ...)	over the same storage
RUNTIME=${RUNTIME:-runc}

# Unix socket names are short; the work directory's need not be. In the virtual machine it has to be
# there: /tmp is memory.
DIR=$(mktemp -d "$([ -z "${STORY_KERNEL:-}" ] && echo /tmp || echo "$WORK")/og.XXXXXX")
storage=(--storage-driver vfs --root "$DIR/root" --runroot "$DIR/run")
cli=(podman --runtime "$RUNTIME" --cgroup-manager cgroupfs --events-backend file "${storage[@]}"
	--tmpdir "$DIR/tmp")
builder=(buildah "${storage[@]}")
# Without CAP_SYS_RESOURCE the default limits of podman cannot be set; kube play has no option for it.
common=(--ulimit nofile=1024:1024 --ulimit nproc=1024:1024)
printf '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n' >"$DIR/conf"
export CONTAINERS_CONF=$DIR/conf

# shellcheck disable=SC2317 # called by the trap
engine_down() {
	local status=$?
	trap - EXIT
	"${cli[@]}" pod rm -fa -t 0 >/dev/null 2>&1
	"${cli[@]}" rm -fa -t 0 >/dev/null 2>&1
	# vfs needs no mounts, but a killed container may have left its own.
	awk -v d="$DIR/" 'index($5, d) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
		while read -r mount; do umount "$mount"; done
	rm -rf "$DIR"
	(exit "$status")
	story_exit
}
trap engine_down EXIT

# podman 4.3 with cgroupfs on v2 puts a device filter on the pod's group that denies everything,
# /dev/null included, with runc and with crun.
drop_device_filter() {
	local group id rest
	[ "$CGROUP_VERSION" = 2 ] || return 0
	for group in /sys/fs/cgroup/libpod_parent/*/; do
		bpftool cgroup show "$group" | while read -r id rest; do
			case $rest in
			*device*) bpftool cgroup detach "$group" device id "$id" >&2 ;;
			esac
		done
	done
}

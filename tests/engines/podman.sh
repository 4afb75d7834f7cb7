#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The guard under podman, with storage of its own; RUNTIME=crun for the other runtime.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$ENGINES/cli.sh"

RUNTIME=${RUNTIME:-runc}
needs_cgroup
needs_engine podman conmon "$RUNTIME" busybox python3

# Unix socket names are short; the work directory's need not be. In the virtual machine it has to be
# there: /tmp is memory.
DIR=$(mktemp -d "$([ -z "${STORY_KERNEL:-}" ] && echo /tmp || echo "$WORK")/og.XXXXXX")
# shellcheck disable=SC2034 # for cli.sh
INIT_OPTION=(--init-path "$(realpath "$STORY_OOMGUARD")")
cli=(podman --runtime "$RUNTIME" --cgroup-manager cgroupfs --storage-driver vfs
	--events-backend file --root "$DIR/root" --runroot "$DIR/run" --tmpdir "$DIR/tmp")
# Without CAP_SYS_RESOURCE the default limits of podman cannot be set; kube play has no option for it.
# shellcheck disable=SC2034 # for cli.sh
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
	for group in /sys/fs/cgroup/libpod_parent/*/; do
		bpftool cgroup show "$group" | while read -r id rest; do
			case $rest in
			*device*) bpftool cgroup detach "$group" device id "$id" >&2 ;;
			esac
		done
	done
}

# The manifest as it is in examples/, without the network that this machine may not have.
claims_kube() {
	local limit
	"${cli[@]}" tag oomguard-scratch:test localhost/oomguard-demo:latest
	check "kube play takes the Pod manifest" "${cli[@]}" kube play --start=false --network none \
		"$STORY_LIB/../../examples/kubernetes/pod.yaml"
	[ "$CGROUP_VERSION" = 1 ] || drop_device_filter
	check "kube play: the pod starts" "${cli[@]}" pod start oomguard-demo
	limit=$("${cli[@]}" inspect --format '{{.HostConfig.Memory}}' oomguard-demo-app)
	is "kube play: the manifest's limit is set" 67108864 "$limit"
	check "kube play: 75 restarts the container" wait_for 40 restarts oomguard-demo-app 1
	"${cli[@]}" logs oomguard-demo-app >"$WORK/kube.log" 2>&1
	sed 's/^/kube: /' "$WORK/kube.log" >&2
	claim_sequence "$WORK/kube.log" "$("${cli[@]}" events --stream=false \
		--filter container=oomguard-demo-app --filter event=died \
		--format '{{.ContainerExitCode}}' | head -n 1)" " (kube play)"
	lacks "kube play: the volume takes the evidence" "$WORK/kube.log" 'cannot be written'
	"${cli[@]}" kube down "$STORY_LIB/../../examples/kubernetes/pod.yaml" >&2
}

import_images
tell_claims sequence writable kernel_kill images init stop restart kube terminal

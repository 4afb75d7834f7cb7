#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The guard under podman, with storage of its own; RUNTIME=crun for the other runtime. STORAGE: a
# directory for the images (default: in the story's work directory).
. "$(dirname "$0")/lib.sh"
. "$ENGINES/cli.sh"

RUNTIME=${RUNTIME:-runc}
needs_cgroup
needs_engine podman conmon "$RUNTIME" busybox python3

DIR=$(mktemp -d "${STORAGE:-/tmp}/og-podman.XXXXXX")
cli=(podman --runtime "$RUNTIME" --cgroup-manager cgroupfs --storage-driver vfs
	--events-backend file --root "$DIR/root" --runroot "$DIR/run" --tmpdir "$DIR/tmp")
# Without CAP_SYS_RESOURCE the default limits of podman cannot be set.
common=(--ulimit nofile=1024:1024 --ulimit nproc=1024:1024)

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

import_images
claims_sequence
claims_kernel_kill
claims_images
claims_init --init-path "$(realpath "$STORY_OOMGUARD")"
claims_stop
claims_restart
claims_terminal
finish

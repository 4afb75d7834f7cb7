#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # cli, builder and common come from podman-storage.sh
# The guard under podman, with storage of its own; RUNTIME=crun for the other runtime.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$ENGINES/cli.sh"

RUNTIME=${RUNTIME:-runc}
needs_cgroup
needs_engine podman conmon "$RUNTIME" busybox python3

# shellcheck source=/dev/null
. "$ENGINES/podman-storage.sh"
# shellcheck disable=SC2034 # for cli.sh
INIT_OPTION=(--init-path "$(realpath "$STORY_OOMGUARD")")

# The manifest as it is in examples/, without the network that this machine may not have.
claims_kube() {
	local limit
	"${cli[@]}" tag oomguard-scratch:test localhost/oomguard-demo:latest
	check "kube play takes the Pod manifest" "${cli[@]}" kube play --start=false --network none \
		"$STORY_LIB/../../examples/kubernetes/pod.yaml"
	drop_device_filter
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

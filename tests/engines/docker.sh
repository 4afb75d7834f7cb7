#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The guard under docker: a daemon of our own that touches neither the network nor another daemon.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$ENGINES/cli.sh"

needs_cgroup
needs_engine docker dockerd containerd runc busybox python3

# Unix socket names are short; the work directory's need not be.
DIR=$(mktemp -d /tmp/og-docker.XXXXXX)
export DOCKER_CONFIG=$DIR/config DOCKER_HOST=unix://$DIR/s
dockerd_pid=
# shellcheck disable=SC2034 # both for cli.sh
cli=(docker)
# shellcheck disable=SC2034
common=()

# shellcheck disable=SC2317 # called by the trap
engine_down() {
	local status=$?
	trap - EXIT
	docker ps -aq 2>/dev/null | xargs -r docker rm -f >/dev/null 2>&1
	if [ -n "$dockerd_pid" ]; then
		kill "$dockerd_pid" # its containerd ends with it
		wait_for 15 gone "$dockerd_pid" || kill -KILL "$dockerd_pid"
		wait "$dockerd_pid" 2>/dev/null
	fi
	rm -rf "$DIR"
	(exit "$status")
	story_exit
}
trap engine_down EXIT

dockerd --iptables=false --ip6tables=false --bridge=none --host "$DOCKER_HOST" \
	--data-root "$DIR/data" --exec-root "$DIR/exec" --pidfile "$DIR/pid" \
	--storage-driver vfs --init-path "$(realpath "$STORY_OOMGUARD")" \
	>"$WORK/dockerd.log" 2>&1 &
dockerd_pid=$!
if ! wait_for 30 docker version; then
	tail -n 30 "$WORK/dockerd.log" >&2
	story_result not "dockerd starts"
	finish
fi

import_images
tell_claims sequence writable kernel_kill images init stop restart terminal

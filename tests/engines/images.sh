#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # cli, builder and common come from podman-storage.sh
# examples/images: each Containerfile is built by buildah on a base image made of files of this machine
# (a registry may not be in reach), and the result runs a leaking program under a limit. Then
# examples/kubernetes/deployment.yaml is played with these images.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
needs_cgroup
needs_engine podman conmon runc busybox buildah python3
# shellcheck source=/dev/null
. "$ENGINES/podman-storage.sh"
EXAMPLES=$STORY_LIB/../../examples
CONTEXT=$WORK/context
mkdir "$CONTEXT"
cp "$STORY_OOMGUARD" "$CONTEXT/oomguard"

# --- base images ------------------------------------------------------------------------------------

import() { # NAME, made in $WORK/base-NAME
	tar -C "$WORK/base-$1" -c . | "${cli[@]}" import - "localhost/base-$1:test" >&2
	rm -rf "$WORK/base-$1"
}
make_dirs() { mkdir -p "$1"/{proc,sys,dev,tmp,etc,bin,var/lib} && echo 'root:x:0:0::/:/bin/sh' >"$1/etc/passwd"; }
copy_program() { # DIR PROGRAM...: with the libraries that it names
	local dir=$1 program lib
	shift
	for program in "$@"; do
		cp -L "$(command -v "$program")" "$dir/bin/"
		ldd "$(command -v "$program")" | grep -o '/[^ ]*' | while read -r lib; do
			mkdir -p "$dir$(dirname "$lib")"
			cp -Ln "$lib" "$dir$lib"
		done
	done
}
make_bases() {
	local applet
	for base in distroless alpine debian; do make_dirs "$WORK/base-$base"; done
	copy_program "$WORK/base-distroless" sleep
	copy_program "$WORK/base-debian" sh cp install
	cp "$(command -v busybox)" "$WORK/base-alpine/bin/busybox"
	for applet in sh cp mkdir chown chmod; do ln -s busybox "$WORK/base-alpine/bin/$applet"; done
	for base in distroless alpine debian; do import "$base"; done
}

# --- claims -----------------------------------------------------------------------------------------

build() { # NAME [BUILDAH-OPTION...]
	local name=$1
	shift
	"${builder[@]}" build --isolation chroot --layers=false -t "localhost/oomguard:$name" \
		--build-arg "BASE=localhost/base-$name:test" "$@" \
		-f "$EXAMPLES/images/Containerfile.$name" "$CONTEXT"
}
# What the image says itself is used: user, entrypoint, volume. Read-only, without any capability.
launch_image() { # NAME [OPTION...]
	local name=$1
	shift
	"${cli[@]}" run -d --name "$name" --network none -m 64m --read-only --cap-drop ALL \
		--security-opt no-new-privileges "${common[@]}" -v "$PROGRAMS:/programs:ro" \
		-e OOMGUARD_GUARD_LOG_LEVEL=info -e OOMGUARD_GUARD_START_GRACE=0s "$@" \
		"localhost/oomguard:$name" /programs/leak --from 20M --rate 16M >&2
}
volume_of() { "${cli[@]}" inspect --format '{{range .Mounts}}{{if eq .Destination "/var/lib/oomguard"}}{{.Source}}{{end}}{{end}}' "$1"; }

has_evidence() { [ -n "$1" ] && [ -n "$(find "$1/incidents" -name snapshot.json)" ]; }

claim_image() { # NAME [OPTION...]
	local name=$1 status
	launch_image "$@"
	status=$(timeout 30 "${cli[@]}" wait "$name" || echo running)
	"${cli[@]}" logs "$name" >"$WORK/$name.log" 2>&1
	sed "s/^/$name: /" "$WORK/$name.log" >&2
	claim_fast "$WORK/$name.log" "$status" " ($name)"
	lacks "the evidence has a place ($name)" "$WORK/$name.log" 'cannot be written|own layer'
	check "and is there ($name)" has_evidence "$(volume_of "$name")"
	"${cli[@]}" rm -fv "$name" >&2
}

# That one needs Debian in a container; what can be said here is that it asks for what the build needs.
claim_build_packages() {
	sed -n 's/^build //p' "$STORY_LIB/../packages.txt" | awk '{ print $1 }' | sort >"$WORK/needed"
	grep -Eo '[a-z0-9.+-]+' "$EXAMPLES/images/Containerfile.build" | sort -u >"$WORK/words"
	is "Containerfile.build installs what the build needs" "" "$(comm -23 "$WORK/needed" "$WORK/words")"
}

claims_built() {
	make_bases
	claim_build_packages
	# In this order: the binary is taken from one to the next.
	check "Containerfile.scratch builds" build scratch
	check "Containerfile.alpine builds" build alpine
	check "Containerfile.debian builds" build debian
	check "Containerfile.distroless builds" build distroless
	for name in scratch alpine debian distroless; do
		claim_image "$name"
	done
	# As a user would: an application that is one static file, COPY app, CMD.
	cp "$PROGRAMS/leak" "$CONTEXT/app"
	sed 's/^# \(COPY\|CMD\)/\1/' "$EXAMPLES/images/Containerfile.scratch" >"$CONTEXT/Containerfile"
	check "with the application's lines" "${builder[@]}" build --layers=false \
		-t localhost/oomguard-demo:latest -f "$CONTEXT/Containerfile" "$CONTEXT"
	is "CMD is the application, behind the guard" '[/oomguard --] [/app]' \
		"$("${cli[@]}" image inspect --format '{{.Config.Entrypoint}} {{.Config.Cmd}}' localhost/oomguard-demo:latest)"
}

play_deployment() { # MANIFEST
	"${cli[@]}" kube play --start=false --network none "$1" && drop_device_filter
}

# The Deployment as it is in examples/, but for the port: without a network, which this machine may not
# have, podman takes none. podman 4.3 may take an init container that has just ended for running when it
# removes it; then it starts no more of the pod, in most of its tries.
claims_deployment() {
	local pod=oomguard-web-pod-0 manifest=$WORK/deployment.yaml
	sed -e '/^          ports:/,/containerPort:/d' -e 's/port: oomguard$/port: 9464/' \
		"$EXAMPLES/kubernetes/deployment.yaml" >"$manifest"
	printf 'FROM localhost/oomguard:scratch\nCOPY app /leak\n' >"$CONTEXT/Containerfile"
	"${builder[@]}" build -t localhost/oomguard-demo:latest -f "$CONTEXT/Containerfile" "$CONTEXT" >&2
	check "kube play takes the Deployment" play_deployment "$manifest"
	started() { "${cli[@]}" pod start "$pod" >"$WORK/started" 2>&1; }
	if ! wait_for 15 started && grep -q 'as it is running' "$WORK/started"; then
		skip_check "its pod starts" "podman removes its init container before it has seen its end"
		return
	fi
	check "its pod starts" started
	restarted() { [ "$("${cli[@]}" inspect --format '{{.RestartCount}}' "$pod-app")" -ge 1 ]; }
	answers() {
		[ "$(nsenter -n -t "$("${cli[@]}" inspect --format '{{.State.Pid}}' "$pod-app")" python3 -c 'import sys, urllib.request as u
print(u.urlopen(f"http://127.0.0.1:9464/{sys.argv[1]}", timeout=5).status)' "$1")" = "$2" ]
	}
	check "75 restarts the container" wait_for 40 restarted
	"${cli[@]}" logs "$pod-app" >"$WORK/kube.log" 2>&1
	sed 's/^/kube: /' "$WORK/kube.log" >&2
	has "the guard came with the init container" "$WORK/kube.log" 'restart level: '
	"${cli[@]}" inspect --format '{{json .Config.Env}}' "$pod-app" >"$WORK/env"
	has "the limit came by the downward API" "$WORK/env" 'OOMGUARD_GUARD_LIMIT=67108864'
	has "and the request" "$WORK/env" 'OOMGUARD_GUARD_REQUEST=67108864'
	check "a probe goes through the guard: /livez" answers livez 200
	check "and /readyz" answers readyz 200
}

tell_claims built deployment

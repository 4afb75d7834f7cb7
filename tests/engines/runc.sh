#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The guard under runc, and under crun with ENGINE=crun: same command line, same bundles.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

ENGINE=${ENGINE:-runc}
needs_cgroup
needs_engine "$ENGINE" busybox jq python3

ROOT=$WORK/engine-root
names=()

# shellcheck disable=SC2317 # called by the trap
engine_down() {
	local status=$? name
	trap - EXIT
	for name in "${names[@]}"; do
		"$ENGINE" --root "$ROOT" delete -f "$name" >&2
	done
	(exit "$status")
	story_exit
}
trap engine_down EXIT

# Docker's default profile in runc's words: what it allows without conditions, and sockets (all but a
# family that needs a capability).
seccomp_profile() {
	local profile=/usr/share/containers/seccomp.json
	[ -r $profile ] || return 1
	jq '{defaultAction: "SCMP_ACT_ERRNO", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
		syscalls: [{action: "SCMP_ACT_ALLOW", names: ([.syscalls[]
		| select(.action == "SCMP_ACT_ALLOW" and ((.args // []) | length) == 0
			and ((.includes.caps // []) | length) == 0)
		| .names[]] | unique - ["clone3"] + ["clone", "socket"])}]}' $profile
}

# bundle NAME IMAGE JQ-EDIT ARG...: a folder with config.json, 64 MiB, no new privileges.
bundle() {
	local dir=$WORK/bundle-$1 name=$1 image=$2 edit=$3
	shift 3
	mkdir "$dir"
	(cd "$dir" && "$ENGINE" spec)
	jq --arg rootfs "$WORK/image-$image" --arg state "$(make_state "$name")" \
		--arg cgroup "/oomguard-$STORY-$$-$name" --slurpfile seccomp "$WORK/seccomp" '
		.root.path = $rootfs | .root.readonly = true | .process.terminal = false
		| .process.args = $ARGS.positional | .process.noNewPrivileges = true
		| del(.process.rlimits) | .linux.cgroupsPath = $cgroup | .linux.seccomp = $seccomp[0]
		| .linux.resources.memory = {limit: 67108864}
		| .process.user = {uid: 65534, gid: 65534}
		| .process.capabilities = {bounding: [], effective: [], permitted: []}
		| .mounts += [{destination: "/var/lib/oomguard", type: "bind", source: $state,
			options: ["rbind", "rw"]}]
		| '"$edit" "$dir/config.json" --args -- "$@" >"$dir/edited"
	mv "$dir/edited" "$dir/config.json"
	names+=("$name")
}

# start NAME: in the background; its output goes to $WORK/NAME.log, $STARTED is what to wait for.
start() {
	"$ENGINE" --root "$ROOT" run --bundle "$WORK/bundle-$1" "$1" \
		</dev/null >"$WORK/$1.log" 2>&1 &
	STARTED=$!
	story_pids+=("$STARTED")
}
end() {
	wait_for "${1:-20}" gone "$STARTED"
	wait "$STARTED"
	STATUS=$?
}

echo null >"$WORK/seccomp"
seccomp_profile >"$WORK/profile" && mv "$WORK/profile" "$WORK/seccomp"
make_scratch "$WORK/image-scratch"
make_busybox "$WORK/image-busybox"
make_glibc "$WORK/image-glibc"

claims_sequence() {
	bundle leak scratch . "${LEAK[@]}"
	start leak
	end 30
	sed 's/^/leak: /' "$WORK/leak.log" >&2
	claim_sequence "$WORK/leak.log" "$STATUS" ""
	check "heap dump on the volume" test -s "$WORK/state-leak/heap.dump"
	note "uid 65534, no capabilities, no new privileges, read-only root, seccomp $(
		jq -r '.defaultAction // "not available"' "$WORK/seccomp"
	)"
}

claims_writable() {
	bundle user scratch '.process.user = {uid: 0, gid: 0} | .root.readonly = false' "${FAST_LEAK[@]}"
	start user
	end 30
	claim_fast "$WORK/user.log" "$STATUS" " (root, writable)"
}

claims_kernel_kill() {
	bundle killed scratch . /oomguard -s restart.mode=never -- /leak --rate "$((60 / STORY_SLOW))M"
	start killed
	end 30
	sed 's/^/killed: /' "$WORK/killed.log" >&2
	is "killed by the kernel: exit status 137" 137 "$STATUS"
	has "killed by the kernel: the log says so" "$WORK/killed.log" '[Kk]ernel'
}

claims_images() {
	local image
	for image in scratch busybox glibc; do
		bundle "pass-$image" $image . /oomguard -- /leak --to 1M --hold 0 --exit 42
		start "pass-$image"
		end
		is "exit status passes ($image image)" 42 "$STATUS"
		is "silent when nothing happens ($image image)" "" "$(cat "$WORK/pass-$image.log")"
	done
	# shellcheck disable=SC2016 # expanded in the container
	bundle glibc glibc . /oomguard -- \
		/bin/bash -c 'read -r a </proc/self/status; echo "$a"; exit 5'
	start glibc
	end
	is "a glibc program runs behind the static binary" "Name:	bash 5" \
		"$(cat "$WORK/glibc.log") $STATUS"
	bundle missing scratch . /oomguard -- /no/such/program
	start missing
	end
	is "command not found is 127" 127 "$STATUS"
}

# As docker's and podman's --init use it: mounted over an image that does not know it.
claims_init() {
	bundle init busybox '.mounts += [{destination: "/sbin/docker-init", type: "bind",
		source: "'"$(realpath "$STORY_OOMGUARD")"'", options: ["bind", "ro"]}]' \
		/sbin/docker-init -- /bin/sh -c "$LEAVE_ORPHANS"
	start init
	end
	is "used as --init: orphans reaped, exit status passes" "0 3" \
		"$(cat "$WORK/init.log") $STATUS"
}

claims_stop() {
	local before
	bundle term scratch . /oomguard -- /leak --to 1M --term-exit 9 \
		--dump /var/lib/oomguard/heap.dump --started /var/lib/oomguard/started
	start term
	wait_for 10 exists "$WORK/state-term/started"
	check "kill -s USR1 is asked for" "$ENGINE" --root "$ROOT" kill term USR1
	check "kill -s USR1 arrives" wait_for 10 exists "$WORK/state-term/heap.dump"
	before=$(now_ms)
	"$ENGINE" --root "$ROOT" kill term TERM
	end
	is "stop: the application's own exit status" 9 "$STATUS"
	check "stop: in less than 2 s" test $(($(now_ms) - before)) -lt $((2000 * STORY_SLOW))
}

claims_terminal() {
	# crun takes the size from here and not from its own terminal.
	local size='| .' resize=yes
	if [ "$ENGINE" = crun ]; then
		size='| .process.consoleSize = {height: 33, width: 99}'
		# shellcheck disable=SC2034 # for pty
		resize="crun run does not hand on a resize"
	fi
	bundle tty busybox '.process.terminal = true | .process.env += ["PS1=$ "] '"$size" \
		/oomguard -- /bin/sh -i
	pty "$ENGINE" --root "$ROOT" run --bundle "$WORK/bundle-tty" tty
}

tell_claims sequence writable kernel_kill images init stop terminal

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # cli and common come from the engine
#
# The claims for engines with docker's command line. The engine's script sets
#	cli=(docker ...)	the command with its global options
#	common=(...)		options of every `run`
#	INIT_OPTION=(...)	what makes --init use our binary, if it is not the daemon's setting
# and imports the images oomguard-scratch, oomguard-busybox and oomguard-glibc.
INIT_OPTION=()

import_images() {
	local image
	make_scratch "$WORK/image-scratch"
	make_busybox "$WORK/image-busybox"
	make_glibc "$WORK/image-glibc"
	for image in scratch busybox glibc; do
		tar -C "$WORK/image-$image" -c . | "${cli[@]}" import - "oomguard-$image:test" >&2
		rm -rf "$WORK/image-$image"
	done
}

# launch_box NAME [OPTION...] IMAGE ARG...: detached.
launch_box() {
	local name=$1
	shift
	"${cli[@]}" run -d --name "$name" --network none -m 64m "${common[@]}" \
		-v "$(make_state "$name"):/var/lib/oomguard" "$@" >&2
}
inspect() { "${cli[@]}" inspect --format "{{.State.$2}}" "$1"; }
# Waits for the end; $STATUS, and the log in $WORK/NAME.log.
box_end() {
	STATUS=$(timeout $((${2:-30} * STORY_SLOW)) "${cli[@]}" wait "$1" || echo running)
	"${cli[@]}" logs "$1" >"$WORK/$1.log" 2>&1
	sed "s/^/$1: /" "$WORK/$1.log" >&2
}

claims_sequence() {
	# shellcheck disable=SC2153 # of lib.sh
	launch_box leak --read-only --user 65534:65534 --cap-drop ALL \
		--security-opt no-new-privileges oomguard-scratch:test "${LEAK[@]}"
	box_end leak
	claim_sequence "$WORK/leak.log" "$STATUS" ""
	check "heap dump on the volume" test -s "$WORK/state-leak/heap.dump"
	is "inspect says: exit code" 75 "$(inspect leak ExitCode)"
	is "inspect says: not killed by the kernel" false "$(inspect leak OOMKilled)"
}

claims_writable() {
	launch_box user oomguard-scratch:test "${FAST_LEAK[@]}"
	box_end user
	claim_fast "$WORK/user.log" "$STATUS" " (root, writable)"
}

# restart.mode=never: what the guard and the engine say when the kernel was let to do it. What inspect
# calls it differs between engines and versions; the guard must not change it.
claims_kernel_kill() {
	local leak=(/leak --rate "$((60 / STORY_SLOW))M")
	launch_box bare oomguard-scratch:test "${leak[@]}"
	launch_box killed oomguard-scratch:test /oomguard -s restart.mode=never -- "${leak[@]}"
	box_end bare
	box_end killed
	is "killed by the kernel: exit status 137" 137 "$STATUS"
	has "killed by the kernel: the log says so" "$WORK/killed.log" '[Kk]ernel'
	is "killed by the kernel: inspect says OOMKilled as without the guard" \
		"$(inspect bare OOMKilled)" "$(inspect killed OOMKilled)"
	note "OOMKilled without the guard: $(inspect bare OOMKilled)"
}

claims_images() {
	local image
	for image in scratch busybox glibc; do
		launch_box "pass-$image" "oomguard-$image:test" /oomguard -- \
			/leak --to 1M --hold 0 --exit 42
		box_end "pass-$image"
		is "exit status passes ($image image)" 42 "$STATUS"
		is "silent when nothing happens ($image image)" "" "$(cat "$WORK/pass-$image.log")"
	done
	# shellcheck disable=SC2016 # expanded in the container
	launch_box glibc oomguard-glibc:test /oomguard -- \
		/bin/bash -c 'read -r a </proc/self/status; echo "$a"; exit 5'
	box_end glibc
	is "a glibc program runs behind the static binary" "Name:	bash 5" \
		"$(cat "$WORK/glibc.log") $STATUS"
	launch_box missing oomguard-scratch:test /oomguard -- /no/such/program
	box_end missing
	is "command not found is 127" 127 "$STATUS"
}

claims_init() {
	launch_box init --init "${INIT_OPTION[@]}" oomguard-busybox:test \
		/bin/sh -c "$LEAVE_ORPHANS"
	box_end init
	is "used as --init: orphans reaped, exit status passes" "0 3" \
		"$(cat "$WORK/init.log") $STATUS"
}

claims_stop() {
	local before
	launch_box term oomguard-scratch:test /oomguard -- /leak --to 1M --term-exit 9 \
		--dump /var/lib/oomguard/heap.dump --started /var/lib/oomguard/started
	wait_for 10 exists "$WORK/state-term/started"
	check "kill -s USR1 is asked for" "${cli[@]}" kill -s USR1 term
	check "kill -s USR1 arrives" wait_for 10 exists "$WORK/state-term/heap.dump"
	before=$(now_ms)
	"${cli[@]}" stop -t 10 term >&2
	box_end term
	is "stop: the application's own exit status" 9 "$STATUS"
	check "stop: in less than 2 s" test $(($(now_ms) - before)) -lt $((2000 * STORY_SLOW))

	launch_box deaf oomguard-scratch:test /oomguard -- /leak --to 1M --ignore-term \
		--started /var/lib/oomguard/started
	wait_for 10 exists "$WORK/state-deaf/started"
	before=$(now_ms)
	"${cli[@]}" stop -t 2 deaf >&2
	box_end deaf
	is "stop: an application that ignores TERM is killed" 137 "$STATUS"
	check "stop: after the engine's grace time" \
		test $(($(now_ms) - before)) -lt $((5000 * STORY_SLOW))
}

restarts() { [ "$("${cli[@]}" inspect --format '{{.RestartCount}}' "$1")" = "$2" ]; }
claims_restart() {
	launch_box again --restart on-failure:1 oomguard-scratch:test "${FAST_LEAK[@]}"
	check "restart on-failure: 75 is a failure" wait_for 20 restarts again 1
	box_end again
	has "restart on-failure: the second life is guarded too" "$WORK/again.log" 'warn level'
	"${cli[@]}" rm -f again >&2
}

claims_terminal() {
	pty "${cli[@]}" run -it --name tty --network none -m 64m "${common[@]}" -e 'PS1=$ ' \
		oomguard-busybox:test /oomguard -- /bin/sh -i
}

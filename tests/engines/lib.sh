# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # variables are for the engines
#
# What the engines share: images made of files of this machine, and the claims that read the guard's
# log. The text of a claim is the same under every engine, so that a table can be made of them.
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/../lib/story.sh"

ENGINES=$STORY_LIB/../engines
# The whole sequence: warn at 75 %, dump at 88 %, restart at 95 % of 64 MiB, slow enough to be seen
# growing, and there only after the grace time at the start (10 s). An emulated machine with others on
# its processors sometimes takes half a second to look.
LEAK=(/oomguard -v -s dump.kind=signal -s dump.signal=USR1 -s dump.path=/var/lib/oomguard/heap.dump
	-- /leak --from 40M --rate $((STORY_SLOW > 1 ? 1 : 2))M --dump /var/lib/oomguard/heap.dump)
# A leak that leaves no time for more than the first level and a restart.
FAST_LEAK=(/oomguard -v -s guard.start-grace=0s -- /leak --from 20M --rate "$((16 / STORY_SLOW))M")
# For a busybox: two orphans that end at once, and how many zombies there are a second later.
LEAVE_ORPHANS='(sleep 0.1 & sleep 0.1 &); sleep 1; ps -o stat | grep -c Z; exit 3'

needs_engine() {
	local tool
	[ "$(id -u)" = 0 ] || skip "needs root"
	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip "no $tool: see engines in tests/packages.txt"
	done
	file -L "$STORY_OOMGUARD" 2>/dev/null | grep -q 'dynamically linked' &&
		skip "$STORY_OOMGUARD is not static (--enable-static-binary)"
	return 0
}

# Nothing but the binary and a static test program, and the mount points that engines need.
make_scratch() {
	mkdir -p "$1"/{proc,sys,dev,tmp,etc,var/lib/oomguard}
	cp "$STORY_OOMGUARD" "$1/oomguard"
	cp "$PROGRAMS/leak" "$1/leak"
	# A volume of podman takes its owner from here.
	chown 65534:65534 "$1/var/lib/oomguard"
}

make_busybox() {
	make_scratch "$1"
	mkdir -p "$1"/{bin,sbin}
	cp "$(command -v busybox)" "$1/bin/busybox"
	local applet
	for applet in sh sleep cat ps tty stty id true false ls grep wc; do
		ln -sf busybox "$1/bin/$applet"
	done
}

# glibc programs of this machine with the libraries that they name.
make_glibc() {
	local program lib
	make_scratch "$1"
	mkdir -p "$1"/bin
	for program in bash sleep cat; do
		cp "$(command -v $program)" "$1/bin/"
		ldd "$(command -v $program)" | grep -o '/[^ ]*' | while read -r lib; do
			mkdir -p "$1$(dirname "$lib")"
			cp -Ln "$lib" "$1$lib"
		done
	done
}

# A directory of this machine for /var/lib/oomguard, writable for the container's user.
make_state() {
	mkdir -p "$WORK/state-$1"
	chmod 0777 "$WORK/state-$1"
	echo "$WORK/state-$1"
}

# claim_sequence LOG STATUS [SUFFIX]: what an operator must see after the leak.
claim_sequence() {
	claim_fast "$1" "$2" "$3"
	# An emulated machine may be so late that the emergency comes first.
	has "dump level$3" "$1" "$([ -n "${STORY_KERNEL:-}" ] && echo '(dump|emergency)' || echo dump) level: "
}
claim_fast() {
	has "memory limit seen$3" "$1" '64 ?MiB'
	has "warn level$3" "$1" 'warn level: '
	has "restart level$3" "$1" '(restart|brink|emergency) level: '
	is "exit status 75$3" 75 "$2"
}

# pty COMMAND...: drives `sh -i` in a container on a terminal and judges what comes back.
# $resize: why a resize cannot be tried.
pty() {
	local status=0
	TERMINAL_RESIZE=${resize:-yes} python3 "$ENGINES/terminal.py" "$@" >"$WORK/pty" 2>&1 || status=$?
	sed 's/^/# | /' "$WORK/pty" >&2
	has "terminal: the shell has one" "$WORK/pty" '^tty=/dev/'
	has "terminal: size is handed on" "$WORK/pty" '^size=33 99'
	if [ "${resize:-yes}" = yes ]; then
		has "terminal: a resize arrives" "$WORK/pty" '^size=44 111'
	else
		skip_check "terminal: a resize arrives" "$resize"
	fi
	lacks "terminal: job control works" "$WORK/pty" 'job control turned off'
	has "terminal: ^C ends the foreground job" "$WORK/pty" '^rc=130'
	is "terminal: exit status passes" 7 "$status"
}

# tell_claims CLAIM...: each is a function claims_CLAIM of the engine, and a row of the table (the
# same row as the story of that name where there is one). $CLAIMS: only these.
declare -A CHAPTER=(
	[sequence]=a_leaking_program_is_dumped_and_restarted_before_the_kernel_kills_it
	[writable]=as_root_with_a_writable_root_it_guards_too
	[kernel_kill]=a_kill_by_the_kernel_is_137_and_the_log_says_so
	[images]=the_exit_status_of_the_program_is_passed_on
	[init]=it_serves_as_the_init_of_the_engine
	[stop]=signals_and_stops_of_the_engine_reach_the_application
	[restart]=exit_75_is_a_failure_to_the_restart_policy
	[kube]=the_Kubernetes_manifest_can_be_played
	[terminal]=the_terminal_is_the_applications
	[built]=every_Containerfile_of_the_examples_builds_and_guards
	[deployment]=the_Kubernetes_Deployment_can_be_played
	[schemas]=Kubernetes_manifests_hold_the_published_schemas
	[component]=the_Kustomize_component_guards_a_Deployment_that_it_does_not_know
)
tell_claims() {
	local claim
	for claim in ${CLAIMS:-"$@"}; do
		echo "# chapter: ${CHAPTER[$claim]}"
		"claims_$claim"
	done
	finish
}

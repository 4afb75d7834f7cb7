# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # variables are for who sources this
# Where memory cgroups can be made here, on v1 and v2: $CGROUP_VERSION (1, 2 or none), $CGROUP_ROOT,
# and the names of files that differ.
CGROUP_VERSION=none CGROUP_ROOT=''
if grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
	CGROUP_VERSION=2 CGROUP_ROOT=/sys/fs/cgroup
elif [ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
	CGROUP_VERSION=1 CGROUP_ROOT=/sys/fs/cgroup/memory
fi
case $CGROUP_VERSION in
1) CG_USAGE=memory.usage_in_bytes CG_LIMIT=memory.limit_in_bytes CG_UNLIMITED=-1 ;;
*) CG_USAGE=memory.current CG_LIMIT=memory.max CG_UNLIMITED=max ;;
esac

# On v2 the controller is handed down by the parent, and a cgroup that is not the root of the machine
# may do so only when no process sits in it. In a container with a cgroup namespace of its own that
# is where all of its processes are: they move one down, as engines in containers do it.
cgroup_hand_down() {
	local file=$CGROUP_ROOT/cgroup.subtree_control pid pids
	[ "$CGROUP_VERSION" = 2 ] || return 0
	grep -qw memory "$file" && return
	{ echo +memory >"$file"; } 2>/dev/null && return
	[ -e "$CGROUP_ROOT/cgroup.type" ] || return
	mkdir -p "$CGROUP_ROOT/init" || return
	for _ in 1 2 3 4 5; do # whoever is started meanwhile comes with the next round
		mapfile -t pids <"$CGROUP_ROOT/cgroup.procs"
		for pid in "${pids[@]}"; do
			{ echo "$pid" >"$CGROUP_ROOT/init/cgroup.procs"; } 2>/dev/null
		done
		{ echo +memory >"$file"; } 2>/dev/null && return
	done
	return 1
}

# Prints why no memory cgroup can be made here; prints nothing when it can.
cgroup_problem() {
	local probe=$CGROUP_ROOT/oomguard-probe-$$
	if [ "$(id -u)" != 0 ]; then
		echo "only root can make a memory cgroup (run it with sudo)"
	elif [ "$CGROUP_VERSION" = none ]; then
		echo "no memory controller below /sys/fs/cgroup (mount cgroup v2 there, or v1 with its memory controller)"
	elif ! mkdir "$probe" 2>/dev/null; then
		echo "$CGROUP_ROOT cannot be written (in a container: start it with --privileged)"
	else
		rmdir "$probe"
		cgroup_hand_down || echo "the memory controller cannot be enabled in $CGROUP_ROOT/cgroup.subtree_control"
	fi
}

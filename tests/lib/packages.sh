#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# packages.sh [--check] SET...: installs what is missing of the sets in tests/packages.txt. The network
# is touched only when something is missing. --check: only says what is missing (exit 1).
set -eu
list=$(dirname "$0")/../packages.txt
check=no
if [ "${1:-}" = --check ]; then
	check=yes
	shift
fi

is_there() { # PACKAGE [COMMAND]
	[ -n "${2:-}" ] && command -v "$2" >/dev/null && return
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
for set in "$@"; do
	while read -r of package cmd; do
		[ "$of" = "$set" ] || continue
		is_there "$package" "$cmd" || missing+=("$package")
	done <"$list"
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$check" = yes ]; then
	echo "missing: ${missing[*]}" >&2
	exit 1
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "These packages are missing and can only be installed by root on Debian: apt-get install ${missing[*]}" >&2
	exit 1
fi
echo "installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >&2
# Services of what is installed (a container engine, Prometheus) are not to be started here: systems
# without systemd ask the run level, the others ask policy-rc.d, which is ours only while there is none.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap 'rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi
env RUNLEVEL=1 apt-get install -q -y --no-install-recommends "${missing[@]}" >&2

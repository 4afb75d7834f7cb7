#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh OUTDIR [ENGINE...]: the static binary $STORY_OOMGUARD as the entrypoint of real containers,
# under runc, docker and podman, and the images and manifests of examples/ (all of them unless named).
# OUTDIR/ENGINE/CLAIM.tap gets the results of each claim, OUTDIR/ENGINE/CLAIM.log what the engine said.
# Exit 0 when every claim holds.
# OOMGUARD_ENGINE_TIMEOUT: seconds for one engine (240).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || {
	echo "usage: run.sh OUTDIR [runc docker podman images manifests]" >&2
	exit 64
}
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- runc docker podman images manifests

failed=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for engine in "$@"; do
	echo "run.sh: $engine" >&2
	rm -rf "${out:?}/$engine"
	timeout -k 20 "${OOMGUARD_ENGINE_TIMEOUT:-240}" "$here/$engine.sh" \
		>"$tmp/tap" 2>"$tmp/log" </dev/null || failed=1
	"$here/split.sh" "$tmp/tap" "$tmp/log" "$out/$engine"
done
exit "$failed"

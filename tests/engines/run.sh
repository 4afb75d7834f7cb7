#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh OUTDIR [ENGINE...]: the static binary $STORY_OOMGUARD as the entrypoint of real containers,
# under runc, docker and podman (all of them unless named). OUTDIR/ENGINE.tap gets the claims,
# OUTDIR/ENGINE.log what the engine said. Exit 0 when every claim holds.
# OOMGUARD_ENGINE_TIMEOUT: seconds for one engine (120).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || {
	echo "usage: run.sh OUTDIR [runc docker podman]" >&2
	exit 64
}
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- runc docker podman

failed=0
for engine in "$@"; do
	echo "run.sh: $engine" >&2
	timeout -k 20 "${OOMGUARD_ENGINE_TIMEOUT:-120}" "$here/$engine.sh" \
		>"$out/$engine.tap" 2>"$out/$engine.log" </dev/null || failed=1
	grep -q '^1\.\.' "$out/$engine.tap" ||
		echo "not ok - $engine: stopped before its end" >>"$out/$engine.tap"
done
exit "$failed"

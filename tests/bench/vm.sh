#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# vm.sh OUTDIR [OPTION...]: the catch rate under kernel 6.1 with cgroup v2. Emulated CPUs are some
# twenty times slower, so the fastest growth is slower too.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
shift
"$here/../lib/packages.sh" vm
[ "$*" != --full ] || set -- --full --runs 20
script=$(mktemp -d "${TMPDIR:-/var/tmp}/oomguard-bench-vm.XXXXXX")
trap 'rm -rf "$script"' EXIT
cat >"$script/catch.sh" <<END
#!/bin/bash
# alone
python3 "$here/catch.py" --out "\$TMPDIR" --arms oomguard $* --only "256 MiB"
echo rows
cat "\$TMPDIR/catch.csv"
END
OOMGUARD_VM_TIMEOUT=${OOMGUARD_VM_TIMEOUT:-7200} "$here/../vm/run.sh" 6.1 "$script/out" "$script/catch.sh" >&2
sed '/^rows$/,$d' "$script/out/catch.tap"
sed '1,/^rows$/d' "$script/out/catch.tap" >"$out/catch-6.1.csv"

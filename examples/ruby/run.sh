#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A leaking Ruby program under the guard, which asks it for a dump by a signal; then what was in it.
# shellcheck source-path=SCRIPTDIR source=../recipe.sh
. "$(dirname "$0")/../recipe.sh"
need ruby ruby

OPTIONS=(-s dump.kind=signal -s dump.signal=USR1 -s "dump.path=$STATE/heap.json")
guarded 160M ruby "$HERE/leaky.rb" "$STATE/heap.json"

DUMP=$STATE/heap.json
expect "there is a dump" test -s "$DUMP"
title "the dump: heap.json, $(($(stat -c %s "$DUMP" 2>/dev/null || echo 0) / 1024)) KiB"
ruby "$HERE/show.rb" "$DUMP" | tee "$WORK/classes"
expect "it names the class that leaks" grep -Eq ' [0-9]{4,}  Session$' "$WORK/classes"
finish "Open it with: heapy read heap.json (gem install heapy), or sheap"

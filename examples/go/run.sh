#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A leaking Go program under the guard, with its default settings; then its heap profile.
# shellcheck source-path=SCRIPTDIR source=../recipe.sh
. "$(dirname "$0")/../recipe.sh"
need go golang-go

(cd "$HERE" && GOCACHE=$WORK/cache go build -o "$WORK/leaky" leaky.go) || die "go build fails"
guarded 96M "$WORK/leaky"

find_dump 'go-*.heap.pb.gz'
HOME=$WORK go tool pprof -top "$WORK/leaky" "$DUMP" 2>/dev/null | head -n 8 | tee "$WORK/top"
expect "it names the function that leaks" grep -Eq '9[0-9](\.[0-9]+)?%.* main\.handleRequest' "$WORK/top"
finish "Open it with: go tool pprof -http=: leaky go-PID.heap.pb.gz (the program itself is not needed for that)"

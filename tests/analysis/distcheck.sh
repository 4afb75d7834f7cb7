#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is shipped builds, passes its tests, installs and uninstalls, from read-only sources.
# shellcheck source-path=SCRIPTDIR source=../lib/analysis.sh
. "$(dirname "$0")/../lib/analysis.sh"
begin gcc

distcheck() {
	mkdir "$tmp/dist" && cd "$tmp/dist" || return
	"$tmp/source/configure" --quiet --enable-werror && make -s -j"$(nproc)" distcheck
}
if [ ! -x configure ]; then autoreconf -fi >"$tmp/log" 2>&1; fi
if ! (distcheck) >>"$tmp/log" 2>&1 </dev/null; then
	grep -aE '^(FAIL|ERROR|not ok)|error:|\*\*\*' "$tmp/log" | head -n 30
	tail -n 20 "$tmp/log"
fi | rule "make distcheck passes"
chmod -R u+w "$tmp/dist" 2>/dev/null # what distcheck leaves read-only when it fails
finish

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/analysis.sh
. "$(dirname "$0")/../lib/analysis.sh"
begin gcc
each_source gcc "${cpp_flags[@]}" -O2 -fanalyzer -c -o /dev/null | unjustified gcc |
	rule "gcc -fanalyzer finds nothing"
finish

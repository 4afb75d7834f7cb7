#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/recipe.sh
. "$STORY_LIB/recipe.sh"
needs_cgroup
recipe native
has "the stacks name the function that waits" "$OUT" '#[0-9]+ .* main\+'
has "gdb reads the core" "$OUT" '^.1 = [0-9]{3,}$'
finish

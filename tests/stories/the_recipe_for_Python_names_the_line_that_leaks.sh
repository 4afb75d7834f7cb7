#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtime and its tools are the same everywhere, and take minutes under emulation
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/recipe.sh
. "$STORY_LIB/recipe.sh"
needs_cgroup
recipe python
has "the list names the line" "$OUT" ' leaky\.py:11$|/leaky\.py:11$'
finish

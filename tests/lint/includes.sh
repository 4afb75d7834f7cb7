#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Which folder under src/ may include from which. conf/conf.h is for all; a folder may always
# include itself; main, cli, guard and the rest of src/*.c may include everything.
# shellcheck source-path=SCRIPTDIR source=../lib/lint.sh
. "$(dirname "$0")/../lib/lint.sh"

declare -A may=(
	[base]=''
	[conf]='base'
	[cgroup]='base'
	[proc]='base'
	[http]='base'
	[store]='base'
	[child]='base proc'
	[trigger]='base cgroup'
	[tune]='base proc cgroup'
	[dump]='base proc store'
	[report]='base cgroup proc trigger store'
	[action]='base proc child dump report store cgroup'
	[preload]=''
)

offenders() {
	local file line header folder target
	grep -n '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' -r src --include='*.[ch]' |
		sed 's/:[[:space:]]*#[[:space:]]*include[[:space:]]*"/:/; s/".*//' |
		while IFS=: read -r file line header; do
			folder=$(dirname "${file#src/}")
			[ "$folder" != . ] || continue
			target=$(dirname "$header")
			[ -e "src/$header" ] || [ "${header%.def}" != "$header" ] || [ "${header%.inc}" != "$header" ] ||
				echo "$file:$line: \"$header\" is not a path below src/"
			[ "$header" != conf/conf.h ] || continue
			case " ${may[$folder]-} $folder " in
			*" $target "*) ;;
			*) echo "$file:$line: $folder may not include $header" ;;
			esac
		done
}
unknown_folders() {
	local dir
	for dir in src/*/; do
		dir=$(basename "$dir")
		[ "${may[$dir]+known}" ] || echo "src/$dir has no row in tests/lint/includes.sh"
	done
}
nested_folders() { find src -mindepth 2 -type d ! -name .deps; }

unknown_folders | rule "every folder of src has its row in the table of includes"
nested_folders | rule "folders of src do not nest"
offenders | rule "includes go only in the allowed directions"
finish

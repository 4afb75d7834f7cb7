# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For scripts that hold tools against the source: they work on a copy, so that nobody who edits meanwhile
# is judged in the middle of it. $ANALYSIS_SOURCE names a copy that is there already (tests/run.sh).
#
#	begin gcc
#	some_tool | rule "no leaks"
#	finish
#
# A finding that is none has a line in tests/analysis/justified.txt, with the reason.
# shellcheck source-path=SCRIPTDIR source=../lib/lint.sh
. "$(dirname "${BASH_SOURCE[0]}")/lint.sh"

# What every tool parses with; the warnings are the build's.
# shellcheck disable=SC2034 # for those who source this
cpp_flags=(-std=gnu11 -D_GNU_SOURCE -Isrc)

begin() { # COMMAND...
	local command
	for command in "$@"; do needs "$command"; done
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/oomguard-analysis.XXXXXX") || exit 1
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 143' TERM HUP
	trap 'exit 130' INT
	if [ -x "${ANALYSIS_SOURCE:-}/configure" ]; then
		ln -s "$ANALYSIS_SOURCE" "$tmp/source"
	else
		mkdir "$tmp/source"
		tar -C "$PWD" -cf - --exclude=./.git --exclude=./autom4te.cache --exclude=./build \
			--exclude=./config.status --exclude=./Makefile --exclude=./stamp-h1 \
			--exclude=./configure --exclude='*.o' --exclude='*.a' . | tar -C "$tmp/source" -xf -
	fi
	cd "$tmp/source" || exit 1
	generate
}

# What make makes of the hooks' sources, for tools that do not ask make.
generate() {
	local source
	export generated=$tmp/generated
	mkdir -p "$generated/dump"
	for source in src/dump/*_hook.{erl,js,py,rb}; do
		LC_ALL=C awk -f src/dump/literal.awk "$source" >"$generated/dump/$(basename "${source%.*}").inc"
	done
	cpp_flags+=("-I$generated")
}

# Runs in parallel for each file of src, which is the last argument of the command; what it says
# comes out unmixed.
each_source() { # COMMAND...
	mkdir -p "$tmp/said"
	# shellcheck disable=SC2016 # expanded by the inner shell
	find src -name '*.c' -print | sort | xargs -d '\n' -P "$(nproc)" -I '{}' bash -c '
		said=$1/$(tr / _ <<<"$2") file=$2
		shift 2
		"$@" "$file" >"$said" 2>&1 || echo "$file:0:0: error: status $? [status]" >>"$said"' \
		x "$tmp/said" '{}' "$@"
	cat "$tmp"/said/*
}

build_in() { # NAME CONFIGURE-ARG...
	local name=$1
	shift
	bash tests/lib/build.sh "$tmp/$name" "$@" >"$tmp/$name.log" 2>&1
}

# Lines "FILE:LINE:COLUMN: warning: TEXT [CHECK]" are findings. Those that are justified go; a
# justification that fits nothing any more is a finding itself.
unjustified() { # TOOL; stdin: what the tool said
	local tool=$1 list=tests/analysis/justified.txt
	awk -F '\t' -v tool="$tool" -v list="$list" '
		FILENAME == list {
			if (/^#/ || NF == 0) next
			if (NF != 5) { print list ":" FNR ": not five columns"; next }
			if ($1 == tool) { n++; check[n] = $2; file[n] = $3; text[n] = $4; row[n] = FNR }
			next
		}
		!/: (warning|error|style|performance|portability): / || seen[$0]++ { next }
		{
			for (i = 1; i <= n; i++)
				if (index($0, file[i] ":") && index($0, "[" check[i] "]") && index($0, text[i])) {
					used[i] = 1
					next
				}
			print
		}
		END { for (i = 1; i <= n; i++) if (!used[i]) print list ":" row[i] ": fits nothing any more" }
	' "$list" -
}

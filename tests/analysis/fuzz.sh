#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every parser of what comes from outside under libFuzzer and sanitizers: tests/fuzz/NAME.c, fed from
# tests/fuzz/corpus/NAME, a fixed number of runs from a fixed seed.
#
#	tests/analysis/fuzz.sh              as in CI
#	FUZZ_RUNS=5000000 FUZZ_ONLY=ini tests/analysis/fuzz.sh     look for longer
# shellcheck source-path=SCRIPTDIR source=../lib/analysis.sh
. "$(dirname "$0")/../lib/analysis.sh"
begin clang
runs=${FUZZ_RUNS:-20000}

sanitize=address,undefined
cc=(clang "${cpp_flags[@]}" -O1 -g -Wall -Wextra -Werror -fno-omit-frame-pointer
	-fno-sanitize-recover=undefined)
mkdir "$tmp/o" "$tmp/bin"

# Folders of parsers and what they use; no libunwind, no libevent.
units() {
	find src/base src/conf src/proc src/child src/store src/report src/trigger -name '*.c' ! -name nss.c
	echo src/cgroup/{events,node,resolve,stat,v1,v2,cgroup,look,find}.c
	find src/dump -name nspath.c -o -name attach.c -o -name "eh*.c" -o -name "elf*.c" -o -name gzcheck.c \
		-o -name hprof.c -o -name listeners.c -o -name jsoncheck.c -o -name modules.c \
		-o -name hook.c -o -name dotnet_heap.c -o -name dotnet_ipc.c -o -name lsb.c \
		-o -name nettrace.c -o -name hook_dir.c -o -name outfile.c -o -name wire.c \
		-o -name fcgi.c -o -name cdp.c -o -name inspector.c -o -name get.c -o -name pystack_line.c
	find src/http -name '*.c' ! -name http.c ! -name probe.c
	echo src/{live,tally,wire}.c
}
# What the unit tests read is food for them, too.
declare -A also=([kernlog]=tests/fixtures/kernlog [pod]=tests/fixtures/pod)
compile() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	units | tr ' ' '\n' | xargs -P "$(nproc)" -I '{}' bash -c '
		file=$1 out=$2/$(tr / _ <<<"${1%.c}").o
		shift 2
		exec "$@" -c -o "$out" "$file"' x '{}' "$tmp/o" \
		"${cc[@]}" "-fsanitize=fuzzer-no-link,$sanitize" 2>&1 || echo "it does not compile"
	ar -rcs "$tmp/units.a" "$tmp"/o/*.o 2>&1
}
targets() { find tests/fuzz -name "${FUZZ_ONLY:-*}.c" -exec basename {} .c \; | sort; }
link_target() { # NAME
	"${cc[@]}" "-fsanitize=fuzzer,$sanitize" -o "$tmp/bin/$1" "tests/fuzz/$1.c" "$tmp/units.a" \
		-lcgroup -linih -ljansson -lyaml -lnettle -llzma -lzstd -lz -lm >"$tmp/bin/$1.log" 2>&1
}
fuzz() { # NAME
	local work=$tmp/work/$1 dict=() more=()
	mkdir -p "$work/new"
	[ ! -e "tests/fuzz/$1.dict" ] || dict=("-dict=tests/fuzz/$1.dict")
	[ -z "${also[$1]:-}" ] || more=("${also[$1]}")
	link_target "$1" && "$tmp/bin/$1" -seed=1 "-runs=$runs" -max_len=4096 -timeout=10 \
		-rss_limit_mb=1024 "-artifact_prefix=$work/" "${dict[@]}" "$work/new" "tests/fuzz/corpus/$1" "${more[@]}" \
		>"$work/log" 2>&1 && grep -q "^Done $runs runs" "$work/log" && return
	echo "$1: failed"
	cat "$tmp/bin/$1.log"
	grep -aE 'broken:|runtime error|ERROR|SUMMARY|^    #[0-9]' "$work/log" | head -20
	# The input that broke it, to be put into the corpus once it is repaired.
	# shellcheck disable=SC2016 # expanded by the inner shell
	find "$work" -maxdepth 1 -name '*-*' -exec sh -c 'basename "$1"; base64 -w 100 "$1" | head -20' x {} \;
}

compile | rule "parsers compile for libFuzzer"
for name in $(targets); do
	[ -n "$(ls "tests/fuzz/corpus/$name" 2>/dev/null)" ] || echo "$name"
done | rule "every target has a corpus"
for name in $(targets); do
	{
		fuzz "$name" >"$tmp/$name.result" 2>&1
	} &
	[ "$(jobs -rp | wc -l)" -lt "$(nproc)" ] || wait -n
done
wait
for name in $(targets); do
	rule "$name: $runs runs without a fault" <"$tmp/$name.result"
done
finish

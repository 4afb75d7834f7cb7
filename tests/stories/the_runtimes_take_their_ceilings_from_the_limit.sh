#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# host only: the runtimes are the same everywhere, and take minutes under emulation
# [tune] in 256 MiB: each runtime tells its ceiling itself; what the user has set holds; after a
# resize and a restart in place the new limit's value is there.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 256M
unset NODE_OPTIONS JAVA_TOOL_OPTIONS GOMEMLIMIT MALLOC_ARENA_MAX MALLOC_TRIM_THRESHOLD_
export DOTNET_GCHeapHardLimit=64 # that is the user's word

tuned() { # COMMAND...: stdout in $OUT, the guard's log in $LOG
	in_cgroup app "$STORY_OOMGUARD" -s guard.state-dir="$STATE" -s tune.enabled=yes \
		-- "$@" >"$OUT" 2>"$LOG"
}
flag_of() { awk -v name="$1" '$2 == name { print $4 }' "$OUT"; }

if command -v java >/dev/null; then
	tuned java -XX:+PrintFlagsFinal -version
	is "the JVM says: half of the limit" $((128 << 20)) "$(flag_of MaxHeapSize)"
	is "and its direct memory is bounded" $((32 << 20)) "$(flag_of MaxDirectMemorySize)"
	has "the arithmetic is logged" "$LOG" 'tune: JAVA_TOOL_OPTIONS=.*256MiB x 50% = 128MiB of heap'
	tuned java -Xmx64m -XX:+PrintFlagsFinal -version
	is "-Xmx of the command holds" $((64 << 20)) "$(flag_of MaxHeapSize)"
	has "and it is said" "$LOG" 'tune: JAVA_TOOL_OPTIONS=-XX:MaxRAMPercentage=.* is left out: -Xmx'
	JAVA_TOOL_OPTIONS=-Xmx80m tuned java -XX:+PrintFlagsFinal -version
	is "that of the variable too" $((80 << 20)) "$(flag_of MaxHeapSize)"
	_JAVA_OPTIONS=-XX:MaxRAMPercentage=25 tuned sh -c 'exec java -XX:+PrintFlagsFinal -version'
	is "and a share behind a shell" $((126 << 20)) "$(flag_of MaxHeapSize)"
	make_cgroup pod 300M
	make_cgroup inner max pod
	in_cgroup inner "$STORY_OOMGUARD" -s guard.state-dir="$STATE" -s tune.enabled=yes \
		-- java -XX:+PrintFlagsFinal -version >"$OUT" 2>"$LOG"
	is "half of a limit that is only the ancestor's" $((150 << 20)) "$(flag_of MaxHeapSize)"
	cgroup_limit app 160M
	tuned java -XX:+PrintFlagsFinal -version
	is "half of a limit of 160 MiB, too" $((80 << 20)) "$(flag_of MaxHeapSize)"
	cgroup_limit app 256M
else
	skip_check "the JVM's ceiling" "no java"
fi

if command -v node >/dev/null; then
	young=$(($(in_cgroup app node --max-old-space-size=100 -p 'v8.getHeapStatistics().heap_size_limit') - (100 << 20)))
	tuned node -p 'v8.getHeapStatistics().heap_size_limit'
	is "Node says: 3/4 of what is above 64 MiB" $(((144 << 20) + young)) "$(cat "$OUT")"
	tuned node --max-old-space-size=120 -p 'v8.getHeapStatistics().heap_size_limit'
	is "the flag of the command holds" $(((120 << 20) + young)) "$(cat "$OUT")"
	NODE_OPTIONS='--max_old_space_size=110 --no-warnings' \
		tuned node -p 'v8.getHeapStatistics().heap_size_limit'
	is "that of NODE_OPTIONS too" $(((110 << 20) + young)) "$(cat "$OUT")"
	NODE_OPTIONS=--no-warnings tuned node -p 'process.env.NODE_OPTIONS'
	is "other flags stay beside it" '--max-old-space-size=144 --no-warnings' "$(cat "$OUT")"

	guard app -v -s tune.enabled=yes -s restart.mode=in-place -s restart.backoff=1s..1s -- node -e '
		require("fs").appendFileSync(process.argv[1], v8.getHeapStatistics().heap_size_limit + "\n");
		setInterval(() => {}, 1000)' "$WORK/ceilings"
	ceilings() { [ "$(wc -l <"$WORK/ceilings")" -ge "$1" ]; }
	check "it runs" wait_for 20 ceilings 1
	cgroup_limit app 512M
	check "it is restarted in place" "$STORY_OOMGUARD" restart -s guard.state-dir="$STATE"
	check "it runs again" wait_for 30 ceilings 2
	is "with the new limit's ceiling" "$(((144 << 20) + young)) $(((336 << 20) + young))" \
		"$(xargs <"$WORK/ceilings")"
	has "which is logged" "$LOG" 'max-old-space-size=336 \(3/4 x \(512MiB - 64MiB\)'
	kill -TERM "$GUARD_PID"
	guard_status 20
	cgroup_limit app 256M
else
	skip_check "Node's ceiling" "no node"
fi

if command -v go >/dev/null; then
	cat >"$WORK/limit.go" <<-'GO'
		package main

		import "runtime/debug"

		func main() { println(debug.SetMemoryLimit(-1)) }
	GO
	check "a Go program" env GO111MODULE=off go build -o "$WORK/limit" "$WORK/limit.go"
	tuned "$WORK/limit"
	has "Go says: nine tenths" "$LOG" "^$((230 << 20))\$"
	lacks "a Go program gets no flags of a JVM" "$LOG" 'JAVA_TOOL_OPTIONS'
	GOMEMLIMIT=100MiB tuned "$WORK/limit"
	has "GOMEMLIMIT of the user holds" "$LOG" "^$((100 << 20))\$"
else
	skip_check "Go's ceiling" "no go"
fi

if command -v php >/dev/null; then
	tell='echo ini_get("memory_limit"), " ", count(get_loaded_extensions());'
	tuned php -n -r "$tell" # -n: no files at all
	is "PHP without its files is left alone" "128M $(php -n -r 'echo count(get_loaded_extensions());')" \
		"$(cat "$OUT")"
	printf 'memory_limit = -1\n' >"$WORK/php.ini"
	tuned php -c "$WORK/php.ini" -r "$tell"
	is "PHP says: 3/4 of what is above 32 MiB, and has its extensions" \
		"168M $(php -c "$WORK/php.ini" -r 'echo count(get_loaded_extensions());')" "$(cat "$OUT")"
	printf 'memory_limit = 200M\n' >"$WORK/php.ini"
	tuned php -c "$WORK/php.ini" -r 'echo ini_get("memory_limit");'
	is "a number in php.ini is the user's" 200M "$(cat "$OUT")"
	tuned php -d memory_limit=99M -r 'echo ini_get("memory_limit");'
	is "that of the command holds" 99M "$(cat "$OUT")"
else
	skip_check "PHP's ceiling" "no php"
fi

cat >"$WORK/arenas.c" <<'C'
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

static pthread_barrier_t barrier;

static void *thread(void *arg)
{
	void *volatile p = malloc(100);

	(void)arg;
	pthread_barrier_wait(&barrier);
	free(p);
	return NULL;
}

int main(void)
{
	pthread_t threads[12];

	pthread_barrier_init(&barrier, NULL, 12);
	for (int i = 0; i < 12; i++)
		pthread_create(&threads[i], NULL, thread, NULL);
	for (int i = 0; i < 12; i++)
		pthread_join(threads[i], NULL);
	return malloc_info(0, stdout);
}
C
if gcc -pthread -o "$WORK/arenas" "$WORK/arenas.c" 2>/dev/null; then
	tuned "$WORK/arenas"
	is "malloc says: two arenas for twelve threads" 2 "$(grep -c '<heap nr' "$OUT")"
	MALLOC_ARENA_MAX=4 tuned "$WORK/arenas"
	is "four when the user says so" 4 "$(grep -c '<heap nr' "$OUT")"
else
	skip_check "malloc's arenas" "no gcc"
fi
tuned sh -c 'echo "$DOTNET_GCHeapHardLimit $GOMEMLIMIT $RUBY_GC_MALLOC_LIMIT_MAX"'
is "a shell script gets the variables of all, but for the user's" '64 230MiB 16777216' "$(cat "$OUT")"

# --- off, and hooks ---
in_cgroup app "$STORY_OOMGUARD" -s guard.state-dir="$STATE" -s tune.enabled=no -s dump.inject=no \
	-- env -0 | grep -zv '^_=' | sort -z | md5sum >"$OUT"
is "with both off not a byte is changed" "$(env -0 | grep -zv '^_=' | sort -z | md5sum)" "$(cat "$OUT")"
lacks "nor a file made" <(find "$STATE" -name hooks) .
if command -v setpriv >/dev/null && [ "$(id -u)" = 0 ]; then
	in_cgroup app "$STORY_OOMGUARD" -s guard.state-dir="$STATE" -s dump.inject=cheap -- \
		setpriv --reuid=65534 --regid=65534 --clear-groups \
		sh -c 'cd "$OOMGUARD_HOOK_DIR/.." && : >"$OOMGUARD_HOOK_DIR/$$.sock" && pwd' \
		>"$OUT" 2>"$LOG"
	has "an application that gives up its rights reaches the place of the hooks" "$OUT" '/hooks$'
	check "which is removed at the end" not exists "$(cat "$OUT")"
fi
finish

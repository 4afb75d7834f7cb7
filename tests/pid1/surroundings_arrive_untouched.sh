#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# P44 P45: what surrounds the application is what surrounded the guard; 1 MiB of environment too.
# shellcheck disable=SC2016,SC2317 # text for inner shells, functions for wait_for
# shellcheck source-path=SCRIPTDIR source=../lib/init.sh
. "$(dirname "$0")/../lib/init.sh"

for mode in "${MODES[@]}"; do
	set_mode "$mode"
	init_run "$mode" printf '<%s>\n' '' ' a b ' -- -g -s '$x' $'new\nline' '*' --
	"${DEFAULTS[@]}" printf '<%s>\n' '' ' a b ' -- -g -s '$x' $'new\nline' '*' -- >"$WORK/want"
	check "$mode: odd arguments arrive as they are" cmp "$OUT" "$WORK/want"

	GUARD_WRAP=(env -i PATH="$PATH" EMPTY= 'odd name=1' 'no_newline=a
b')
	init_run "$mode" env -0
	"${GUARD_WRAP[@]}" env -0 >"$WORK/want"
	check "$mode: the environment arrives as it is, in its order" cmp "$OUT" "$WORK/want"
	GUARD_WRAP=()

	init_run "$mode" sh -c 'cat /proc/self/oom_score_adj; umask; nice; ulimit -n; ulimit -c'
	at_default=$(xargs <"$OUT")
	GUARD_WRAP=(sh -c 'echo 500 >/proc/self/oom_score_adj; umask 027; ulimit -n 333; ulimit -c 7
		exec nice -n 5 "$@"' -)
	init_run "$mode" sh -c 'cat /proc/self/oom_score_adj; umask; nice; ulimit -n; ulimit -c'
	is "$mode: oom_score_adj, umask, nice and limits are the guard's" "500 0027 5 333 7" \
		"$(xargs <"$OUT")"
	GUARD_WRAP=()
	is "$mode: and were untouched without a request" \
		"$("${DEFAULTS[@]}" sh -c 'cat /proc/self/oom_score_adj; umask; nice; ulimit -n; ulimit -c' | xargs)" \
		"$at_default"
done

big=$(head -c 65536 /dev/zero | tr '\0' x)
for mode in "${MODES[@]}"; do
	for ((i = 0; i < 16; i++)); do export "BIG_$i=$big"; done
	init_run "$mode" sh -c 'exit $((${#BIG_0} + ${#BIG_15} == 131072 ? 42 : 1))'
	for ((i = 0; i < 16; i++)); do unset "BIG_$i"; done
	is "$mode: 1 MiB of environment arrives" 42 "$STATUS"
done
finish

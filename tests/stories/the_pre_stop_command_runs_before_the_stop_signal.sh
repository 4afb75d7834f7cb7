#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M

cat >"$WORK/pre-stop" <<'END'
#!/bin/sh
echo pre-stop >>"$1/order"
sleep 0.5
echo pre-stop done >>"$1/order"
END
chmod +x "$WORK/pre-stop"
guard app -v "${AT_ONCE[@]}" -s "restart.pre-stop=$WORK/pre-stop $WORK" -s restart.signal=USR2 -- sh -c "
	trap 'echo signal >>$WORK/order; exit 0' USR2
	$PROGRAMS/leak --to 40M --rate 400M & wait"
guard_status 20
is "restarted" 75 "$STATUS"
is "the order of events" "pre-stop,pre-stop done,signal" "$(paste -sd, "$WORK/order")"
finish

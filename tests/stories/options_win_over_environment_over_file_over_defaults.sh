#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
value() { grep -A99 '^\[restart\]' "$OUT" | grep -m1 '^grace' | sed 's/.*= *//; s/ *;.*//'; }
printf '[restart]\ngrace = 11s\n' >"$WORK/c.ini"
run config
is "default" 25s "$(value)"
run -c "$WORK/c.ini" config
[ "$STATUS" = 0 ] || run config -c "$WORK/c.ini"
is "file" 11s "$(value)"
export OOMGUARD_RESTART_GRACE=12s
run config -c "$WORK/c.ini"
is "environment over file" 12s "$(value)"
run config -c "$WORK/c.ini" -s restart.grace=13s
is "option over environment" 13s "$(value)"
unset OOMGUARD_RESTART_GRACE

export OOMGUARD_SERVICE_HOST=10.0.0.1 OOMGUARD_PORT_9464_TCP=tcp://10.0.0.1:9464
run -- sh -c 'exit 4'
is "an unknown variable is no reason to fail" 4 "$STATUS"
has "but is told" "$LOG" 'OOMGUARD_'
finish

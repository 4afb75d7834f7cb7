#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source-path=SCRIPTDIR source=../lib/story.sh
. "$(dirname "$0")/../lib/story.sh"
needs_cgroup
make_cgroup app 64M
grown() { [ "$(cgroup_usage app)" -gt 40000000 ]; }
reload() {
	"$STORY_OOMGUARD" reload -s "guard.state-dir=$STATE" >"$WORK/answer" 2>&1
	echo $?
}

printf '[level warn]\nat = 90%%\n[restart]\nexit-code = 91\n' >"$WORK/conf.ini"
guard app -c "$WORK/conf.ini" -s level.profile.actions= -s level.dump.actions= -- \
	"$PROGRAMS/leak" --to 40M --rate 400M --hold 600
app_pid
wait_for 10 exists "$STATE/control.sock"
wait_for 10 grown

printf '[level warn]\nat = lots\n' >"$WORK/conf.ini"
is "a bad value is refused" 1 "$(reload)"
has "the answer says where and what" "$WORK/answer" 'conf.ini:2: .*at: .*allowed: '
has "the log too" "$LOG" 'reload: .*conf.ini:2: .*the settings stay as they were'
rm "$WORK/conf.ini"
is "so is a file that has gone" 1 "$(reload)"
lacks "no level has fired" "$LOG" 'warn level'

printf '[level warn]\nat = 50%%\n[restart]\nexit-code = 92\n[guard]\nstate-dir = /elsewhere\n' >"$WORK/conf.ini"
is "a good one is taken" 0 "$(reload)"
check "the level fires by the new setting" wait_for 5 logged 'warn level: [5-9][0-9]% of 64MiB'
reloaded() { [ "$(reload)" = 0 ]; }
check "a second reload, as soon as the list of the level has ended" wait_for 10 reloaded
wait_for 2 false
is "does not fire it again: its state stays" 1 "$(grep -c 'warn level: [5-9]' "$LOG")"

"$STORY_OOMGUARD" restart -s "guard.state-dir=$STATE" >/dev/null 2>&1
guard_status 10
is "the exit status is the new one" 92 "$STATUS"
finish

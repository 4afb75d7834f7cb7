# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # for stories that tell of several lives in one container
#
# After story.sh. $VERDICT is the newest incident as JSON.
VERDICT=$WORK/verdict.json

# judge: what the report says of the newest incident; its text is in $WORK/verdict.txt.
judge() {
	run report -s "guard.state-dir=$STATE"
	cp "$OUT" "$WORK/verdict.txt"
	run report -s "guard.state-dir=$STATE" --format json
	cp "$OUT" "$VERDICT"
	note "$(json_get "$VERDICT" '"\n".join([str(d["verdict"]["scores"]), str(len(d["samples"])) + " samples"] + d["verdict"]["evidence"])')"
	: >"$LOG"
	: >"$OUT"
}
cause() { json_get "$VERDICT" 'd["verdict"]["cause"]'; }
detail() { json_get "$VERDICT" 'd["verdict"]["detail"]'; }
level() { json_get "$VERDICT" 'd["verdict"]["oom_level"]'; }
advised() { json_get "$VERDICT" 'd["advice"]["limit_bytes"]'; }

# evidence REGEX: the line of evidence that matches; fails when none does.
evidence() { json_get "$VERDICT" '"\n".join(d["verdict"]["evidence"])' | grep -E -- "$1"; }

advice() { json_get "$VERDICT" 'd["advice"]["sentence"]' | grep -E -- "$1"; }

# The number before a unit in the evidence that matches: evidence_number REGEX-WITH-ONE-GROUP.
evidence_number() { json_get "$VERDICT" '"\n".join(d["verdict"]["evidence"])' | sed -nE "s|.*$1.*|\1|p" | sed -n 1p; }

# between TEXT LEAST MOST GOT (integers)
between() {
	local got=${4%.*}
	check "$1: $2 <= ${4:-nothing} <= $3" test "${got:-0}" -ge "$2" -a "${got:-999999999}" -le "$3"
}

# The limit of the advice is in the patch and in the command too.
check_advice_texts() {
	local mib=$(($(advised) / 1048576))
	has "the patch says it" "$WORK/verdict.txt" "memory: ${mib}Mi\$"
	has "the command says it" "$WORK/verdict.txt" "kubectl (set resources .*|patch .*)"
	check "the patch is YAML" patch_is_yaml
}
patch_is_yaml() {
	python3 - "$VERDICT" <<-END
	import json, sys
	patch = json.load(open(sys.argv[1]))["advice"]["patch"]
	depth = []
	for line in patch.splitlines():
	    indent = len(line) - len(line.lstrip())
	    assert indent % 2 == 0 and ":" in line, line
	END
}

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/kubernetes/prometheus-rules.yaml: its groups are valid rules, and each alert fires when it should
# and not when it should not (tests/rules/alerts.yaml). tests/stories/a_leak_ends_as_an_alert.sh has a real
# Prometheus evaluate them.
# shellcheck source-path=SCRIPTDIR source=../lib/lint.sh
. "$(dirname "$0")/../lib/lint.sh"
needs promtool

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
manifest=examples/kubernetes/prometheus-rules.yaml
sed '1,/^spec:/d; s/^  //' "$manifest" >"$work/rules.yaml"
cp tests/rules/alerts.yaml "$work/"
cd "$work" || exit 1

failing() { "$@" >out 2>&1 || cat out; }
alerts() { sed -n 's/.*- alert: //p' rules.yaml; }

failing promtool check rules rules.yaml | rule "the rules are valid"
failing promtool test rules alerts.yaml | rule "every alert fires when it should, and only then"
alerts | while read -r alert; do
	grep -q "alertname: $alert$\|alertname=\"$alert\"" alerts.yaml && grep -q "$alert, exp_alerts: \[\]" alerts.yaml ||
		echo "$alert"
done | rule "every alert has a case in which it fires and one in which it does not"
finish

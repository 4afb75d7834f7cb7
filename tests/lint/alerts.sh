#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/kubernetes/prometheus-rules.yaml: its groups are valid rules, and each alert fires when it should
# and not when it should not (tests/rules/alerts.yaml). examples/grafana/dashboard.json: what Grafana needs is
# there. Both ask for nothing that is not served. tests/stories/a_leak_ends_as_an_alert.sh has a real
# Prometheus evaluate them.
# shellcheck source-path=SCRIPTDIR source=../lib/lint.sh
. "$(dirname "$0")/../lib/lint.sh"
needs promtool
needs python3

served() { sed -nE 's/^\t\{ "([a-z_]+)", "(gauge|counter|histogram)".*/oomguard_\1/p' tests/unit/http_metrics_list.c; }
served | grep -c . | sed 's/^[1-9].*//' | rule "the list of metrics can be read"
grep -o 'oomguard_[a-z_]*' examples/kubernetes/prometheus-rules.yaml | grep -Fxv "$(served)" | sort -u |
	rule "alerts ask for what is served"
served | xargs python3 tests/lib/dashboard.py check examples/grafana/dashboard.json |
	rule "the dashboard has what Grafana needs, and asks for what is served"

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

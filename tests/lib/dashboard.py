#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A dashboard as Grafana's schema has it, and its queries.

dashboard.py check FILE [METRIC...]: fields that Grafana needs to load it and show something; with METRICs: no
query asks for another one of ours. One line for each offence.
dashboard.py query FILE URL SECONDS: every query of panels, annotations and variables, against the Prometheus at
URL over the last SECONDS: one line "ok PLACE" or "no data PLACE: QUERY"."""
import json
import re
import sys
import time
import urllib.parse
import urllib.request

PANELS = {"timeseries", "stat", "gauge", "table", "bargauge", "row", "text", "logs", "heatmap", "state-timeline"}
CALCS = {"lastNotNull", "last", "max", "min", "mean", "sum", "count"}


def panels_of(dashboard):
    for panel in dashboard.get("panels", []):
        yield panel
        yield from panel.get("panels", []) if panel.get("type") == "row" else []


def queries_of(dashboard):
    """(place, kind, query): kind is "instant", "range" or "variable"."""
    for panel in panels_of(dashboard):
        for target in panel.get("targets", []):
            yield f"panel {panel.get('title')} {target.get('refId')}", "range", target.get("expr")
    for annotation in dashboard["annotations"]["list"]:
        if not annotation.get("builtIn"):
            yield f"annotation {annotation.get('name')}", "range", annotation.get("expr")
    for variable in dashboard["templating"]["list"]:
        if variable.get("type") == "query":
            yield f"variable {variable.get('name')}", "variable", variable["query"]["query"]


# --- check --------------------------------------------------------------------------------------


def check_place(panel, taken):
    pos = panel.get("gridPos", {})
    if not all(isinstance(pos.get(k), int) and pos[k] >= 0 for k in "xywh") or pos["x"] + pos["w"] > 24 \
            or not pos["w"] or not pos["h"]:
        yield f"gridPos {pos}"
        return
    cells = {(x, y) for x in range(pos["x"], pos["x"] + pos["w"]) for y in range(pos["y"], pos["y"] + pos["h"])}
    if cells & taken:
        yield "lies over another panel"
    taken |= cells


def check_field(config):
    defaults = config.get("defaults")
    if not isinstance(defaults, dict) or not isinstance(config.get("overrides"), list):
        yield "fieldConfig needs defaults and overrides"
        return
    if not defaults.get("unit"):
        yield "no unit"
    steps = defaults.get("thresholds", {}).get("steps", [])
    values = [step["value"] for step in steps]
    if values and (values[0] is not None or values[1:] != sorted(values[1:])):
        yield f"steps of thresholds begin with null and ascend: {values}"
    for override in config["overrides"]:
        if not override.get("matcher", {}).get("id") or not override.get("properties"):
            yield f"override {override}"


def check_targets(panel, datasource):
    refs = [target.get("refId") for target in panel.get("targets", [])]
    if not refs or len(set(refs)) != len(refs) or not all(refs):
        yield f"refIds {refs}"
    for target in panel.get("targets", []):
        if not target.get("expr", "").strip():
            yield "an empty query"
        if target.get("datasource") != datasource:
            yield f"data source {target.get('datasource')}"
        if bool(target.get("range")) == bool(target.get("instant")):
            yield "neither range nor instant, or both"


def check_panel(panel, taken, datasource):
    yield from check_place(panel, taken)
    if panel.get("type") not in PANELS:
        yield f"type {panel.get('type')}"
    if not panel.get("title"):
        yield "no title"
    if panel.get("type") in ("row", "text"):
        return
    if panel.get("datasource") != datasource:
        yield f"data source {panel.get('datasource')}"
    yield from check_field(panel.get("fieldConfig", {}))
    yield from check_targets(panel, datasource)
    calcs = panel.get("options", {}).get("reduceOptions", {}).get("calcs", [])
    if panel["type"] in ("stat", "gauge") and (not calcs or set(calcs) - CALCS):
        yield f"calcs {calcs}"


def check_variables(dashboard):
    names = [v.get("name") for v in dashboard["templating"]["list"]]
    if len(set(names)) != len(names):
        yield f"variables {names}"
    sources = [v for v in dashboard["templating"]["list"] if v.get("type") == "datasource"]
    if len(sources) != 1 or sources[0].get("query") != "prometheus":
        yield "one variable chooses a Prometheus as the data source"
    for place, _, query in queries_of(dashboard):
        for used in re.findall(r"\$\{?(\w+)", query):
            if used not in names and not used.startswith("__"):
                yield f"{place}: no variable {used}"


def check_metrics(dashboard, served):
    for place, _, query in queries_of(dashboard):
        for metric in re.findall(r"\boomguard_\w+", query):
            if re.sub(r"_(bucket|sum|count)$", "", metric) not in served and metric not in served:
                yield f"{place}: {metric} is not served"


def check(dashboard, served):
    """Every offence as a line."""
    for key, kind in (("uid", str), ("title", str), ("schemaVersion", int), ("panels", list), ("time", dict),
                      ("annotations", dict), ("templating", dict), ("tags", list)):
        if not isinstance(dashboard.get(key), kind) or dashboard[key] in ("", [], {}):
            yield f"{key}: {dashboard.get(key)!r}"
            return
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", dashboard["uid"]) or dashboard.get("id") is not None:
        yield "a uid of its own, and no id: that is the instance's to give"
    if dashboard["schemaVersion"] < 36:
        yield "schemaVersion before data sources were objects"
    ids = [panel.get("id") for panel in panels_of(dashboard)]
    if len(set(ids)) != len(ids) or not all(isinstance(i, int) for i in ids):
        yield f"panel ids {ids}"
    datasource = {"type": "prometheus", "uid": "${datasource}"}
    taken = set()
    for panel in panels_of(dashboard):
        for offence in check_panel(panel, taken, datasource):
            yield f"panel {panel.get('title')}: {offence}"
    for annotation in dashboard["annotations"]["list"]:
        if not annotation.get("name") or not annotation.get("builtIn") and annotation.get("datasource") != datasource:
            yield f"annotation {annotation.get('name')}"
        # Grafana 10 moves what is beside `target` into it; older ones know nothing of it.
        if not annotation.get("builtIn") and annotation.get("target", {}).get("expr") != annotation.get("expr"):
            yield f"annotation {annotation.get('name')}: two queries"
    yield from check_variables(dashboard)
    if served:
        yield from check_metrics(dashboard, served)


# --- query --------------------------------------------------------------------------------------


def substitute(query, seconds):
    for name, value in (("__rate_interval", "10s"), ("__interval", "1s"), ("__range", f"{seconds}s"),
                        ("namespace", ".*"), ("pod", ".*")):
        query = re.sub(r"\$\{?" + name + r"\b\}?", value, query)
    return query


def get(url, path, **parameters):
    with urllib.request.urlopen(f"{url}{path}?{urllib.parse.urlencode(parameters)}", timeout=10) as reply:
        return json.load(reply)["data"]


def has_data(url, kind, query, seconds):
    now = time.time()
    if kind == "range":  # instant queries too: what was true once is data
        return get(url, "/api/v1/query_range", query=query, start=now - seconds, end=now, step=1)["result"]
    selector, label = re.fullmatch(r"label_values\((.*), *(\w+)\)", query).groups()
    return get(url, f"/api/v1/label/{label}/values", **{"match[]": selector})


def query_all(dashboard, url, seconds):
    for place, kind, query in queries_of(dashboard):
        query = substitute(query, seconds)
        try:
            found = has_data(url, kind, query, seconds)
        except OSError as error:
            print(f"no data {place}: {error}: {query}")
            continue
        print(f"ok {place}" if found else f"no data {place}: {query}")


with open(sys.argv[2]) as file:
    the_dashboard = json.load(file)
if sys.argv[1] == "check":
    for line in check(the_dashboard, set(sys.argv[3:])):
        print(line)
else:
    query_all(the_dashboard, sys.argv[3], int(sys.argv[4]))

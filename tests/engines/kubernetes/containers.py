# SPDX-License-Identifier: Apache-2.0
"""containers.py FILE: the containers of the Deployments in FILE, a few lines each."""
import sys

import yaml


def value_of(env):
    return env.get("value") or env["valueFrom"]["resourceFieldRef"]["resource"]


def show(name, container):
    line = " ".join(container.get("command", []))
    if container.get("args"):
        line += " + " + " ".join(container["args"])
    head = f"{name} {container['name']}"
    print(f"{head}: {line}")
    print(f"{head} env:", *(f"{e['name']}={value_of(e)}" for e in container.get("env", [])))
    print(f"{head} ports:", *(f"{p['name']}={p['containerPort']}" for p in container.get("ports", [])))
    print(f"{head} mounts:", *(f"{m['mountPath']}={m['name']}" for m in container.get("volumeMounts", [])))


with open(sys.argv[1]) as f:
    for document in yaml.safe_load_all(f):
        pod = document["spec"]["template"]["spec"]
        for c in pod.get("initContainers", []) + pod["containers"]:
            show(document["metadata"]["name"], c)

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/kubernetes without a cluster: every object against the published schemas, strictly, and what
# the Kustomize component makes of Deployments that it has never seen. (images.sh plays them.)
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
KUBERNETES=$STORY_LIB/../../examples/kubernetes
MODULES=$WORK/npm

# The schemas come from npm; without a way there what needs them is skipped, not passed.
have_schemas() {
	[ -d "$MODULES/node_modules" ] && return
	[ ! -e "$MODULES" ] || return 1
	mkdir "$MODULES"
	cp "$ENGINES/kubernetes/package.json" "$MODULES/"
	(cd "$MODULES" && timeout 60 npm install --ignore-scripts --no-audit --no-fund --no-package-lock \
		--loglevel=error) >&2 && return
	rm -rf "$MODULES/node_modules"
	return 1
}
strictly() { node "$ENGINES/kubernetes/check.mjs" --restricted "$MODULES" "$@" >"$WORK/checked" 2>&1; }
# check_manifest TEXT FILE, and refuses TEXT FILE SED-EDIT REASON: it is not that everything passes.
check_manifest() {
	if strictly "$2"; then
		story_result ok "$1"
	else
		story_result not "$1"
		sed 's/^/# /' "$WORK/checked"
	fi
}
refuses() {
	sed "$3" "$2" >"$WORK/wrong.yaml"
	strictly "$WORK/wrong.yaml"
	is "$1: refused" 1 $?
	has "$1: told" "$WORK/checked" "$4"
}

claims_schemas() {
	local file deployment=$KUBERNETES/deployment.yaml
	have_schemas || { skip_check "manifests hold the schemas" "npm cannot fetch the schemas"; return; }
	for file in "$KUBERNETES"/*.yaml "$KUBERNETES"/kustomize/example/app.yaml; do
		check_manifest "${file#"$KUBERNETES"/}" "$file"
	done
	refuses "an unknown field" "$deployment" 's/readOnlyRootFilesystem/readOnlyRootFileSystem/' \
		'/securityContext/readOnlyRootFileSystem: unknown field'
	refuses "a wrong type" "$deployment" 's/periodSeconds: 2$/periodSeconds: "2"/' 'must be integer'
	refuses "a volume that is not there" "$deployment" 's/name: oomguard-state$/&2/;T;:a;n;ba' \
		'no volume oomguard-state2'
	refuses "root" "$deployment" 's/runAsNonRoot: true/runAsNonRoot: false/' 'runAsNonRoot'
	refuses "a host path" "$deployment" 's/emptyDir:/hostPath:/;s/sizeLimit: .*/path: \/srv/' 'hostPath'
	refuses "a field of a monitor" "$KUBERNETES/podmonitor.yaml" 's/interval:/intervall:/' \
		'intervall: unknown field'
}

# Replacements that make what is not there: kustomize 4.5 or later.
kustomize_tool() {
	if command -v kustomize >/dev/null; then
		echo kustomize build
	elif kubectl version --client 2>/dev/null | grep -Eq 'Kustomize Version: v([5-9]|4\.[5-9])'; then
		echo kubectl kustomize
	fi
}
deployment() { # NAME FIELDS-OF-THE-CONTAINER: another Deployment, as text
	cat <<-END
		---
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: $1}
		spec:
		  selector: {matchLabels: {app: $1}}
		  template:
		    metadata: {labels: {app: $1}}
		    spec:
		      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
		      terminationGracePeriodSeconds: 100
		      initContainers: [{name: migrate, image: m, $sealed}]
		      containers:
		        - {name: $1, image: $1, $sealed, $2}
		        - {name: sidecar, image: s, $sealed, command: [/side]}
		      volumes: [{name: tmp, emptyDir: {}}]
	END
}
sealed='securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}'

claims_component() {
	local tool made=$WORK/made.yaml
	read -ra tool <<<"$(kustomize_tool)"
	[ ${#tool[@]} -gt 0 ] || { skip_check "the component" "no kustomize of 4.5 or later, alone or in kubectl"; return; }
	check "the example builds" "${tool[@]}" "$KUBERNETES/kustomize/example"
	cp "$WORK/check" "$made"
	has "liveness goes through the guard" "$made" 'path: /livez'
	! have_schemas || check_manifest "what comes out holds the schemas and \"restricted\"" "$made"

	cp -r "$KUBERNETES/kustomize" "$WORK/"
	{
		deployment bare 'command: [/bare, --flag]'
		deployment full 'command: [/full], args: [a], env: [{name: A, value: b}],
			ports: [{name: http, containerPort: 80}], volumeMounts: [{name: tmp, mountPath: /tmp}]'
	} >"$WORK/kustomize/example/app.yaml"
	sed -i '/^patches:/,/probes.yaml/d' "$WORK/kustomize/example/kustomization.yaml"
	check "two Deployments that it does not know" "${tool[@]}" "$WORK/kustomize/example"
	cp "$WORK/check" "$made"
	! have_schemas || check_manifest "both hold the schemas and \"restricted\"" "$made"
	python3 "$ENGINES/kubernetes/containers.py" "$made" >"$WORK/containers"
	has "the guard is in front of a bare one" "$WORK/containers" '^bare bare: /guard/oomguard -- /bare --flag$'
	has "and of a full one, whose arguments stay" "$WORK/containers" '^full full: /guard/oomguard -- /full \+ a$'
	has "a sidecar is left alone" "$WORK/containers" '^full sidecar: /side$'
	has "an init container stays" "$WORK/containers" '^full migrate: '
	for name in bare full; do
		has "the binary comes first ($name)" "$WORK/containers" "^$name oomguard: cp /oomguard /guard/oomguard"
		has "request and limit ($name)" "$WORK/containers" \
			"^$name $name env: .*GUARD_LIMIT=limits.memory .*GUARD_REQUEST=requests.memory"
		has "binary and state ($name)" "$WORK/containers" \
			"^$name $name mounts: .*/guard=oomguard-binary .*/var/lib/oomguard=oomguard-state"
		has "a port to scrape ($name)" "$WORK/containers" "^$name $name ports: .*oomguard=9464"
	done
	has "what was there stays there" "$WORK/containers" '^full full env: A=b '
	has "mounts too" "$WORK/containers" '^full full mounts: /tmp=tmp '
	has "and the grace time" "$made" 'terminationGracePeriodSeconds: 100'
	lacks "parts are not applied" "$made" 'oomguard-parts'

	deployment silent 'args: [a]' >"$WORK/kustomize/example/app.yaml"
	check "without a command it is refused, in words" \
		not "${tool[@]}" "$WORK/kustomize/example"
	has "the words" "$WORK/check" 'command.*missing|missing path'
}

tell_claims schemas component

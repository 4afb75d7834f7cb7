// SPDX-License-Identifier: Apache-2.0
// check.mjs MODULES FILE...: every object in the manifests against the published schemas of Kubernetes and
// of the Prometheus Operator, taken from the npm packages in MODULES, as strictly as
// an API server with strict field validation: an unknown or doubled field is an error too. With --restricted
// first, pods also have to hold the Pod Security Standard "restricted". Prints one line for each object,
// "ok FILE KIND/NAME" or "not ok ..." with what is wrong below; exit 1 when anything is.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const args = process.argv.slice(2);
const restricted = args[0] === "--restricted" && args.shift();
const [modules, ...files] = args;
const YAML = createRequire(`${modules}/`)("yaml");

// --- schemas --------------------------------------------------------------------------------------

// The generated class of a kind, for example kubernetes-models/apps/v1/Deployment.js.
const packages = ["kubernetes-models", "@kubernetes-models/prometheus-operator"];
async function modelOf(object) {
	const version = object.apiVersion ?? "";
	for (const group of [version, version.replace(".k8s.io/", "/")])
		for (const name of packages) {
			const file = `${modules}/node_modules/${name}/${group}/${object.kind}.js`;
			if (existsSync(file)) return (await import(pathToFileURL(file)))[object.kind];
		}
	return null;
}

// A schema reads each field that it knows, so what nobody has read is unknown to it. (The schemas allow
// additional properties, as those of the API do.)
function watch(value, path, unread) {
	if (value === null || typeof value !== "object") return value;
	if (Array.isArray(value)) return value.map((v, i) => watch(v, `${path}/${i}`, unread));
	const inner = Object.fromEntries(
		Object.entries(value).map(([k, v]) => [k, watch(v, `${path}/${k}`, unread)]));
	for (const key of Object.keys(value)) unread.add(`${path}/${key}`);
	return new Proxy(inner, {
		get(target, key) {
			unread.delete(`${path}/${String(key)}`);
			return target[key];
		},
	});
}

async function schemaErrors(object) {
	const model = await modelOf(object);
	if (!model) return [`no schema for ${object.apiVersion} ${object.kind}`];
	const unread = new Set();
	const validate = model.prototype.validate;
	try {
		validate.call(watch(object, "", unread));
	} catch (error) {
		return String(error.message).split("\n");
	}
	return [...unread].map((path) => `${path}: unknown field`);
}

// --- what a schema cannot say -----------------------------------------------------------------------

const podOf = (object) =>
	object.kind === "Pod" ? object : object.spec?.template?.spec?.containers ? object.spec.template : null;

function* referenceErrors(object, pod) {
	const volumes = new Set((pod.spec.volumes ?? []).map((v) => v.name));
	for (const claim of object.spec.volumeClaimTemplates ?? []) volumes.add(claim.metadata.name);
	for (const c of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
		for (const mount of c.volumeMounts ?? [])
			if (!volumes.has(mount.name)) yield `${c.name}: no volume ${mount.name}`;
		const ports = new Set((c.ports ?? []).map((p) => p.name));
		for (const kind of ["startupProbe", "readinessProbe", "livenessProbe"]) {
			const port = c[kind]?.httpGet?.port;
			if (typeof port === "string" && !ports.has(port)) yield `${c.name}: ${kind}: no port ${port}`;
		}
		for (const what of ["env", "volumeMounts", "ports"]) {
			const names = (c[what] ?? []).map((e) => e.mountPath ?? e.name);
			if (new Set(names).size !== names.length) yield `${c.name}: a name twice in ${what}`;
		}
	}
	for (const [key, value] of Object.entries(object.spec.selector?.matchLabels ?? {}))
		if (pod.metadata.labels?.[key] !== value) yield `selector does not match the pod's label ${key}`;
}

// https://kubernetes.io/docs/concepts/security/pod-security-standards/
const volumeTypes = new Set(["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image",
	"persistentVolumeClaim", "projected", "secret"]);
function* restrictedErrors(pod) {
	const spec = pod.spec;
	for (const key of ["hostNetwork", "hostPID", "hostIPC"]) if (spec[key]) yield key;
	for (const volume of spec.volumes ?? [])
		for (const key of Object.keys(volume))
			if (key !== "name" && !volumeTypes.has(key)) yield `volume ${volume.name}: ${key}`;
	for (const c of [...(spec.initContainers ?? []), ...spec.containers]) {
		const own = c.securityContext ?? {};
		const has = (key) => own[key] ?? spec.securityContext?.[key];
		if (own.privileged) yield `${c.name}: privileged`;
		if (own.allowPrivilegeEscalation !== false) yield `${c.name}: allowPrivilegeEscalation`;
		if (has("runAsNonRoot") !== true) yield `${c.name}: runAsNonRoot`;
		if (has("runAsUser") === 0) yield `${c.name}: runAsUser 0`;
		if (!["RuntimeDefault", "Localhost"].includes(has("seccompProfile")?.type))
			yield `${c.name}: seccompProfile`;
		if (!own.capabilities?.drop?.includes("ALL")) yield `${c.name}: capabilities.drop ALL`;
		if ((own.capabilities?.add ?? []).some((add) => add !== "NET_BIND_SERVICE"))
			yield `${c.name}: capabilities.add`;
		if ((c.ports ?? []).some((p) => p.hostPort)) yield `${c.name}: hostPort`;
	}
}

// --- files ------------------------------------------------------------------------------------------

let failed = 0;
for (const file of files)
	for (const document of YAML.parseAllDocuments(readFileSync(file, "utf8"))) {
		const errors = document.errors.map((e) => e.message);
		const object = errors.length ? {} : document.toJS();
		if (!errors.length) errors.push(...(await schemaErrors(object)));
		const pod = errors.length ? null : podOf(object);
		if (pod) errors.push(...referenceErrors(object, pod));
		if (pod && restricted)
			errors.push(...[...restrictedErrors(pod)].map((e) => `not "restricted": ${e}`));
		console.log(`${errors.length ? "not ok" : "ok"} ${file} ${object.kind}/${object.metadata?.name}`);
		for (const error of errors) console.log(`\t${error}`);
		failed |= errors.length > 0;
	}
process.exit(failed);

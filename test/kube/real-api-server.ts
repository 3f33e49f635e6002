/**
 * Holds the client and the source to a real API server with the CustomResourceDefinitions of the Gateway API:
 * `test/conformance/rig.sh once node test/kube/real-api-server.ts`. Prints a line for each check.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { type KubeClient, KubeError, type KubeObject, type ResourcePath } from "../../src/kube/kube-client.ts";
import { readKubeConfig } from "../../src/kube/kube-config.ts";
import { openKubeClient } from "../../src/kube/open-kube-client.ts";
import { type Kind, kinds } from "../../src/resource/kinds.ts";
import { KubeSource } from "../../src/source/kube/kube-source.ts";
import { SourceNotReadyError } from "../../src/source/kube/source-not-ready.ts";
import { endpointSlice, gateway, gatewayClass, httpRoute, secret } from "./kube-fixture.ts";

const run = promisify(execFile);
const namespace = "source-test";
const access = await readKubeConfig();
const client = openKubeClient({ access });
const source = new KubeSource({ client });
const totals = { passed: 0, failed: 0 };

async function check(title: string, body: () => Promise<void>): Promise<void> {
  try {
    await body();
    totals.passed += 1;
    console.log(`ok      ${title}`);
  } catch (error) {
    totals.failed += 1;
    console.log(`FAILED  ${title}\n${error instanceof Error ? error.stack : String(error)}`);
  }
}

/** Polls until the condition holds; fails after 20 seconds. */
async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 20_000;
  while (!(await condition())) {
    assert.ok(performance.now() < endMs, `not after 20 seconds: ${what}`);
    await delay(20);
  }
}

function pathOf(kind: Kind, name?: string, space: string | undefined = namespace): ResourcePath {
  const { group, version, plural, scope } = kinds[kind];
  const own = scope === "Cluster" || space === undefined ? {} : { namespace: space };
  return { group, version, plural, ...own, ...(name === undefined ? {} : { name }) };
}

async function apply(object: KubeObject): Promise<KubeObject> {
  const { kind, metadata } = object as { readonly kind: Kind; readonly metadata: { readonly name: string } };
  return client.patch(pathOf(kind, metadata.name), object, { type: "apply", fieldManager: "test" });
}

const crdPath = (kind: Kind) => pathOf("CustomResourceDefinition", `${kinds[kind].plural}.${kinds[kind].group}`);
const has = (kind: Kind, name: string) =>
  source.state.snapshot.get(kind, kinds[kind].scope === "Cluster" ? undefined : namespace, name) !== undefined;
const findings = () => source.state.findings.map(({ name, message }) => `${name}: ${message}`);
const gatewayRef = { kind: "Gateway", group: "gateway.networking.k8s.io", namespace, name: "web" };

function streamRoute(kind: "TCPRoute" | "UDPRoute" | "TLSRoute"): KubeObject {
  const { group, version } = kinds[kind];
  const rules = [{ backendRefs: [{ name: "cart", port: 80 }] }];
  const hostnames = kind === "TLSRoute" ? { hostnames: ["shop.example"] } : {};
  return {
    apiVersion: `${group}/${version}`,
    kind,
    metadata: { name: "db", namespace },
    spec: { parentRefs: [{ name: "web" }], ...hostnames, rules },
  };
}

async function clientOf(serviceAccount: string): Promise<KubeClient> {
  const { stdout } = await run("kubectl", ["create", "token", serviceAccount, "--namespace", namespace]);
  const headers = { authorization: `Bearer ${stdout.trim()}` };
  const { server, tls = {} } = access;
  return openKubeClient({ access: { server, tls, credentials: async () => ({ headers }) } });
}

await apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels: { team: "shop" } } });
await apply(gatewayClass("sluice"));
await apply(httpRoute("before", namespace));

await check("start reads what is there, by metadata alone where that is enough", async () => {
  await source.start({ deadlineMs: 60_000 });
  assert.ok(has("GatewayClass", "sluice") && has("HTTPRoute", "before"));
  assert.equal(source.state.snapshot.get("Namespace", undefined, namespace)?.metadata.labels["team"], "shop");
  const crd = source.state.snapshot.get("CustomResourceDefinition", undefined, "httproutes.gateway.networking.k8s.io");
  assert.match(crd?.metadata.annotations["gateway.networking.k8s.io/bundle-version"] ?? "", /^v1\./);
  assert.equal(crd?.spec.names.kind, "HTTPRoute");
  assert.deepEqual(
    findings().filter((text) => !text.startsWith("kind-not-installed")),
    [],
  );
});

await check("every kind that is created, changed and deleted is seen", async () => {
  const objects: readonly KubeObject[] = [
    gateway("web", namespace),
    httpRoute("cart", namespace),
    streamRoute("TCPRoute"),
    streamRoute("UDPRoute"),
    streamRoute("TLSRoute"),
    endpointSlice("cart", "10.0.0.1", namespace),
    secret("cert", "kubernetes.io/tls", { "tls.crt": "eA==", "tls.key": "eQ==" }, namespace),
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "ca", namespace }, data: { "ca.crt": "x", other: "y" } },
    { apiVersion: "v1", kind: "Service", metadata: { name: "cart", namespace }, spec: { ports: [{ port: 80 }] } },
  ];
  for (const object of objects) await apply(object);
  for (const object of objects) {
    const { kind, metadata } = object as { readonly kind: Kind; readonly metadata: { readonly name: string } };
    await until(`${kind} ${metadata.name}`, () => has(kind, metadata.name));
  }
  assert.deepEqual(source.state.snapshot.get("ConfigMap", namespace, "ca")?.data, { "ca.crt": "x" });
  await apply(httpRoute("cart", namespace, 8080));
  const port = () => source.state.snapshot.get("HTTPRoute", namespace, "cart")?.spec.rules?.[0]?.backendRefs?.[0]?.port;
  await until("the change", () => port() === 8080);
  await client.delete(pathOf("HTTPRoute", "cart"));
  await until("the deletion", () => !has("HTTPRoute", "cart"));
});

await check("a status alone is told to who writes statuses, and to no one else", async () => {
  const before = source.state.snapshot.get("Gateway", namespace, "web");
  const live = source.live.get(gatewayRef);
  assert.ok(live);
  const condition = { type: "Accepted", status: "True", reason: "Accepted", message: "", observedGeneration: 1 };
  const status = { conditions: [{ ...condition, lastTransitionTime: "2026-01-31T12:00:00Z" }] };
  const metadata = { resourceVersion: live.resourceVersion };
  const path = { ...live.path, subresource: "status" } as const;
  await client.patch(path, { metadata, status }, { type: "merge", fieldManager: "test" });
  await until("the status", () => source.live.get(gatewayRef)?.resourceVersion !== live.resourceVersion);
  assert.equal(source.state.snapshot.get("Gateway", namespace, "web"), before);
  const stale = client.patch(path, { metadata, status: { conditions: [] } }, { type: "merge", fieldManager: "test" });
  await assert.rejects(stale, (error) => error instanceof KubeError && error.status === 409);
});

await check("a Secret of another type is read when something refers to it, and not before", async () => {
  await apply(secret("plain", "Opaque", { "tls.crt": "eA==", "tls.key": "eQ==", password: "eg==" }, namespace));
  const tls = { certificateRefs: [{ name: "plain" }] };
  await apply({ ...gateway("secure", namespace, { protocol: "HTTPS", port: 443, tls }) });
  await until("the Secret", () => has("Secret", "plain"));
  const data = source.state.snapshot.get("Secret", namespace, "plain")?.data ?? {};
  assert.deepEqual(Object.keys(data), ["password", "tls.crt", "tls.key"]);
  await client.delete(pathOf("Gateway", "secure"));
  await until("that it is forgotten", () => !has("Secret", "plain"));
});

await check("a watch from what is long forgotten says 410", async () => {
  const old = async () => {
    const options = { resourceVersion: "1", timeoutSeconds: 5 };
    for await (const { type } of client.watch(pathOf("ConfigMap", undefined, undefined), options)) assert.ok(type);
  };
  // What is forgotten depends on the server's age: a young one may know all.
  await old().catch((error) => assert.equal((error as KubeError).status, 410));
});

await check("CustomResourceDefinitions that go and come back are followed", async () => {
  const { metadata, spec } = (await client.get(crdPath("TCPRoute"))) as Readonly<Record<string, KubeObject>>;
  await client.delete(crdPath("TCPRoute"));
  await until("its objects go", () => !has("TCPRoute", "db"));
  await until("a finding", () => findings().some((text) => /kind-not-installed: .*TCPRoute/.test(text)));
  assert.ok(has("HTTPRoute", "before"), "other kinds stay");
  const { name, annotations, labels = {} } = metadata as Readonly<Record<string, unknown>>;
  const crd = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };
  await client.create(pathOf("CustomResourceDefinition"), { ...crd, metadata: { name, annotations, labels }, spec });
  const tryApply = () =>
    apply(streamRoute("TCPRoute")).then(
      () => true,
      () => false,
    );
  await until("it can be written again", tryApply);
  await until("its object is seen", () => has("TCPRoute", "db"));
  await until("no finding", () => !findings().some((text) => /TCPRoute/.test(text)));
});

await check(
  "an API server that is away leaves everything in force, and is followed again when it is back",
  async () => {
    const rig = join(import.meta.dirname, "../conformance/rig.sh");
    const before = source.state.snapshot.get("HTTPRoute", namespace, "before");
    await run("bash", [rig, "stop", "kube-apiserver"]);
    await until("that it is noticed", () => source.health.every(({ phase, error }) => error || phase === "absent"));
    assert.equal(source.state.snapshot.get("HTTPRoute", namespace, "before"), before);
    await run("bash", [rig, "start", "kube-apiserver"]);
    await apply(httpRoute("after", namespace));
    await until("what came after", () => has("HTTPRoute", "after"));
    assert.equal(
      source.state.snapshot.get("HTTPRoute", namespace, "before"),
      before,
      "unchanged objects stay the same",
    );
    await until("that all is well", () => source.health.every(({ phase }) => phase !== "failing"));
  },
);

await check("without permission the start ends at its deadline and says what is missing", async () => {
  await client.create({ group: "", version: "v1", plural: "serviceaccounts", namespace }, account("nobody"));
  const weak = await clientOf("nobody");
  const blind = new KubeSource({ client: weak });
  const refused = (error: unknown) => error instanceof SourceNotReadyError && /403 Forbidden/.test(error.message);
  await assert.rejects(blind.start({ deadlineMs: 3000 }), refused);
  await blind.close();
  await weak.close();
});

await check("a Role in a namespace is enough to read that namespace alone", async () => {
  const rbac = { group: "rbac.authorization.k8s.io", version: "v1", namespace };
  const apiVersion = `${rbac.group}/${rbac.version}`;
  const rules = [{ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch"] }];
  await client.create({ ...rbac, plural: "roles" }, { apiVersion, kind: "Role", metadata: { name: "reader" }, rules });
  await client.create({ group: "", version: "v1", plural: "serviceaccounts", namespace }, account("reader"));
  await client.create(
    { ...rbac, plural: "rolebindings" },
    {
      apiVersion,
      kind: "RoleBinding",
      metadata: { name: "reader" },
      roleRef: { apiGroup: rbac.group, kind: "Role", name: "reader" },
      subjects: [{ kind: "ServiceAccount", name: "reader", namespace }],
    },
  );
  const reader = await clientOf("reader");
  const own = new KubeSource({ client: reader, namespaces: [namespace] });
  await own.start({ deadlineMs: 20_000 });
  assert.ok(own.state.snapshot.get("HTTPRoute", namespace, "before"));
  const names = own.state.findings.map(({ name }) => name);
  assert.ok(names.includes("namespace-labels-unread") && names.includes("kind-forbidden"), names.join(", "));
  await own.close();
  await reader.close();
});

function account(name: string): KubeObject {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } };
}

await source.close();
await client.close();
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed === 0 ? 0 : 1;

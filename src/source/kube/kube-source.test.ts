import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import {
  endpointSlice,
  gateway,
  gatewayClass,
  httpRoute,
  secret,
  withSource,
} from "../../../test/kube/kube-fixture.ts";
import { eventually } from "../../../test/plane/eventually.ts";
import { kindNames, kinds } from "../../resource/kinds.ts";
import type { KindHealth } from "./kind-watch.ts";
import type { SourceChange } from "./kube-source.ts";
import { SourceNotReadyError } from "./source-not-ready.ts";

const names = (findings: readonly { readonly name: string }[]) => findings.map(({ name }) => name);

test("KubeSource.start: reads all kinds, and state has them with defaults applied", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      for (const object of [
        gatewayClass("sluice"),
        gateway("web"),
        httpRoute("cart"),
        endpointSlice("cart", "10.0.0.1"),
      ])
        server.put(object);
    },
    async ({ source }) => {
      const { snapshot, version, findings } = source.state;
      assert.equal(version, 1);
      assert.deepEqual(findings, []);
      assert.equal(snapshot.get("HTTPRoute", "shop", "cart")?.spec.rules?.[0]?.matches?.[0]?.path?.value, "/");
      assert.equal(snapshot.get("GatewayClass", undefined, "sluice")?.metadata.name, "sluice");
      assert.equal(snapshot.list("EndpointSlice").length, 1);
      assert.ok(source.health.every(({ synced }) => synced));
    },
  ));

test("KubeSource.subscribe: tells endpoints apart from resources, and statuses only of live objects", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.put(httpRoute("cart"));
    },
    async ({ server, source }) => {
      const changes: SourceChange[] = [];
      source.subscribe((change) => changes.push(change));
      const told: string[] = [];
      source.live.subscribe(({ kind, name }) => told.push(`${kind} ${name}`));
      const before = source.state.snapshot;

      server.put({ ...httpRoute("cart"), status: { parents: [] } });
      await eventually(() => told.length === 1);
      const ref = { kind: "HTTPRoute", group: "gateway.networking.k8s.io", namespace: "shop", name: "cart" };
      assert.deepEqual(source.live.get(ref)?.status, { parents: [] });
      assert.equal(source.state.snapshot, before, "a status alone makes no new snapshot");

      server.put(endpointSlice("cart", "10.0.0.2"));
      await eventually(() => changes.length === 1);
      assert.equal(source.state.snapshot.list("EndpointSlice").length, 1);

      server.put(httpRoute("cart", "shop", 8080));
      await eventually(() => changes.length === 2);
      assert.deepEqual(changes, ["endpoints", "resources"]);
      assert.equal(
        source.state.snapshot.get("HTTPRoute", "shop", "cart")?.spec.rules?.[0]?.backendRefs?.[0]?.port,
        8080,
      );
      assert.equal(before.get("HTTPRoute", "shop", "cart")?.spec.rules?.[0]?.backendRefs?.[0]?.port, 80);
    },
  ));

test("KubeSource: Secrets of other types are read only when something refers to them", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.put(secret("password", "Opaque", { password: "c2VjcmV0" }));
      server.put(secret("cert", "kubernetes.io/tls", { "tls.crt": "eA==", "tls.key": "eQ==", other: "eg==" }));
      server.put(secret("plain", "Opaque", { "tls.crt": "eA==" }));
    },
    async ({ server, source }) => {
      const list = () =>
        source.state.snapshot.list("Secret").map(({ metadata, data }) => [metadata.name, Object.keys(data)]);
      assert.deepEqual(list(), [["cert", ["tls.crt", "tls.key"]]]);
      server.put(
        gateway("web", "shop", { protocol: "HTTPS", tls: { certificateRefs: [{ name: "plain" }, { name: "cert" }] } }),
      );
      await eventually(() => list().length === 2);
      assert.deepEqual(list()[1], ["plain", ["tls.crt"]]);
      server.remove("Gateway", "web", "shop");
      await eventually(() => list().length === 1);
    },
  ));

const policy = (group: string, name: string, users: string) => ({
  apiVersion: `${group}/v1alpha1`,
  kind: "SecurityPolicy",
  metadata: { name, namespace: "shop" },
  spec: {
    targetRefs: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", name: "cart" }],
    basicAuth: { users: { name: users } },
  },
});

test("KubeSource: objects of a kind's twin are read where the cluster has it, beside those of the kind itself", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.put(policy("gateway.sluice.dev", "login", "users"));
    },
    async ({ server, source }) => {
      const twin = "gateway.envoyproxy.io";
      const ref = { kind: "SecurityPolicy", group: twin, namespace: "shop", name: "login" };
      assert.deepEqual(source.state.findings, [], "a cluster without twins lacks nothing");
      assert.equal(source.live.get(ref), undefined);
      const told: string[] = [];
      source.live.subscribe(({ group, kind, name }) => told.push(`${group} ${kind} ${name}`));
      server.serveTwin("SecurityPolicy");
      server.serveTwin("ExtensionPolicy");
      server.put(policy(twin, "login", "users"));
      server.put({
        ...{
          apiVersion: `${twin}/v1alpha1`,
          kind: "EnvoyExtensionPolicy",
          metadata: { name: "look", namespace: "shop" },
        },
        spec: { targetRefs: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", name: "cart" }] },
      });
      await eventually(() => source.state.snapshot.list("SecurityPolicy").length === 2);
      await eventually(() => source.state.snapshot.list("ExtensionPolicy").length === 1);
      const { snapshot } = source.state;
      assert.equal(snapshot.get("SecurityPolicy", "shop", "login")?.apiVersion, "gateway.sluice.dev/v1alpha1");
      assert.equal(snapshot.get("SecurityPolicy", "shop", "login", twin)?.apiVersion, `${twin}/v1alpha1`);
      assert.deepEqual(source.live.get(ref)?.path, {
        ...{ group: twin, version: "v1alpha1", plural: "securitypolicies", namespace: "shop", name: "login" },
      });
      assert.deepEqual(told.sort(), [`${twin} EnvoyExtensionPolicy look`, `${twin} SecurityPolicy login`]);
    },
  ));

const middleware = {
  apiVersion: "traefik.io/v1alpha1",
  kind: "Middleware",
  metadata: { name: "login", namespace: "shop" },
  spec: { basicAuth: { secret: "users" } },
};

test("KubeSource: a kind of another gateway is read where the cluster has it, with the Secrets that it names", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.dropKind("Middleware");
      server.put(secret("users", "Opaque", { users: "eA==" }));
    },
    async ({ server, source }) => {
      assert.deepEqual(source.state.findings, [], "a cluster without it lacks nothing");
      server.serveKind("Middleware", { bundleVersion: "v3.7" });
      server.put(middleware);
      await eventually(() => source.state.snapshot.get("Middleware", "shop", "login") !== undefined);
      await eventually(() => source.state.snapshot.get("Secret", "shop", "users") !== undefined);
      assert.deepEqual(source.state.findings, []);
    },
  ));

test("KubeSource: a kind of another gateway that may not be read is told, and waited for by nobody", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.forbid("middlewares");
    },
    async ({ source }) => {
      assert.deepEqual(
        source.state.findings.map(({ name }) => name),
        ["kind-forbidden"],
      );
    },
  ));

test("KubeSource: a twin that may not be read is no fault", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.forbid("envoyextensionpolicies");
    },
    async ({ source }) => {
      assert.deepEqual(source.state.findings, []);
    },
  ));

// An empty list of namespaces is what a controller without `--watch-namespace` gives.
test("KubeSource: a Secret that a policy lets clients in by is read whole, and no other", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.put(secret("users", "Opaque", { ".htpasswd": "eA==" }));
      server.put(secret("other", "Opaque", { ".htpasswd": "eQ==" }));
      server.put(policy("gateway.sluice.dev", "login", "users"));
    },
    async ({ server, source }) => {
      const list = () =>
        source.state.snapshot.list("Secret").map(({ metadata, data }) => [metadata.name, Object.keys(data)]);
      assert.deepEqual(list(), [["users", [".htpasswd"]]]);
      server.remove("SecurityPolicy", "login", "shop");
      await eventually(() => list().length === 0);
    },
    { namespaces: [] },
  ));

test("KubeSource: kinds that are not installed are tolerated, and noticed when they come", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.dropKind("TCPRoute");
      server.put(httpRoute("cart"));
    },
    async ({ server, source }) => {
      assert.deepEqual(names(source.state.findings), ["kind-not-installed"]);
      server.serveKind("TCPRoute", { versions: ["v1alpha2"], bundleVersion: "v1.7.0" });
      server.put({
        apiVersion: "gateway.networking.k8s.io/v1alpha2",
        kind: "TCPRoute",
        metadata: { name: "db", namespace: "shop" },
        spec: { parentRefs: [{ name: "web" }], rules: [{ backendRefs: [{ name: "db", port: 5432 }] }] },
      });
      await eventually(() => source.state.snapshot.list("TCPRoute").length === 1);
      await eventually(() => source.state.findings.length === 0);
      const ref = { kind: "TCPRoute", group: "gateway.networking.k8s.io", namespace: "shop", name: "db" };
      assert.equal(source.live.get(ref)?.path.version, "v1alpha2");
      server.dropKind("TCPRoute");
      await eventually(() => source.state.snapshot.list("TCPRoute").length === 0);
    },
  ));

test("KubeSource: a cluster without the Gateway API is read, and a finding names the command that installs it", () =>
  withSource(
    (server) => {
      for (const kind of kindNames) if (kinds[kind].channel !== "core") server.dropKind(kind);
    },
    async ({ server, source }) => {
      const [finding, ...others] = source.state.findings;
      assert.deepEqual(others, []);
      assert.equal(finding?.name, "gateway-api-missing");
      assert.match(finding?.fix ?? "", /kubectl apply --server-side -f https:.*\/v1\.7\.0\/standard-install\.yaml$/);
      for (const kind of kindNames)
        if (kinds[kind].channel !== "core") server.serveKind(kind, { bundleVersion: "v1.7.0" });
      server.put(httpRoute("cart"));
      await eventually(
        () => source.state.snapshot.list("HTTPRoute").length === 1 && source.state.findings.length === 0,
      );
    },
  ));

test("KubeSource: an older release is read through the versions that it serves", () =>
  withSource(
    (server) => {
      server.installCrds("v1.2.1", "standard");
      server.serveKind("HTTPRoute", { versions: ["v1beta1", "v1alpha2"] });
      server.serveKind("TLSRoute", { versions: ["v1alpha2"] });
      server.put(httpRoute("cart"));
      server.put({
        apiVersion: "gateway.networking.k8s.io/v1alpha2",
        kind: "TLSRoute",
        metadata: { name: "db", namespace: "shop" },
        spec: { parentRefs: [{ name: "web" }], rules: [{ backendRefs: [{ name: "db", port: 5432 }] }] },
      });
    },
    async ({ server, source }) => {
      assert.deepEqual(names(source.state.findings), ["gateway-api-older"], "no finding about every object");
      assert.match(source.state.findings[0]?.message ?? "", /v1\.2\.1 \(standard\); Sluice supports v1\.7\.0/);
      assert.equal(source.state.snapshot.get("HTTPRoute", "shop", "cart")?.apiVersion, "gateway.networking.k8s.io/v1");
      assert.equal(source.state.snapshot.list("TLSRoute").length, 1);

      const route = source.state.snapshot.get("HTTPRoute", "shop", "cart");
      server.serveKind("HTTPRoute", { bundleVersion: "v1.7.0" });
      await eventually(() => names(source.state.findings).includes("gateway-api-mixed"));
      await eventually(() => source.health.some(({ kind, version }) => kind === "HTTPRoute" && version === "v1"));
      await eventually(() => source.health.every(({ phase }) => phase === "watching"));
      assert.equal(source.state.snapshot.get("HTTPRoute", "shop", "cart"), route, "another version is no change");
      server.remove("HTTPRoute", "cart", "shop");
      await eventually(() => source.state.snapshot.list("HTTPRoute").length === 0);
    },
  ));

test("KubeSource: an object that becomes invalid stays as it was until it is repaired or deleted", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.put(httpRoute("cart"));
    },
    async ({ server, source }) => {
      const port = () =>
        source.state.snapshot.get("HTTPRoute", "shop", "cart")?.spec.rules?.[0]?.backendRefs?.[0]?.port;
      server.put(httpRoute("cart", "shop", 99_999));
      server.put(httpRoute("broken", "shop", -1));
      await eventually(() => source.state.findings.length === 3);
      assert.deepEqual(names(source.state.findings), ["field-invalid", "last-good-kept", "field-invalid"]);
      assert.equal(port(), 80);
      assert.equal(source.state.snapshot.get("HTTPRoute", "shop", "broken"), undefined);
      server.put(httpRoute("cart", "shop", 81));
      server.remove("HTTPRoute", "broken", "shop");
      await eventually(() => port() === 81 && source.state.findings.length === 0);
    },
  ));

test("KubeSource: what no one reads of an object is dropped, and a change of it is no change", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.put({
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        metadata: { name: "certificates.cert-manager.io" },
        spec: { group: "cert-manager.io", names: { kind: "Certificate" } },
      });
      server.put({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: {
          name: "ca",
          namespace: "shop",
          annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" },
        },
        data: { "ca.crt": "x", large: "y" },
      });
    },
    async ({ server, source }) => {
      const { snapshot } = source.state;
      const crds = snapshot.list("CustomResourceDefinition").map(({ spec }) => spec.group);
      assert.ok(crds.length > 10 && !crds.includes("cert-manager.io"));
      const map = snapshot.get("ConfigMap", "shop", "ca");
      assert.deepEqual([map?.data, map?.metadata.annotations], [{ "ca.crt": "x" }, {}]);
      source.subscribe(() => assert.fail("told of a change that no one reads"));
      const metadata = {
        name: "ca",
        namespace: "shop",
        annotations: { "control-plane.alpha.kubernetes.io/leader": "z" },
      };
      server.put({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { "ca.crt": "x", large: "z" } });
      const row = () => source.health.find(({ kind }) => kind === "ConfigMap");
      const before = row()?.heardMs;
      server.sendBookmarks();
      await eventually(() => row()?.heardMs !== before);
      assert.equal(source.state.snapshot, snapshot);
    },
  ));

test("KubeSource: the server's absence leaves everything in force, and health says so", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.put(httpRoute("cart"));
    },
    async ({ server, source }) => {
      const { snapshot } = source.state;
      server.failNext(Number.POSITIVE_INFINITY, 503);
      server.cutWatches();
      await eventually(() => source.health.every(({ error }) => error?.status === 503));
      assert.equal(source.state.snapshot, snapshot);
      server.heal();
      server.put(httpRoute("cart", "shop", 81));
      await eventually(() => source.state.snapshot !== snapshot);
      await eventually(() => source.health.every(({ error }) => error === undefined));
    },
  ));

test("KubeSource: a permission that is lost leaves the kind as it was, with a finding", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.put(httpRoute("cart"));
    },
    async ({ server, source }) => {
      server.forbid("httproutes");
      server.cutWatches();
      await eventually(() => source.state.findings.length === 1);
      const [finding] = source.state.findings;
      assert.equal(finding?.name, "kind-forbidden");
      assert.match(
        finding?.message ?? "",
        /^Sluice has no permission to read HTTPRoute: .*cannot watch resource "httproutes"/,
      );
      assert.match(
        finding?.fix ?? "",
        /^Grant get, list and watch on httproutes\.gateway\.networking\.k8s\.io in a ClusterRole/,
      );
      assert.equal(source.state.snapshot.list("HTTPRoute").length, 1);
    },
  ));

test("KubeSource.start: rejects with what is missing when it is called off, and resolves without what can be done without", async () => {
  const calledOff = new AbortController();
  const onProgress = (health: readonly KindHealth[]) => {
    const waiting = health.filter(({ synced }) => !synced);
    const onlyForbidden = waiting.every(({ error }) => error?.status === 403);
    if (onlyForbidden && health.length >= 20) calledOff.abort();
  };
  const started = withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.forbid("secrets");
      server.forbid("clustertrustbundles");
    },
    async () => assert.fail("started without Secrets"),
    { start: { signal: calledOff.signal, onProgress } },
  );
  await assert.rejects(started, (error) => {
    assert.ok(error instanceof SourceNotReadyError);
    assert.match(
      error.message,
      /before it was cancelled: still missing: Secret \(Cannot list secrets: .*403 Forbidden: .*\)\.$/,
    );
    return true;
  });
  await withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.forbid("clustertrustbundles");
    },
    async ({ source }) => assert.deepEqual(names(source.state.findings), ["kind-forbidden"]),
  );
});

test("KubeSource.start: a server that does not answer ends it at the deadline with the reason", async () => {
  const started = withSource(
    (server) => server.failNext(Number.POSITIVE_INFINITY, 503),
    async () => assert.fail("started"),
    { start: { deadlineMs: 500 } },
  );
  await assert.rejects(
    started,
    /within 0\.5 seconds: (Cannot read \/apis\/.*503 Service Unavailable|the API server did not answer)/,
  );
});

test("KubeSource: with namespaces only these are read, and what lies outside of them is tolerated", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.put(gatewayClass("sluice"));
      for (const namespace of ["shop", "pay", "other"]) server.put(httpRoute("cart", namespace));
      for (const plural of ["namespaces", "customresourcedefinitions", "clustertrustbundles"]) server.forbid(plural);
      for (const kind of kindNames)
        if (kinds[kind].scope === "Namespaced") server.forbidClusterWide(kinds[kind].plural);
    },
    async ({ server, source }) => {
      const routes = () => source.state.snapshot.list("HTTPRoute").map(({ metadata }) => metadata.namespace);
      assert.deepEqual(routes().sort(), ["pay", "shop"]);
      assert.equal(source.state.snapshot.list("GatewayClass").length, 1);
      const found = names(source.state.findings).sort();
      assert.deepEqual(found, ["kind-forbidden", "kind-forbidden", "namespace-labels-unread"]);
      server.remove("HTTPRoute", "cart", "pay");
      server.put(httpRoute("basket", "shop"));
      await eventually(() => routes().join() === "shop,shop");
    },
    { namespaces: ["shop", "pay", "shop"] },
  ));

test("KubeSource: Secrets of other types are read up to a number", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      for (let set = 0; set < 3; set++) {
        const certificateRefs = Array.from({ length: 50 }, (_, index) => ({ name: `cert-${set}-${index}` }));
        server.put(gateway(`web-${set}`, "shop", { protocol: "HTTPS", tls: { certificateRefs } }));
      }
    },
    async ({ server, source }) => {
      await eventually(() => server.watching("secrets") === 101);
      assert.deepEqual(names(source.state.findings), ["secret-references-many"]);
      assert.match(source.state.findings[0]?.message ?? "", /^50 referenced Secrets are not read/);
      server.remove("Gateway", "web-0", "shop");
      await eventually(() => source.state.findings.length === 0);
      await eventually(() => server.watching("secrets") === 101);
    },
  ));

test("KubeSource: a Secret that is made anew with another type is followed", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.put(gateway("web", "shop", { protocol: "HTTPS", tls: { certificateRefs: [{ name: "cert" }] } }));
      server.put(secret("cert", "Opaque", { "tls.crt": "eA==" }));
    },
    async ({ server, source }) => {
      const type = () => source.state.snapshot.get("Secret", "shop", "cert")?.type;
      for (const next of ["kubernetes.io/tls", "Opaque", "kubernetes.io/tls"]) {
        server.remove("Secret", "cert", "shop");
        server.put(secret("cert", next, { "tls.crt": "eA==" }));
        await eventually(() => type() === next);
      }
      server.remove("Secret", "cert", "shop");
      await eventually(() => type() === undefined);
    },
  ));

test("KubeSource: after an outage all watches come back as soon as the server answers, however long each would wait", () =>
  withSource(
    (server) => {
      server.installCrds("v1.7.0");
      server.put(httpRoute("cart"));
    },
    async ({ server, source }) => {
      let watching: number;
      // They begin one after the other.
      do {
        watching = server.watching();
        await pause(300);
      } while (watching < 20 || watching !== server.watching());
      server.failNext(10_000, 503);
      server.cutWatches();
      await eventually(() => source.health.every(({ phase }) => phase === "failing"));
      // Two probes: the first of them has been answered then.
      await eventually(() => server.requests.filter(({ path }) => path === "/version").length === 2);
      server.heal();
      // What a server says until it has read the roles and bindings.
      server.failNext(watching, 403);
      server.put(httpRoute("late"));
      await eventually(() => server.watching() === watching);
      await eventually(() => source.state.snapshot.get("HTTPRoute", "shop", "late") !== undefined);
    },
    { tuning: { backoff: { baseMs: 3_600_000, capMs: 3_600_000, random: () => 0.999 } } },
  ));

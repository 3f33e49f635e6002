import assert from "node:assert/strict";
import { test } from "node:test";
import { resourcesOf, yaml } from "../../test/compile-case.ts";
import { ingressText } from "../../test/ingress/ingress-text.ts";
import { createSnapshot } from "../store/create-snapshot.ts";
import type { IngressLocation, IngressModel } from "./ingress-model.ts";
import { defaultIngressOptions } from "./ingress-options.ts";
import { readIngresses } from "./read-ingresses.ts";

function read(...documents: readonly string[]): IngressModel {
  const snapshot = createSnapshot(resourcesOf(yaml(...documents)));
  return readIngresses(snapshot, { ...defaultIngressOptions, classes: ["nginx"] });
}

/** `exact /app web`, for each location of a host. */
function locations(model: IngressModel, hostname: string): readonly string[] {
  return (model.servers.find((server) => server.hostname === hostname)?.locations ?? []).map(brief);
}

function brief({ match, target }: IngressLocation): string {
  const value = match.kind === "regex" ? match.pattern : match.value;
  return `${match.kind} ${value} ${target.kind === "backend" ? target.backend.service : target.kind}`;
}

const names = (model: IngressModel) => model.findings.map(({ name }) => name);

test("paths are tried exact ones first, then the longest beginning, and a missing slash is redirected", () => {
  const model = read(
    ingressText("a", ["shop.test /app Prefix web", "shop.test /app/x Exact x", "shop.test /dir/ Prefix dir"]),
  );
  assert.deepEqual(locations(model, "shop.test"), [
    "exact /app/x x",
    "exact /app web",
    "exact /dir slash",
    "beginning /dir/ dir",
    "beginning /app/ web",
    "beginning / defaultBackend",
  ]);
});

test("one expression makes all paths of the host expressions, the longest first, whosever they are", () => {
  const model = read(
    ingressText("a", ["shop.test /app Exact web"]),
    ingressText("b", ["shop.test /x/[ab] ImplementationSpecific x"], { annotations: { "use-regex": "true" } }),
    ingressText("c", ["other.test /app Exact web"]),
  );
  assert.deepEqual(locations(model, "shop.test"), ["regex /x/[ab] x", "regex /app web", "regex / defaultBackend"]);
  assert.deepEqual(locations(model, "other.test"), ["exact /app web", "beginning / defaultBackend"]);
});

test("a rewrite to the path itself makes no expressions", () => {
  const model = read(ingressText("a", ["shop.test / Prefix web"], { annotations: { "rewrite-target": "/" } }));
  assert.deepEqual(locations(model, "shop.test"), ["beginning / web"]);
});

test("hosts are merged over namespaces; the oldest has a path that two have, whatever the order of the objects", () => {
  const old = ingressText("z", ["shop.test / Prefix old"], { namespace: "x", created: "2026-01-01T00:00:00Z" });
  const young = ingressText("a", ["shop.test / Prefix young"], { created: "2026-02-01T00:00:00Z" });
  for (const documents of [
    [old, young],
    [young, old],
  ]) {
    const model = read(...documents);
    assert.deepEqual(locations(model, "shop.test"), ["beginning / old"]);
    assert.deepEqual(names(model), ["ingress-path-taken"]);
  }
});

test("of Ingresses of one second, the last by name is the oldest, as ingress-nginx has it", () => {
  const created = "2026-01-01T00:00:00Z";
  const model = read(
    ingressText("a", ["shop.test / Prefix a"], { created }),
    ingressText("b", ["shop.test / Prefix b"], { created }),
  );
  assert.deepEqual(locations(model, "shop.test"), ["beginning / b"]);
});

test("a default backend answers for the host's other paths, and alone for all other hosts", () => {
  const service = { name: "rest", port: { number: 80 } };
  const model = read(
    ingressText("a", ["shop.test /app Exact web"], { spec: { defaultBackend: { service } } }),
    ingressText("b", [], { spec: { defaultBackend: { service: { ...service, name: "others" } } } }),
  );
  assert.deepEqual(locations(model, "shop.test"), ["exact /app web", "beginning / rest"]);
  assert.deepEqual(locations(model, ""), ["beginning / others"]);
});

test("an annotation above the allowed risk leaves the Ingress out", () => {
  const configMap = `
apiVersion: v1
kind: ConfigMap
metadata: { name: ingress-nginx-controller, namespace: ingress-nginx }
data: { annotations-risk-level: Low }`;
  const model = read(
    ingressText("a", ["shop.test / Prefix web"], { annotations: { "proxy-body-size": "2k" } }),
    configMap,
  );
  assert.deepEqual(locations(model, "shop.test"), []);
  assert.ok(names(model).includes("ingress-annotation-too-risky"));
  assert.ok(model.ingresses[0]?.dropped !== undefined);
});

test("an alias that is a host, or an older host's alias, is left to it", () => {
  const model = read(
    ingressText("a", ["a.test / Prefix web"], { annotations: { "server-alias": "b.test,c.test" } }),
    ingressText("b", ["b.test / Prefix web"], { annotations: { "server-alias": "c.test,d.test" } }),
  );
  assert.deepEqual(
    model.servers.map(({ hostname, aliases }) => [hostname, aliases]),
    [
      ["a.test", ["c.test"]],
      ["b.test", ["d.test"]],
      ["", []],
    ],
  );
  assert.deepEqual(names(model), ["ingress-alias-taken", "ingress-alias-taken"]);
});

test("a canary belongs to the Service port of the path that it shares, and the oldest one counts", () => {
  const canary = { annotations: { canary: "true", "canary-weight": "10" } };
  const model = read(
    ingressText("main", ["shop.test / Prefix web", "shop.test /x Exact web", "shop.test /y Exact other"]),
    ingressText("c1", ["shop.test / Prefix new"], canary),
    ingressText("c2", ["shop.test / Prefix newer"], canary),
    ingressText("c3", ["shop.test /none Prefix new"], canary),
  );
  const server = model.servers.find(({ hostname }) => hostname === "shop.test");
  assert.deepEqual(
    server?.locations.map((location) => [brief(location), location.canaries.map(({ backend }) => backend.service)]),
    [
      ["exact /y other", []],
      ["exact /x web", ["new"]],
      ["beginning / web", ["new"]],
    ],
  );
  assert.deepEqual(names(model), ["ingress-canary-unused", "ingress-canary-unused"]);
});

test("each setting of a host is that of the oldest Ingress that says anything of it", () => {
  const model = read(
    ingressText("a", ["shop.test / Prefix web"]),
    ingressText("b", ["shop.test /b Prefix web"], { annotations: { "app-root": "/b" } }),
    ingressText("c", ["shop.test /c Prefix web"], { annotations: { "app-root": "/c" } }),
  );
  const server = model.servers.find(({ hostname }) => hostname === "shop.test");
  assert.equal(server?.settings.appRoot, "/b");
  assert.equal(server?.settingOwners.appRoot?.metadata.name, "b");
  assert.equal(server?.owner?.metadata.name, "a");
});

test("tls without a usable Secret is the default certificate; without tls there is none", () => {
  const model = read(
    ingressText("a", ["shop.test / Prefix web"], { spec: { tls: [{ hosts: ["shop.test"], secretName: "none" }] } }),
    ingressText("b", ["other.test / Prefix web"]),
  );
  assert.deepEqual(
    model.servers.map(({ hostname, certificate }) => [hostname, certificate.kind]),
    [
      ["other.test", "none"],
      ["shop.test", "default"],
      ["", "none"],
    ],
  );
});

test("Ingresses of other classes, and of none, are not read", () => {
  const other = ingressText("o", ["o.test / Prefix web"], { spec: { ingressClassName: "other" } });
  const none = ingressText("n", ["n.test / Prefix web"], { spec: { ingressClassName: "" } });
  assert.deepEqual(
    read(other).servers.map(({ hostname }) => hostname),
    [""],
  );
  const snapshot = createSnapshot(resourcesOf(none.replace('"ingressClassName":"",', "")));
  for (const [withoutClass, hosts] of [
    [false, [""]],
    [true, ["n.test", ""]],
  ] as const) {
    const model = readIngresses(snapshot, { ...defaultIngressOptions, classes: ["nginx"], withoutClass });
    assert.deepEqual(
      model.servers.map(({ hostname }) => hostname),
      hosts,
    );
  }
});

test("streams are read from the ConfigMaps that the controller's arguments name", () => {
  const configMap = `
apiVersion: v1
kind: ConfigMap
metadata: { name: tcp, namespace: infra }
data: { "5432": "db/pg:5432", "6379": "db/redis:tcp::PROXY", "x": "y" }`;
  const snapshot = createSnapshot(resourcesOf(configMap));
  const { streams } = readIngresses(snapshot, {
    ...defaultIngressOptions,
    arguments: ["--tcp-services-configmap=infra/tcp"],
  });
  assert.deepEqual(
    streams.map(({ port, backend, proxy }) => [port, backend.service, backend.port, proxy]),
    [
      [5432, "pg", { number: 5432 }, { decode: false, encode: false }],
      [6379, "redis", { name: "tcp" }, { decode: false, encode: true }],
    ],
  );
});

test("a root of any type but exact takes the place of the one that every host has", () => {
  const model = read(
    ingressText("a", ["a.test / ImplementationSpecific web"]),
    ingressText("b", ["b.test / Exact web"]),
  );
  assert.deepEqual(locations(model, "a.test"), ["beginning / web"]);
  assert.deepEqual(locations(model, "b.test"), ["exact / web", "beginning / defaultBackend"]);
});

test("a path that the webhook refuses is told, and taken as it stands", () => {
  const model = read(ingressText("a", ["a.test /api(/|$)(.*) Prefix web", "a.test /x(y) ImplementationSpecific web"]));
  assert.deepEqual(names(model), ["ingress-path-refused"]);
  assert.ok(locations(model, "a.test").includes("exact /api(/|$)(.*) web"));
});

test("a path that leads to something else than a Service is not served", () => {
  const resource = { kind: "Bucket", name: "files" };
  const rules = [{ host: "a.test", http: { paths: [{ path: "/x", pathType: "Exact", backend: { resource } }] } }];
  const model = read(ingressText("a", [], { spec: { rules } }));
  assert.deepEqual(names(model), ["ingress-backend-unsupported"]);
  assert.deepEqual(locations(model, "a.test"), ["beginning / defaultBackend"]);
});

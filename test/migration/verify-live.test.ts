/** `migrate verify --live` between two gateways that run: Ingresses as they are, and what `migrate convert` writes for them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import type { Difference, Verification } from "../../src/migrate/verify/verify.ts";
import { SluiceProcess, sluice } from "../cli/sluice-process.ts";

/** Serves a fixed answer for its name, whatever it is asked, and says what methods came. */
async function startApp(
  name: string,
): Promise<AsyncDisposable & { readonly name: string; readonly port: number; readonly methods: Set<string> }> {
  const methods = new Set<string>();
  const server = createServer((request, response) => {
    methods.add(request.method ?? "");
    response.end(`${name}\n`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    name,
    port: (server.address() as AddressInfo).port,
    methods,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

type App = Awaited<ReturnType<typeof startApp>>;

const namespace = "shop";

/** A Service whose only endpoint is the app. */
function serviceOf({ name, port }: App): readonly object[] {
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace },
      spec: { ports: [{ name: "http", port: 80, targetPort: port }] },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: `${name}-1`, namespace, labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
      ports: [{ name: "http", port, protocol: "TCP" }],
    },
  ];
}

function ingress(host: string, service: string, annotations: Readonly<Record<string, string>> = {}): object {
  const backend = { service: { name: service, port: { number: 80 } } };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name: host,
      namespace,
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([name, value]) => [`nginx.ingress.kubernetes.io/${name}`, value]),
      ),
    },
    spec: {
      ingressClassName: "nginx",
      rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
    },
  };
}

const text = (objects: readonly object[]): string =>
  objects.map((object) => `${JSON.stringify(object)}\n`).join("---\n");

/** The part of a HTTPRoute that tests change. */
type Route = {
  readonly kind?: string;
  readonly spec: {
    readonly hostnames: readonly string[];
    readonly rules: { backendRefs?: readonly object[]; filters?: readonly object[] }[];
  };
};

/** Two gateways: one serves the Ingresses, the other their conversion, with what `edit` changes in its routes. */
async function startPair(ingresses: readonly object[], apps: readonly App[], edit: (route: Route) => void = () => {}) {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "sluice-live-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const [oldFile, newFile, services] = ["old.yaml", "new.yaml", "services.yaml"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(oldFile, text(ingresses));
  await writeFile(services, text(apps.flatMap(serviceOf)));
  // Otherwise hosts without a certificate of their own have no https, which is a difference.
  const converted = await sluice(["migrate", "convert", oldFile, "--default-certificate", `${namespace}/any`]);
  assert.equal(converted.code, 0, converted.err);
  const manifests = parseAllDocuments(converted.out).map((document) => document.toJS() as { readonly kind?: string });
  for (const manifest of manifests) if (manifest.kind === "HTTPRoute") edit(manifest as Route);
  await writeFile(newFile, text(manifests));
  const serving = ["--map-port", "80:0", "--map-port", "443:0", "--self-signed", "--no-watch"];
  const old = cleanup.use(
    await SluiceProcess.start(["run", oldFile, services, "--ingress-class", "nginx", ...serving]),
  );
  const fresh = cleanup.use(await SluiceProcess.start(["run", newFile, services, "--adopt-classes", ...serving]));
  const live = [await urlsOf(old), await urlsOf(fresh)].flatMap((urls) => ["--live", urls]);
  const owned = cleanup.move();
  return {
    verify: async (...flags: readonly string[]) => {
      const { code, out, err } = await sluice(["migrate", "verify", oldFile, newFile, ...live, "-o", "json", ...flags]);
      assert.ok(code === 0 || code === 1, err);
      return { code, report: JSON.parse(out) as Verification };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** As `--live` takes them: where http goes, then where https goes, if there is a listener for it. */
async function urlsOf(gateway: SluiceProcess): Promise<string> {
  const { listeners } = await gateway.ready();
  const url = (scheme: string, port: number): readonly string[] =>
    listeners
      .filter((listener) => listener.port === port)
      .slice(0, 1)
      .map(({ localPort }) => `${scheme}://127.0.0.1:${localPort}`);
  return [...url("http", 80), ...url("https", 443)].join(",");
}

/** The default server of ingress-nginx answers health checks at /healthz; nothing does where Ingresses are converted. */
const healthz = "* host-other";

const kinds = (found: readonly Difference[]): readonly string[] => found.map(({ host, kind }) => `${host} ${kind}`);

test("migrate verify --live finds two gateways alike that serve an Ingress and its conversion, and sends nothing that may change something", async () => {
  await using one = await startApp("one");
  await using pair = await startPair([ingress("shop.example", "one")], [one]);
  const { code, report } = await pair.verify("--accept", "host-other");
  assert.deepEqual([code, kinds(report.differences)], [0, [healthz]]);
  assert.deepEqual([report.differences[0]?.example.old, report.differences[0]?.example.new], ["200", "404"]);
  assert.ok(report.sent > 50);
  assert.equal(report.sent, report.requests);
  assert.deepEqual([...one.methods].sort(), ["GET", "HEAD", "OPTIONS"]);
});

test("migrate verify --live names the host and the kind of what differs, and leaves the exit code at 0 for what is accepted", async () => {
  await using one = await startApp("one");
  await using two = await startApp("two");
  const hosts = ["alike.example", "backend.example", "header.example"];
  const edit = (route: Route): void => {
    const [host] = route.spec.hostnames;
    for (const rule of route.spec.rules) {
      if (host === "backend.example")
        rule.backendRefs = (rule.backendRefs ?? []).map((ref) => ({ ...ref, name: "two" }));
      if (host !== "header.example") continue;
      const responseHeaderModifier = { set: [{ name: "X-Frame-Options", value: "DENY" }] };
      rule.filters = [...(rule.filters ?? []), { type: "ResponseHeaderModifier", responseHeaderModifier }];
    }
  };
  await using pair = await startPair(
    hosts.map((host) => ingress(host, "one")),
    [one, two],
    edit,
  );
  const { code, report } = await pair.verify("--all-methods");
  assert.deepEqual(
    [code, kinds(report.differences)],
    [1, [healthz, "backend.example answer-body", "header.example answer-headers"]],
  );
  const { example } = report.differences[2]!;
  assert.deepEqual([example.old, example.new], ["no x-frame-options", "x-frame-options: DENY"]);
  assert.ok(one.methods.has("POST"));
  const accepted = await pair.verify(
    "--accept",
    "host-other",
    "--accept",
    "answer-body@backend.example",
    "--accept",
    "answer-headers",
  );
  assert.deepEqual([accepted.code, accepted.report.differences.length], [0, 3]);
});

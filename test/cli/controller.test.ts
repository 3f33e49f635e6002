import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { anyAddress } from "../../src/base/any-address.ts";
import { initialFlags } from "../../src/cli/flags.ts";
import { startProxy } from "../../src/cli/proxy-process.ts";
import type { StreamCertificate } from "../../src/config-stream/stream-authority.ts";
import { createTelemetry } from "../../src/telemetry/create-telemetry.ts";
import { keptLog, temporaryFolder } from "../config-stream/stream-fixture.ts";
import { FakeApiServer } from "../kube/fake-api-server.ts";
import { gateway, gatewayClass } from "../kube/kube-fixture.ts";
import { SluiceProcess, sluice } from "./sluice-process.ts";

type Conditions = readonly { readonly type: string; readonly status: string }[];
type Written = { readonly status?: { readonly conditions?: Conditions; readonly parents?: readonly unknown[] } };

const programmed = (object: unknown): string | undefined =>
  (object as Written | undefined)?.status?.conditions?.find(({ type }) => type === "Programmed")?.status;

/** Answers everything itself, so that no backend is needed. */
const redirect = (name: string) => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name, namespace: "shop" },
  spec: {
    parentRefs: [{ name: "web" }],
    rules: [{ filters: [{ type: "RequestRedirect", requestRedirect: { hostname: "example.org" } }] }],
  },
});

type TestCluster = AsyncDisposable & {
  readonly server: FakeApiServer;
  /** Of a controller in `sluice-system`. */
  readonly args: readonly string[];
  /** Of one in another namespace. */
  readonly argsIn: (namespace: string) => Promise<readonly string[]>;
};

async function startCluster(): Promise<TestCluster> {
  const server = await FakeApiServer.start();
  const folder = await temporaryFolder();
  server.installCrds("v1.7.0");
  server.put(gatewayClass("sluice"));
  server.put(gateway("web"));
  server.put(redirect("home"));
  const argsIn = async (namespace: string): Promise<readonly string[]> => {
    const kubeconfig = join(folder.path, namespace);
    await writeFile(kubeconfig, kubeconfigOf(server.url, namespace));
    return ["controller", "--kubeconfig", kubeconfig];
  };
  const dispose = async () => {
    await server.close();
    await folder[Symbol.asyncDispose]();
  };
  return { server, argsIn, args: await argsIn("sluice-system"), [Symbol.asyncDispose]: dispose };
}

const kubeconfigOf = (url: string, namespace = "sluice-system") =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: url } }],
    users: [{ name: "u", user: {} }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace } }],
    "current-context": "x",
  });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Waits for what another process does. Hangs (and so fails) otherwise. */
async function soon(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((later) => setTimeout(later, 10));
}

async function ask(url: string): Promise<{ readonly status: number; readonly body: string }> {
  const [response] = (await once(get(url, { agent: false }), "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: Buffer.concat(await response.toArray()).toString() };
}

test("controller --plane embedded: serves, leads, writes statuses, explains itself, and gives the Lease up on SIGTERM", async () => {
  await using cluster = await startCluster();
  const { server, args } = cluster;
  const port = await freePort();
  await using controller = await SluiceProcess.start([
    ...[...args, "--plane", "embedded", "--map-port", `80:${port}`, "--publish-address", "203.0.113.7"],
  ]);
  await soon(() => programmed(server.find("Gateway", "web", "shop")) === "True");
  assert.equal((await ask(`http://127.0.0.1:${port}/`)).status, 302);
  const lease = () => server.store.get(leasePlace)?.["spec"] as { readonly holderIdentity: string } | undefined;
  assert.notEqual(lease()?.holderIdentity ?? "", "");

  const admin = String((await controller.event("reading"))["admin"]);
  assert.match((await ask(`${admin}/status`)).body, /Programmed/);
  assert.match((await ask(`${admin}/routes`)).body, /home/);
  assert.equal((await ask(`${admin}/findings`)).status, 200);
  assert.equal((await ask(`${admin}/readyz`)).status, 200);
  assert.match((await ask(`${admin}/metrics`)).body, /^gateway_leader 1$/m);
  const explained = await sluice(["explain", "--admin", admin, "--url", "http://any.example/"]);
  assert.equal(explained.code, 0, explained.err);
  assert.match(explained.out, /HTTPRoute shop\/home/);

  const everywhere = ["--bind", "*", "--admin", "*:0"];
  await using follower = await SluiceProcess.start([
    ...[...args, "--plane", "embedded", "--map-port", "80:0", ...everywhere],
  ]);
  const { hostname, port: adminPort } = new URL(String((await follower.event("reading"))["admin"]));
  assert.equal(hostname, (await anyAddress()) === "::" ? "[::]" : "0.0.0.0");
  const other = `http://127.0.0.1:${adminPort}`;
  if (hostname === "[::]") assert.equal((await ask(`http://[::1]:${adminPort}/livez`)).status, 200);
  while (!/^gateway_leader 0$/m.test((await ask(`${other}/metrics`)).body)) await soon(() => true);
  follower.signal("SIGTERM");
  assert.equal(await follower.exited(), 0);

  controller.signal("SIGTERM");
  assert.equal(await controller.exited(), 0);
  assert.equal(lease()?.holderIdentity, "");
});

test("controller: a restart takes no status back while the proxies go on serving, and streams that are open hold no stop up", async () => {
  await using cluster = await startCluster();
  const { server, args } = cluster;
  const port = await freePort();
  const provisioned = [...args, "--stream", `127.0.0.1:${port}`, "--data-plane-image", "sluice:test"];
  await using first = await SluiceProcess.start(provisioned);
  await soon(() => server.find("Secret", "web-sluice", "shop") !== undefined);
  await soon(() => server.find("Service", "web-sluice", "shop") !== undefined);
  server.put({
    ...server.find("Service", "web-sluice", "shop"),
    status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } },
  });
  await using proxy = await startProxy({
    flags: { ...initialFlags(), controllers: [{ host: "127.0.0.1", port }], proxyBind: "127.0.0.1" },
    telemetry: createTelemetry({ version: "test" }),
    log: keptLog().log,
    readCertificate: async () => certificateOf(server),
    proxy: "web-1",
    onConfiguration: () => {},
    plane: { mapPort: () => 0 },
  });
  await soon(() => programmed(server.find("Gateway", "web", "shop")) === "True");
  const admin = String((await first.event("reading"))["admin"]);
  assert.match((await ask(`${admin}/metrics`)).body, /^gateway_stream_proxies\{data_plane="shop\/web"\} 1$/m);

  const seen: (string | undefined)[] = [];
  server.store.listeners.add(() => seen.push(programmed(server.find("Gateway", "web", "shop"))));
  first.signal("SIGTERM");
  assert.equal(await first.exited(), 0);
  await soon(() => !proxy.isFollowing);
  await using second = await SluiceProcess.start(provisioned);
  await soon(() => proxy.isFollowing);
  // Something to write, to see that statuses are written again.
  server.put(redirect("other"));
  await soon(() => (server.find("HTTPRoute", "other", "shop") as Written | undefined)?.status?.parents !== undefined);
  assert.ok(seen.length > 0);
  assert.deepEqual([...new Set(seen)], ["True"]);
  second.signal("SIGTERM");
  assert.equal(await second.exited(), 0);
});

test("controller: of two installations with one controllerName, one writes, the other says so in every way, and takes over when it is told to", async () => {
  await using cluster = await startCluster();
  const { server, args, argsIn } = cluster;
  for (const name of ["sluice-system", "other"])
    server.put({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const embedded = async (more: readonly string[], address: string) =>
    SluiceProcess.start([
      ...[...more, "--plane", "embedded", "--map-port", `80:${await freePort()}`, "--publish-address", address],
    ]);
  const addressOf = () =>
    (server.find("Gateway", "web", "shop") as { status?: { addresses?: { value: string }[] } } | undefined)?.status
      ?.addresses?.[0]?.value;
  const metric = async (from: SluiceProcess, name: string) => {
    const admin = String((await from.event("reading"))["admin"]);
    return new RegExp(`^${name} (.*)$`, "m").exec((await ask(`${admin}/metrics`)).body)?.[1];
  };

  await using first = await embedded(args, "203.0.113.1");
  await soon(() => addressOf() === "203.0.113.1");
  const writes = () => server.requests.filter(({ path }) => path.endsWith("/status")).length;
  await using second = await embedded(await argsIn("other"), "203.0.113.2");
  const finding = await second.event("finding");
  assert.equal(finding["code"], "SL2037");
  assert.match(String(finding["message"]), /The Sluice in namespace sluice-system serves controllerName/);
  assert.equal(await metric(second, "gateway_installation_standing_by"), "1");
  assert.equal(await metric(first, "gateway_installation_standing_by"), "0");
  const events = () => server.store.list("events.k8s.io", "events");
  await soon(() => events().some(({ reason }) => reason === "InstallationStandingBy"));
  const before = writes();
  server.put(redirect("late"));
  await soon(() => (server.find("HTTPRoute", "late", "shop") as Written | undefined)?.status?.parents !== undefined);
  // The second one would have answered with its own address.
  assert.equal(addressOf(), "203.0.113.1");
  assert.ok(writes() - before <= 3, `${writes() - before} writes`);

  server.store.merge(
    { group: "gateway.networking.k8s.io", plural: "gatewayclasses", name: "sluice" },
    { metadata: { annotations: { "gateway.sluice.dev/installation": "other" } } },
    "object",
  );
  await soon(() => addressOf() === "203.0.113.2");
  await soon(() => events().filter(({ reason }) => reason === "InstallationStandingBy").length === 2);
});

test("controller: says what is wrong and ends with 2 without a kubeconfig, or where the stream cannot listen", async () => {
  const missing = await sluice(["controller", "--kubeconfig", "/nonexistent/config", "--admin", "off"]);
  assert.equal(missing.code, 2, missing.err);
  assert.match(missing.err, /\/nonexistent\/config/);
  await using cluster = await startCluster();
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  const refused = await sluice([...cluster.args, "--admin", "off", "--stream", `127.0.0.1:${port}`]);
  taken.close();
  assert.equal(refused.code, 2, refused.err);
  assert.match(refused.err, /--stream HOST:PORT/);
});

test("controller: waits for an API server that does not answer, says so at once, and ends with 1", async () => {
  await using folder = await temporaryFolder();
  const kubeconfig = join(folder.path, "config");
  await writeFile(kubeconfig, kubeconfigOf(`http://127.0.0.1:${await freePort()}`));
  const args = ["controller", "--kubeconfig", kubeconfig, "--admin", "off", "--start-seconds", "1"];
  const { code, err } = await sluice(args);
  assert.equal(code, 1, err);
  assert.match(err, /connection refused[^\n]*Retrying for 1 seconds[\s\S]*could not be read within 1 seconds/);
});

const leasePlace = {
  group: "coordination.k8s.io",
  plural: "leases",
  namespace: "sluice-system",
  name: "sluice-controller",
};

function certificateOf(server: FakeApiServer): StreamCertificate {
  const { data } = server.find("Secret", "web-sluice", "shop") as unknown as { readonly data: StreamCertificate };
  const read = (file: keyof StreamCertificate) => Buffer.from(data[file], "base64").toString();
  return { "tls.crt": read("tls.crt"), "tls.key": read("tls.key"), "ca.crt": read("ca.crt") };
}

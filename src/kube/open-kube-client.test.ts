import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { FakeApiServer } from "../../test/kube/fake-api-server.ts";
import { eventually } from "../../test/plane/eventually.ts";
import { makeCertificate } from "../../test/test-certificate.ts";
import type { ApiAccess, Credentials } from "./api-access.ts";
import { type KubeClient, KubeError, type ResourcePath, type WatchEvent } from "./kube-client.ts";
import { type KubeClientOptions, openKubeClient } from "./open-kube-client.ts";

const maps: ResourcePath = { group: "", version: "v1", plural: "configmaps", namespace: "shop" };
const map = (name: string, data = {}, labels = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "shop", labels },
  data,
});
const nameOf = (object: Readonly<Record<string, unknown>>) => (object["metadata"] as { readonly name: string }).name;

async function withServer(
  run: (server: FakeApiServer, client: KubeClient) => Promise<void>,
  options: Omit<KubeClientOptions, "access"> = {},
): Promise<void> {
  await using server = await FakeApiServer.start();
  const client = openKubeClient({ ...options, access: server.access });
  try {
    await run(server, client);
  } finally {
    await client.close();
  }
}

/** A client of a server that gives one answer to everything. */
async function withAnswer(
  answer: { readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> },
  run: (client: KubeClient, path: () => string | undefined) => Promise<void>,
  options: Omit<KubeClientOptions, "access"> & { readonly prefix?: string } = {},
): Promise<void> {
  let path: string | undefined;
  const server = createServer((request, response) => {
    path = request.url;
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { prefix = "", ...own } = options;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`;
  const client = openKubeClient({ ...own, access: { server: url } });
  try {
    await run(client, () => path);
  } finally {
    await client.close();
    await new Promise((closed) => server.close(closed));
  }
}

const refused = (status: number, words: RegExp, reason?: string) => (error: unknown) => {
  assert.ok(error instanceof KubeError);
  assert.equal(error.status, status);
  assert.match(error.message, words);
  if (reason !== undefined) assert.equal(error.reason, reason);
  return true;
};

test("openKubeClient: create, get, list in pages, replace, patch and delete", () =>
  withServer(async (_, client) => {
    for (const name of ["a", "b", "c"]) await client.create(maps, map(name));
    await assert.rejects(client.create(maps, map("a")), refused(409, /already exists/, "AlreadyExists"));
    const first = await client.list(maps, { limit: 2 });
    assert.ok(first.continueToken);
    const second = await client.list(maps, { limit: 2, continueToken: first.continueToken });
    assert.equal(second.continueToken, undefined);
    assert.deepEqual([...first.items, ...second.items].map(nameOf), ["a", "b", "c"]);
    assert.deepEqual([first.items[0]?.["kind"], first.items[0]?.["apiVersion"]], ["ConfigMap", "v1"]);
    const at = { ...maps, name: "a" };
    const got = await client.get(at);
    await client.replace(at, { ...got, data: { x: "1" } });
    await assert.rejects(
      client.replace(at, { ...got, data: { x: "2" } }),
      refused(409, /has been modified/, "Conflict"),
    );
    const patched = await client.patch(at, { data: { y: "2" } }, { type: "merge", fieldManager: "t" });
    assert.deepEqual(patched["data"], { x: "1", y: "2" });
    await assert.rejects(client.delete(at, { uid: "other" }), refused(409, /Precondition/));
    await client.delete(at);
    await assert.rejects(client.get(at), refused(404, /Cannot get configmaps shop\/a: http:\/\/127.*404 Not Found: /));
  }));

test("openKubeClient.patch: apply creates, merges, and takes away what is left out the next time", () =>
  withServer(async (server, client) => {
    const at = { ...maps, name: "d" };
    const options = { type: "apply", fieldManager: "t" } as const;
    await client.patch(at, map("d", { x: "1", y: "2" }), options);
    await client.patch(at, { data: { z: "3" } }, { type: "merge", fieldManager: "other" });
    const applied = await client.patch(at, map("d", { x: "4" }), options);
    assert.deepEqual(applied["data"], { x: "4", z: "3" });
    const { query } = server.requests.at(-1) ?? {};
    assert.deepEqual([query?.get("fieldManager"), query?.get("force")], ["t", "true"]);
  }));

test("openKubeClient: selectors and metadata alone are the server's to apply", () =>
  withServer(async (server, client) => {
    server.put(map("a", { x: "1" }, { team: "shop" }));
    server.put(map("b", { x: "1" }, { team: "pay" }));
    const labelled = await client.list(maps, { labelSelector: "team in (shop, other)", metadataOnly: true });
    assert.deepEqual(labelled.items.map(nameOf), ["a"]);
    assert.deepEqual(Object.keys(labelled.items[0] ?? {}).sort(), ["apiVersion", "kind", "metadata"]);
    assert.equal(labelled.items[0]?.["kind"], "ConfigMap", "not PartialObjectMetadata");
    const named = await client.list(maps, { fieldSelector: "metadata.name=b" });
    assert.deepEqual(named.items.map(nameOf), ["b"]);
    const options = { resourceVersion: labelled.resourceVersion, timeoutSeconds: 60, metadataOnly: true };
    server.put(map("c"));
    for await (const { object } of client.watch(maps, options)) {
      assert.deepEqual([object["kind"], object["apiVersion"], nameOf(object)], ["ConfigMap", "v1", "c"]);
      break;
    }
  }));

test("openKubeClient.watch: gives what comes after, bookmarks, and an error for what is too old", () =>
  withServer(async (server, client) => {
    const stop = new AbortController();
    const seen: WatchEvent[] = [];
    const { resourceVersion } = await client.list(maps);
    server.put(map("a"));
    let opened = 0;
    const onOpen = () => {
      opened += 1;
    };
    const options = { resourceVersion, timeoutSeconds: 300, signal: stop.signal, onOpen };
    const calledOff = async () => {
      for await (const event of client.watch(maps, options)) {
        seen.push(event);
        if (seen.length === 1) server.remove("ConfigMap", "a", "shop");
        if (seen.length === 2) server.sendBookmarks();
        if (seen.length === 3) stop.abort();
      }
    };
    await assert.rejects(calledOff, refused(0, /it was called off/));
    assert.deepEqual(
      seen.map(({ type }) => type),
      ["ADDED", "DELETED", "BOOKMARK"],
    );
    assert.equal(opened, 1);
    server.expireHistory();
    const old = async () => {
      for await (const _ of client.watch(maps, { resourceVersion, timeoutSeconds: 300 }))
        assert.fail("nothing is known");
    };
    await assert.rejects(
      old,
      refused(410, /Cannot watch configmaps in namespace shop: .*410 Gone: too old/, "Expired"),
    );
  }));

test("openKubeClient.watch: an event that is too long, or none, ends it with a reason", async () => {
  const long = `${JSON.stringify({ type: "ADDED", object: map("a", { x: "y".repeat(500) }) })}\n`;
  for (const [body, reason] of [
    [long, "AnswerTooLarge"],
    ["<html>\n", "Malformed"],
    ['{"type":"NEW","object":{}}\n', "Malformed"],
    ['{"type":"ADDED"}\n', "Malformed"],
  ] as const) {
    await withAnswer(
      { status: 200, body },
      async (client) => {
        const watching = async () => {
          for await (const _ of client.watch(maps, { resourceVersion: "1", timeoutSeconds: 60 }))
            assert.fail("an event");
        };
        await assert.rejects(watching, refused(0, /Cannot watch/, reason));
      },
      { eventLimitBytes: 200 },
    );
  }
});

test("openKubeClient: a client's close ends what is under way, and refuses what comes later", () =>
  withServer(async (server, client) => {
    const { resourceVersion } = await client.list(maps);
    const watching = async () => {
      const onOpen = () => void client.close();
      for await (const _ of client.watch(maps, { resourceVersion, timeoutSeconds: 60, onOpen }))
        assert.fail("an event");
    };
    await assert.rejects(watching, refused(0, /the client is closed/));
    const before = server.requests.length;
    await assert.rejects(client.list(maps), refused(0, /the client is closed/));
    assert.equal(server.requests.length, before);
  }));

test("openKubeClient: what the server asks for in Retry-After comes with the error", () =>
  withServer(async (server, client) => {
    server.failNext(1, 429, { retryAfterSeconds: 3 });
    await assert.rejects(client.list(maps), (error) => error instanceof KubeError && error.retryAfterMs === 3000);
  }));

test("openKubeClient: an answer that does not come in time is given up", () =>
  withServer(
    async (server, client) => {
      const release = server.holdAnswers();
      await assert.rejects(client.list(maps), refused(0, /it did not answer in time/));
      release();
    },
    { requestTimeoutMs: 50 },
  ));

test("openKubeClient: answers that are no answers of an API server", async () => {
  const rows = [
    [{ status: 502, body: "<html>Bad Gateway</html>" }, 502, /answered 502 Bad Gateway$/],
    [{ status: 200, body: "<html></html>" }, 0, /its answer is no JSON/],
    [{ status: 200, body: "[]" }, 0, /its answer is no object/],
    [{ status: 200, body: "{}" }, 0, /its answer is no list/],
    [{ status: 200, body: `{"x":"${"y".repeat(500)}"}` }, 0, /its answer is longer than 300 bytes/],
  ] as const;
  for (const [answer, status, words] of rows)
    await withAnswer(answer, (client) => assert.rejects(client.list(maps), refused(status, words)), {
      bodyLimitBytes: 300,
    });
});

test("openKubeClient: a path in the server's address comes before the API's, and names are escaped", () =>
  withAnswer(
    { status: 200, body: "{}" },
    async (client, path) => {
      await client.get({
        group: "a.b",
        version: "v1",
        plural: "things",
        namespace: "n",
        name: "x/../y",
        subresource: "status",
      });
      assert.equal(path(), "/k8s/clusters/c-1/apis/a.b/v1/namespaces/n/things/x%2F..%2Fy/status");
      await client.raw("/version");
      assert.equal(path(), "/k8s/clusters/c-1/version");
    },
    { prefix: "/k8s/clusters/c-1/" },
  ));

test("openKubeClient: a server that cannot be reached is named, the token is not", async () => {
  const server = await FakeApiServer.start();
  const { url } = server;
  await server.close();
  const headers = { authorization: "Bearer very-secret" };
  const client = openKubeClient({ access: { server: url, credentials: async () => ({ headers }) } });
  await assert.rejects(client.list(maps), (error) => {
    assert.ok(error instanceof KubeError);
    assert.equal(
      error.message,
      `Cannot list configmaps in namespace shop at ${url}: nothing listens there (connection refused).`,
    );
    assert.doesNotMatch(JSON.stringify(error, Object.getOwnPropertyNames(error)), /very-secret/);
    return true;
  });
  await client.close();
});

test("openKubeClient: credentials that are not accepted are read anew for the next request", () =>
  withServer(async (server) => {
    server.requireToken("second");
    const tokens = ["first", "second"];
    let current = tokens.shift();
    const access: ApiAccess = {
      server: server.url,
      credentials: async () => ({ headers: { authorization: `Bearer ${current}` } }),
      forgetCredentials: () => {
        current = tokens.shift();
      },
    };
    const client = openKubeClient({ access });
    await assert.rejects(client.list(maps), refused(401, /401 Unauthorized/));
    assert.deepEqual((await client.list(maps)).items, []);
    await client.close();
  }));

test("openKubeClient: checks the server's certificate, and shows the one that it has now", async () => {
  const ca = makeCertificate({ commonName: "ca", authority: "yes" });
  const served = makeCertificate({ names: ["api.example"], issuer: ca });
  const users = ["one", "two"].map((commonName) => makeCertificate({ commonName, issuer: ca }));
  const seen: string[] = [];
  await using server = await FakeApiServer.start({
    cert: served.certPem,
    key: served.keyPem,
    ca: ca.certPem,
    requestCert: true,
    rejectUnauthorized: false,
  });
  server.onSecureConnection = (socket) => seen.push(String(socket.getPeerCertificate().subject?.CN));
  const open = (tls: ApiAccess["tls"], credentials?: () => Promise<Credentials>) =>
    openKubeClient({
      access: { server: server.url, ...(tls ? { tls } : {}), ...(credentials ? { credentials } : {}) },
    });
  const strangers = [open(undefined), open({ ca: ca.certPem })];
  await assert.rejects(strangers[0]?.list(maps) ?? Promise.resolve(), refused(0, /certificate is not signed by/));
  await assert.rejects(
    strangers[1]?.list(maps) ?? Promise.resolve(),
    refused(0, /its certificate is for another name/),
  );
  const careless = open({ verify: "skip" });
  await careless.list(maps);

  let user = users[0];
  const known = open({ ca: ca.certPem, servername: "api.example" }, async () => ({
    headers: {},
    ...(user ? { clientCertificate: { cert: user.certPem, key: user.keyPem } } : {}),
  }));
  await known.list(maps);
  await known.list(maps);
  user = users[1];
  await known.list(maps);
  assert.deepEqual(seen.slice(-2), ["one", "two"]);
  for (const client of [...strangers, careless, known]) await client.close();
});

test("KubeClient: who is refused by a server that has just come back is told to come again, and what waits is woken", () =>
  withServer(async (server, client) => {
    let woken = 0;
    client.onReachable(() => woken++);
    server.forbid("configmaps");
    await assert.rejects(client.list(maps), refused(403, /answered 403/));
    // The request, and the probe that it leads to.
    server.failNext(2, 500);
    await assert.rejects(client.list(maps), refused(500, /answered 500/));
    await eventually(() => woken === 1);
    const starting = refused(503, /answered 403.* \(the API server has just started\)/, "Starting");
    await assert.rejects(client.list(maps), starting);
    server.permit("configmaps");
    await client.list(maps);
    await eventually(() => woken === 2);
  }));

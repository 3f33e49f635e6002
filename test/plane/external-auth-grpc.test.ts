import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { ExternalAuth } from "../../src/ir/external-auth.ts";
import { ProtobufWriter, readProtobuf } from "../../src/wire/protobuf.ts";
import { externalAuth } from "../external-auth-filter.ts";
import { startProxy } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

type Call = { readonly headers: Readonly<Record<string, unknown>>; readonly message: Buffer };

/** An authorisation server in gRPC, on a socket of its own. `answer` gives the bytes of a CheckResponse. */
class AuthServer implements AsyncDisposable {
  readonly calls: Call[] = [];
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();

  private constructor(server: Http2Server) {
    this.#server = server;
  }

  static async start(answer: () => Buffer, status = "0"): Promise<AuthServer> {
    const server = createServer();
    const self = new AuthServer(server);
    server.on("session", (session) => {
      self.#sessions.add(session);
      session.on("close", () => self.#sessions.delete(session));
    });
    server.on("stream", (stream: ServerHttp2Stream, headers) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const frame = Buffer.concat(parts);
        self.calls.push({ headers, message: frame.subarray(5) });
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
        const body = answer();
        const prefix = Buffer.alloc(5);
        prefix.writeUInt32BE(body.length, 1);
        stream.end(Buffer.concat([prefix, body]));
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return self;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

function start(backend: RawUpstream, server: AuthServer, options: Partial<ExternalAuth> = {}) {
  return startProxy(
    [backend.port],
    {},
    {
      filters: [externalAuth({ protocol: "grpc", ...options })],
      others: [{ name: "auth", ports: [server.port], cluster: { protocol: "http2" } }],
    },
  );
}

const pair = (key: string, value: string) => new ProtobufWriter().string(1, key).string(2, value);
const option = (key: string, value: string) => new ProtobufWriter().message(1, pair(key, value));
const status = (code: number) => new ProtobufWriter().varint(1, code);

/** The bytes at a path of field numbers. */
function at(message: Buffer, ...path: readonly number[]): Buffer {
  return path.reduce((bytes, number) => {
    const field = readProtobuf(bytes, 1_000)?.find((one) => one.number === number && one.kind === "bytes");
    assert.ok(field?.kind === "bytes", `no field ${number}`);
    return field.value;
  }, message);
}

/** Headers of the HTTP request in a CheckRequest. */
function headersIn(message: Buffer): Readonly<Record<string, string>> {
  const entries = (readProtobuf(at(message, 1, 4, 2), 1_000) ?? []).flatMap((field) =>
    field.number === 3 && field.kind === "bytes" ? [field.value] : [],
  );
  return Object.fromEntries(entries.map((entry) => [at(entry, 1).toString(), at(entry, 2).toString()]));
}

test("externalAuth over gRPC: a permission changes headers, query and the answer", async () => {
  await using backend = await RawUpstream.start(() => ok("served"));
  const permission = new ProtobufWriter()
    .message(2, option("x-user", "ann"))
    .message(2, option("host", "evil"))
    .string(5, "cookie")
    .message(6, option("x-checked", "yes"))
    .message(7, pair("tenant", "a b"))
    .string(8, "token");
  await using server = await AuthServer.start(() => new ProtobufWriter().message(3, permission).finish());
  await using gateway = await start(backend, server);
  const response = await exchange(gateway.port, get("/p?token=s&keep=1", "X-User: root\r\nCookie: c=1\r\n"));
  assert.equal(response.body, "served");
  assert.equal(response.headers.get("x-checked"), "yes");
  const { head } = backend.requests[0]!;
  assert.match(head, /^GET \/p\?keep=1&tenant=a%20b HTTP\/1\.1\r\nhost: app\.example\.test\r\n/);
  assert.match(head, /x-user: ann\r\n/);
  assert.doesNotMatch(head, /root|cookie|evil/i);
});

test("externalAuth over gRPC: the server is told everything that the schema has a place for", async () => {
  await using backend = await RawUpstream.start(() => ok(""));
  await using server = await AuthServer.start(() => Buffer.alloc(0));
  await using gateway = await start(backend, server, { forwardBodyBytes: 100 });
  await exchange(
    gateway.port,
    "POST /a?b=c HTTP/1.1\r\nHost: App.Test\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 4\r\n\r\nbody",
  );
  const { headers, message } = server.calls[0]!;
  assert.equal(headers[":path"], "/envoy.service.auth.v3.Authorization/Check");
  assert.equal(headers["content-type"], "application/grpc");
  assert.equal(headers["te"], "trailers");
  const http = (number: number) => at(message, 1, 4, 2, number).toString();
  assert.deepEqual(
    [http(2), http(4), http(5), http(6), http(10), http(11)],
    ["POST", "/a?b=c", "App.Test", "http", "HTTP/1.1", "body"],
  );
  assert.equal(at(message, 1, 1, 1, 1, 2).toString(), "127.0.0.1");
  const sent = headersIn(message);
  assert.equal(sent["x-a"], "1, 2");
  assert.equal(sent["x-forwarded-proto"], "http");
});

test("externalAuth over gRPC: only named headers are sent when some are named", async () => {
  await using backend = await RawUpstream.start(() => ok(""));
  await using server = await AuthServer.start(() => Buffer.alloc(0));
  await using gateway = await start(backend, server, { allowedHeaders: ["x-a"] });
  await exchange(gateway.port, get("/", "X-A: 1\r\nX-B: 2\r\nAuthorization: t\r\n"));
  assert.deepEqual(headersIn(server.calls[0]!.message), { "x-a": "1" });
});

test("externalAuth over gRPC: a refusal answers with its own status, headers and body, else with 403", async () => {
  await using backend = await RawUpstream.start(() => ok("never"));
  const page = new ProtobufWriter()
    .message(1, status(401))
    .message(2, option("www-authenticate", "Basic"))
    .string(3, "no");
  await using server = await AuthServer.start(() =>
    new ProtobufWriter().message(1, status(16)).message(2, page).finish(),
  );
  await using gateway = await start(backend, server);
  const response = await exchange(gateway.port, get("/"));
  assert.equal(response.status, 401);
  assert.equal(response.headers.get("www-authenticate"), "Basic");
  assert.equal(response.body, "no");
  assert.equal(gateway.records[0]!.responseFlag, "UAEX");

  await using bare = await AuthServer.start(() => new ProtobufWriter().message(1, status(7)).finish());
  await using second = await start(backend, bare);
  assert.equal((await exchange(second.port, get("/"))).status, 403);
  assert.equal(backend.requests.length, 0);
});

test("externalAuth over gRPC: a failed call and an answer that is no CheckResponse refuse the request", async () => {
  await using backend = await RawUpstream.start(() => ok("never"));
  await using failing = await AuthServer.start(() => Buffer.alloc(0), "14");
  await using garbage = await AuthServer.start(() => Buffer.from([0x0a, 0xff]));
  // A permission, but for its size.
  const bulky = new ProtobufWriter().message(3, new ProtobufWriter().message(2, option("x-a", "a".repeat(70_000))));
  await using large = await AuthServer.start(() => bulky.finish());
  for (const server of [failing, garbage, large]) {
    await using gateway = await start(backend, server);
    assert.equal((await exchange(gateway.port, get("/"))).status, 403);
    assert.equal(gateway.records[0]!.responseFlag, "UAE");
  }
  assert.equal(backend.requests.length, 0);
});

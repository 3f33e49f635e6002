import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { HttpRule } from "../../src/ir/routing-model.ts";
import { renderAccessLine } from "../../src/telemetry/access-line.ts";
import { renderExposition } from "../../src/telemetry/exposition.ts";
import { parseGrpcTimeout } from "../../src/wire/grpc-timeout.ts";
import { eventually } from "./eventually.ts";
import { frame, GrpcClient, outcome } from "./grpc-call.ts";
import { endBoth, endHeaders, RawHttp2Server } from "./http2-raw-server.ts";
import { Http2Server, type OnRequest } from "./http2-upstream-server.ts";
import { buildUpdate, type TestBackend, type TestRule } from "./model-builder.ts";
import { type PlaneFixture, startPlane } from "./plane-fixture.ts";
import { exchange, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

type Rule = Partial<TestRule> & { readonly routeKind?: HttpRule["routeKind"] };

/** One rule for every call. */
function startGrpc(backends: readonly TestBackend[], rule: Rule = {}, options = {}): Promise<PlaneFixture> {
  const { routeKind = "GRPCRoute", ...rest } = rule;
  const update = buildUpdate([{ name: "http", port: 80, rules: [{ name: "app", backends, ...rest }] }]);
  for (const gateway of update.routing.gateways) {
    for (const one of Object.values(gateway.httpRules)) Object.assign(one, { routeKind });
  }
  return startPlane(update, options);
}

const to = (port: number, name = "app"): TestBackend => ({ name, ports: [port], cluster: { protocol: "http2" } });

/** Answers each message with itself as it comes, then with this status. */
function answering(status: string): OnRequest {
  return ({ stream }) => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status, "grpc-message": "as asked" }));
    stream.pipe(stream);
  };
}

test("gRPC: a call reaches its server over HTTP/2 and its status comes back in trailers", async () => {
  await using upstream = await Http2Server.start(answering("0"));
  await using gateway = await startGrpc([to(upstream.port)]);
  await using client = await GrpcClient.connect(gateway.port);
  const { status, body, headers } = await client.call("/shop.Cart/Add", { "x-user-bin": "AAEC" });
  assert.equal(status, 0);
  assert.deepEqual(body, frame("hello"));
  assert.equal(headers["content-type"], "application/grpc");
  const seen = upstream.requests[0]!.headers;
  assert.equal(seen[":path"], "/shop.Cart/Add");
  assert.equal(seen[":authority"], "grpc.example.test");
  assert.equal(seen["te"], "trailers");
  assert.equal(seen["x-user-bin"], "AAEC");
  assert.equal(seen["transfer-encoding"], undefined);
});

test("gRPC: messages pass both ways as they come, and each side can end first", async () => {
  await using upstream = await Http2Server.start(answering("0"));
  await using gateway = await startGrpc([to(upstream.port)]);
  await using client = await GrpcClient.connect(gateway.port);
  const stream = client.begin("/chat.Room/Join");
  const ended = outcome(stream);
  for (const word of ["one", "two", "three"]) {
    stream.write(frame(word));
    const [part] = await once(stream, "data");
    assert.deepEqual(part, frame(word));
  }
  stream.end();
  assert.equal((await ended).status, 0);
});

test("gRPC: a Trailers-Only answer stays one", async () => {
  await using upstream = await Http2Server.start(({ stream }) => {
    const fields = { "content-type": "application/grpc", "grpc-status": "5", "grpc-message": "no such cart" };
    stream.respond({ ":status": 200, ...fields }, { endStream: true });
  });
  await using gateway = await startGrpc([to(upstream.port)]);
  await using client = await GrpcClient.connect(gateway.port);
  const { status, message, trailers } = await client.call("/shop.Cart/Get");
  assert.equal(status, 5);
  assert.equal(message, "no such cart");
  assert.deepEqual(Object.keys(trailers), []);
});

test("gRPC: what the gateway answers by itself is a status, not a page", async () => {
  const cases: readonly (readonly [title: string, gateway: () => Promise<PlaneFixture>, status: number])[] = [
    ["no route", () => startGrpc([], { match: { path: { kind: "exact", value: "/other" } } }), 12],
    ["no backend", () => startGrpc([]), 14],
    ["a reference that does not resolve", () => startGrpc([{ name: "gone" }]), 14],
    ["no endpoint", () => startGrpc([{ name: "app", ports: [], cluster: { protocol: "http2" } }]), 14],
    ["nobody there", () => startGrpc([to(1)]), 14],
    [
      "a filter that cannot be honoured",
      () => startGrpc([to(1)], { filters: [{ kind: "directResponse", status: 500, reason: "no such filter" }] }),
      13,
    ],
  ];
  for (const [title, start, expected] of cases) {
    await using gateway = await start();
    await using client = await GrpcClient.connect(gateway.port);
    const { status, headers, body, message } = await client.call("/shop.Cart/Get");
    assert.equal(headers[":status"], 200, title);
    assert.equal(headers["content-type"], "application/grpc", title);
    assert.equal(status, expected, title);
    assert.equal(body.length, 0, title);
    assert.notEqual(message, "", title);
    assert.equal(gateway.records[0]!.grpcStatus, expected, title);
  }
});

test("gRPC: a call that is refused before it is routed gets a status too", async () => {
  await using gateway = await startGrpc([to(1)], {}, { settings: { headBytes: 2_048 } });
  await using client = await GrpcClient.connect(gateway.port);
  const { status, headers } = await client.call("/shop.Cart/Get", { "x-long": "x".repeat(4_000) });
  assert.equal(headers[":status"], 200);
  assert.equal(status, 8);
});

test("gRPC: a server that breaks off in the middle ends the call with UNAVAILABLE in trailers", async () => {
  await using upstream = await RawHttp2Server.start((peer, { type, streamId }) => {
    if (type !== 1) return;
    peer.headers(
      streamId,
      [
        [":status", "200"],
        ["content-type", "application/grpc"],
      ],
      endHeaders,
    );
    peer.send(0, 0, streamId, frame("part"));
    peer.socket.end();
  });
  await using gateway = await startGrpc([to(upstream.port)]);
  await using client = await GrpcClient.connect(gateway.port);
  const { status, body, reset, trailers } = await client.call("/shop.Cart/Watch");
  assert.equal(status, 14);
  assert.equal(trailers["grpc-status"], "14");
  assert.deepEqual(body, frame("part"));
  assert.equal(reset, 0);
  assert.equal(gateway.records[0]!.responseFlag, "UC");
});

test("gRPC: the client's deadline ends the call with DEADLINE_EXCEEDED and cancels it at the server", async () => {
  let code: number | undefined;
  let passedOn: string | undefined;
  await using upstream = await Http2Server.start(({ stream, headers }) => {
    passedOn = headers["grpc-timeout"] as string;
    stream.on("close", () => {
      code = stream.rstCode;
    });
  });
  await using gateway = await startGrpc([to(upstream.port)]);
  await using client = await GrpcClient.connect(gateway.port);
  const { status } = await client.call("/shop.Cart/Get", { "grpc-timeout": "40m" });
  assert.equal(status, 4);
  await eventually(() => code !== undefined);
  assert.equal(code, 8);
  const remaining = parseGrpcTimeout(passedOn ?? "") ?? 0;
  assert.ok(remaining > 0 && remaining <= 40, `${passedOn}`);
  assert.equal(gateway.records[0]!.responseFlag, "RT");
});

test("gRPC: a deadline also ends a call whose answer has begun", async () => {
  await using upstream = await Http2Server.start(({ stream }) => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" });
    stream.write(frame("first"));
  });
  await using gateway = await startGrpc([to(upstream.port)]);
  await using client = await GrpcClient.connect(gateway.port);
  const { status, body } = await client.call("/shop.Cart/Watch", { "grpc-timeout": "40m" });
  assert.equal(status, 4);
  assert.deepEqual(body, frame("first"));
});

test("gRPC: the shorter of the route's timeout and the client's deadline counts, for the server too", async () => {
  const seen: number[] = [];
  const serve = answering("0");
  await using upstream = await Http2Server.start((request) => {
    seen.push(parseGrpcTimeout(String(request.headers["grpc-timeout"])) ?? -1);
    serve(request);
  });
  await using gateway = await startGrpc([to(upstream.port)], { timeouts: { requestMs: 5_000 } });
  await using client = await GrpcClient.connect(gateway.port);
  await client.call("/a.B/C");
  await client.call("/a.B/C", { "grpc-timeout": "1H" });
  await client.call("/a.B/C", { "grpc-timeout": "2S" });
  assert.ok(seen[0]! > 3_000 && seen[0]! <= 5_000, `${seen}`);
  assert.ok(seen[1]! > 3_000 && seen[1]! <= 5_000, `${seen}`);
  assert.ok(seen[2]! > 0 && seen[2]! <= 2_000, `${seen}`);
});

test("gRPC: a deadline that cannot be read is refused", async () => {
  await using upstream = await Http2Server.start(answering("0"));
  await using gateway = await startGrpc([to(upstream.port)]);
  await using client = await GrpcClient.connect(gateway.port);
  for (const text of ["1", "S", "123456789S", "1.5S", "-1S", "1s", "1 S"]) {
    assert.equal((await client.call("/a.B/C", { "grpc-timeout": text })).status, 13, text);
  }
  assert.equal(upstream.requests.length, 0);
});

test("gRPC: a client that cancels cancels the call at the server", async () => {
  let code: number | undefined;
  await using upstream = await Http2Server.start(({ stream }) => {
    stream.on("close", () => {
      code = stream.rstCode;
    });
  });
  await using gateway = await startGrpc([to(upstream.port)]);
  await using client = await GrpcClient.connect(gateway.port);
  const stream = client.begin("/a.B/C");
  stream.write(frame("begin"));
  await eventually(() => upstream.requests.length === 1);
  stream.close(8);
  await eventually(() => code !== undefined && gateway.records.length === 1);
  assert.equal(code, 8);
  assert.equal(gateway.records[0]!.grpcStatus, 1);
});

test("gRPC: a call over HTTP/1.1 is refused by a GRPCRoute with 505; gRPC-Web is plain HTTP and passes", async () => {
  await using upstream = await Http2Server.start(({ stream, headers }) => {
    stream.respond({ ":status": 200, "content-type": String(headers["content-type"]) });
    stream.end("web");
  });
  await using gateway = await startGrpc([to(upstream.port)]);
  const call = (type: string) =>
    exchange(
      gateway.port,
      `POST /a.B/C HTTP/1.1\r\nHost: a.test\r\nContent-Type: ${type}\r\nContent-Length: 5\r\n\r\n\0\0\0\0\0`,
    );
  const refused = await call("application/grpc+proto");
  assert.equal(refused.status, 505);
  assert.match(refused.body, /gRPC requires HTTP\/2/);
  assert.equal(refused.headers.get("grpc-status"), undefined);
  assert.equal(gateway.records[0]!.grpcStatus, -1);
  assert.equal((await call("application/grpc-web+proto")).body, "web");
});

test("gRPC: weights, mirrors and header filters work for calls", async () => {
  await using first = await Http2Server.start(answering("0"));
  await using second = await Http2Server.start(answering("0"));
  await using mirror = await Http2Server.start(answering("0"));
  await using gateway = await startGrpc(
    [
      { ...to(first.port, "first"), weight: 3 },
      { ...to(second.port, "second"), weight: 1 },
    ],
    {
      filters: [
        { kind: "requestMirror", cluster: "demo/mirror:80", fraction: { numerator: 1, denominator: 1 } },
        { kind: "headerModifier", on: "request", set: [{ name: "x-added", value: "yes" }], add: [], remove: [] },
      ],
      others: [to(mirror.port, "mirror")],
    },
  );
  await using client = await GrpcClient.connect(gateway.port);
  for (let i = 0; i < 8; i++) assert.equal((await client.call("/a.B/C")).status, 0);
  assert.equal(first.requests.length, 6);
  assert.equal(second.requests.length, 2);
  assert.equal(first.requests[0]!.headers["x-added"], "yes");
  await eventually(() => mirror.requests.length === 8);
  assert.equal(mirror.requests[0]!.headers["te"], "trailers");
});

test("gRPC: calls are counted by service, method and status; names that nobody serves are not kept", async () => {
  await using upstream = await Http2Server.start((request) => {
    const path = String(request.headers[":path"]);
    answering(path.startsWith("/shop") ? "7" : "12")(request);
  });
  await using gateway = await startGrpc([to(upstream.port)]);
  await using client = await GrpcClient.connect(gateway.port);
  await client.call("/shop.Cart/Add");
  await client.call("/shop.Cart/Add");
  await client.call("/made.Up/One");
  await client.call("/made.Up/Two");
  const text = [...renderExposition(gateway.telemetry.registry, "prometheus")].join("");
  const lines = text.split("\n").filter((line) => line.startsWith("gateway_grpc_requests_total{"));
  assert.equal(lines.length, 2, lines.join("\n"));
  assert.ok(
    lines.some((line) => /grpc_service="shop.Cart",grpc_method="Add",grpc_status="7"} 2$/.test(line)),
    text,
  );
  assert.ok(
    lines.some((line) => /grpc_service="",grpc_method="",grpc_status="12"} 2$/.test(line)),
    text,
  );
  assert.deepEqual(
    gateway.records.map(({ grpcStatus }) => grpcStatus),
    [7, 7, 12, 12],
  );
  assert.match(renderAccessLine(gateway.records[0]!), /"environment":"","grpc_status":7}\n$/);
});

test("gRPC: an HTTPRoute passes calls on too, and its own errors are statuses", async () => {
  await using upstream = await Http2Server.start(answering("0"));
  await using gateway = await startGrpc([to(upstream.port)], { routeKind: "HTTPRoute" });
  await using client = await GrpcClient.connect(gateway.port);
  assert.equal((await client.call("/a.B/C")).status, 0);
  await using lost = await startGrpc([{ name: "app", ports: [] }], { routeKind: "HTTPRoute" });
  await using other = await GrpcClient.connect(lost.port);
  assert.equal((await other.call("/a.B/C")).status, 14);
});

test("HTTP/2 to HTTP/1.1: a call's body and trailers arrive in chunks, the answer's trailers come back", async () => {
  await using upstream = await RawUpstream.start(({ body }) => {
    const head = "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n";
    return `${head}${body.length.toString(16)}\r\n${body}\r\n0\r\ngrpc-status: 0\r\n\r\n`;
  });
  await using gateway = await startGrpc([{ name: "app", ports: [upstream.port] }], { routeKind: "HTTPRoute" });
  await using client = await GrpcClient.connect(gateway.port);
  const { status, body } = await client.call("/a.B/C");
  assert.equal(status, 0);
  assert.deepEqual(body, frame("hello"));
  assert.match(upstream.requests[0]!.head, /transfer-encoding: chunked/);
});

test("HTTP/1.1 to HTTP/1.1 is as it was beside a gRPC route", async () => {
  await using upstream = await RawUpstream.start(() => ok("plain"));
  await using gateway = await startGrpc([{ name: "app", ports: [upstream.port] }], { routeKind: "HTTPRoute" });
  await using client = await RawClient.connect(gateway.port);
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Type: application/grpc\r\nContent-Length: 1\r\n\r\nx");
  assert.equal((await client.response()).body, "plain");
});

test("gRPC: a refused stream is sent to the server again", async () => {
  let streams = 0;
  await using upstream = await RawHttp2Server.start((peer, { type, flags, streamId }) => {
    if (type !== 0 || (flags & 1) === 0) return;
    if (++streams === 1) peer.send(3, 0, streamId, Buffer.from([0, 0, 0, 7]));
    else
      peer.headers(
        streamId,
        [
          [":status", "200"],
          ["content-type", "application/grpc"],
          ["grpc-status", "0"],
        ],
        endBoth,
      );
  });
  await using gateway = await startGrpc([to(upstream.port)]);
  await using client = await GrpcClient.connect(gateway.port);
  assert.equal((await client.call("/a.B/C")).status, 0);
  assert.equal(streams, 2);
});

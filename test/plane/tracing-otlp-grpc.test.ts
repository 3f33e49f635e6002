import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { readProtobuf } from "../../src/wire/protobuf.ts";
import { buildUpdate } from "./model-builder.ts";
import { startPlane } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

/** Every value at a path of field numbers. */
function every(message: Buffer, ...path: readonly number[]): readonly Buffer[] {
  return path.reduce<readonly Buffer[]>(
    (found, number) =>
      found.flatMap((bytes) =>
        (readProtobuf(bytes, 1_000) ?? assert.fail("no message")).flatMap((field) =>
          field.number === number && field.kind === "bytes" ? [field.value] : [],
        ),
      ),
    [message],
  );
}

test("tracing: a collector of HTTP/2 gets the spans by gRPC, and its status decides what counts as exported", async () => {
  const calls: { readonly path: unknown; readonly message: Buffer }[] = [];
  const statuses = ["0", "3"];
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    const parts: Buffer[] = [];
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("end", () => {
      calls.push({ path: headers[":path"], message: Buffer.concat(parts).subarray(5) });
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": statuses[calls.length - 1] ?? "0" }));
      stream.end(Buffer.alloc(5));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await using backend = await RawUpstream.start(() => ok("hi"));
  const update = buildUpdate([
    {
      name: "http",
      port: 80,
      rules: [
        {
          name: "app",
          backends: [{ name: "app", ports: [backend.port] }],
          others: [{ name: "otel", ports: [port], cluster: { protocol: "http2" } }],
        },
      ],
    },
  ]);
  const [gatewayModel] = update.routing.gateways;
  const always = { numerator: 1, denominator: 1 };
  const tracing = {
    from: { kind: "XTelemetryPolicy", namespace: "demo", name: "t", pointer: "/spec/tracing" },
    cluster: "demo/otel:80",
    headers: [],
    sampling: always,
    parentSampling: always,
    serviceName: "edge",
    spanName: "",
    attributes: [],
  };
  const traced = { ...update, routing: { ...update.routing, gateways: [{ ...gatewayModel!, tracing }] } };
  const count = async (status: "exported" | "rejected"): Promise<number> => {
    await using gateway = await startPlane(traced);
    const { registry } = gateway.telemetry;
    await exchange(gateway.port, get("/x"));
    await gateway.plane.drain(1_000);
    return status === "exported"
      ? registry.counter("gateway_trace_spans_exported_total", "web", "demo").value
      : registry.counter("gateway_trace_spans_dropped_total", "web", "demo", "rejected").value;
  };
  try {
    assert.equal(await count("exported"), 2);
    assert.equal(await count("rejected"), 2);
  } finally {
    for (const session of sessions) session.destroy();
    server.close();
    await once(server, "close");
  }
  const { path, message } = calls[0]!;
  assert.equal(path, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
  const names = every(message, 1, 2, 2, 5).map(String);
  assert.deepEqual(names, ["GET /", "GET"]);
  assert.deepEqual(every(message, 1, 1, 1, 2, 1).map(String), ["edge"]);
  const [spanId] = every(message, 1, 2, 2, 2).map((id) => id.toString("hex"));
  const [parentId] = every(message, 1, 2, 2, 4).map((id) => id.toString("hex"));
  assert.equal(parentId, spanId);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { OwnAnswer, OwnRequestCaller } from "../../../filter/contract/own-request.ts";
import type { HttpProbe } from "../../../ir/traffic/health-check.ts";
import { ProtobufWriter } from "../../../wire/protobuf.ts";
import { AskedProbe } from "./asked-probe.ts";
import { grpcQuestion } from "./grpc-question.ts";
import type { ProbeResult } from "./health-record.ts";
import { httpQuestion } from "./http-question.ts";

const http: HttpProbe = {
  kind: "http",
  hostname: "",
  path: "/healthz?full=1",
  method: "GET",
  expectedStatuses: [200, 204],
  retriableStatuses: [503],
  content: "",
  expectedContent: "",
};
const answer = (changes: Partial<OwnAnswer>): OwnAnswer => ({
  status: 200,
  headers: [],
  content: Buffer.alloc(0),
  trailers: [],
  grpcStatus: -1,
  ...changes,
});

test("httpQuestion: asks as the policy says, and tells expected, retriable and other statuses apart", () => {
  const { message, judge } = httpQuestion(http, "10.0.0.1:8080");
  assert.equal(
    message.head.latin1Slice(),
    "GET /healthz?full=1 HTTP/1.1\r\nhost: 10.0.0.1:8080\r\nuser-agent: sluice-health-check\r\n\r\n",
  );
  assert.equal(judge(answer({ status: 204 })).kind, "success");
  assert.deepEqual(judge(answer({ status: 503 })), { kind: "failure", reason: "the status is 503" });
  assert.deepEqual(judge(answer({ status: 500 })), { kind: "verdict", reason: "the status is 500" });
});

test("httpQuestion: the content of the answer must contain what is expected", () => {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const probe = {
    ...http,
    method: "POST",
    hostname: "app.test",
    content: base64("ping"),
    expectedContent: base64("ok"),
  };
  const { message, judge } = httpQuestion(probe, "10.0.0.1:8080");
  assert.match(message.head.latin1Slice(), /\r\nhost: app\.test\r\n.*content-length: 4\r\n\r\n$/s);
  assert.equal(message.content.toString(), "ping");
  assert.equal(judge(answer({ content: Buffer.from("all ok") })).kind, "success");
  assert.equal(judge(answer({ content: Buffer.from("no") })).kind, "verdict");
});

test("grpcQuestion: asks for the service, and only SERVING is healthy", () => {
  const { message, judge } = grpcQuestion({ kind: "grpc", service: "shop.Cart" }, "10.0.0.1:50051");
  assert.match(message.head.latin1Slice(), /^POST \/grpc\.health\.v1\.Health\/Check HTTP\/1\.1\r\n/);
  assert.deepEqual(message.content, Buffer.from("\0\0\0\0\x0b\x0a\x09shop.Cart"));
  const reply = (status: number) => {
    const body = new ProtobufWriter().varint(1, status).finish();
    return answer({ grpcStatus: 0, content: Buffer.concat([Buffer.from([0, 0, 0, 0, body.length]), body]) });
  };
  assert.equal(judge(reply(1)).kind, "success");
  assert.deepEqual(judge(reply(2)), { kind: "verdict", reason: "the service is NOT_SERVING" });
  assert.deepEqual(judge(answer({ grpcStatus: 5 })), { kind: "verdict", reason: "grpc-status is 5" });
  assert.deepEqual(judge(answer({ grpcStatus: 0 })), { kind: "verdict", reason: "the service is UNKNOWN" });
});

test("AskedProbe: reports once, not before it has returned, and nothing once it is cancelled", async () => {
  const callers: OwnRequestCaller[] = [];
  let cancelled = 0;
  const probe = new AskedProbe(httpQuestion(http, "a"), {
    send: (_message, caller) => {
      callers.push(caller);
      caller.onFailure("unreachable");
      return { cancel: () => cancelled++ };
    },
    close: () => {},
  });
  const results: ProbeResult[] = [];
  probe.start((result) => results.push(result));
  assert.equal(results.length, 0);
  await Promise.resolve();
  assert.deepEqual(results, [{ kind: "failure", reason: "no connection could be made" }]);
  probe.start((result) => results.push(result)).cancel();
  await Promise.resolve();
  assert.deepEqual([results.length, callers.length, cancelled], [1, 1, 0]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { clientFields } from "./client-fields.ts";
import type { RequestCopy } from "./message.ts";

const copy: RequestCopy = {
  method: "GET",
  lines: Buffer.from("GET /x HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\nX-Code: 1\r\nx-real-ip: 192.0.2.1\r\n"),
  announcesContent: false,
  acceptsTrailers: false,
  logsIn: false,
};

test("what the client sent is left, in its order", () => {
  assert.equal(clientFields(copy, "x-real-ip: 192.0.2.1\r\n"), "Accept: */*\r\nX-Code: 1\r\n");
  assert.equal(clientFields(copy, "", ["x-code", "x-real-ip"]), "Accept: */*\r\n");
});

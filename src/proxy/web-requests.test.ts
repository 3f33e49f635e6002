import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { makeCertificate } from "../../test/test-certificate.ts";
import type { WebRequest } from "../filter/contract/web-request.ts";
import { AddressGuard } from "./upstream/address-guard.ts";
import { webRequests } from "./web-requests.ts";

const permitted = webRequests(new AddressGuard(["loopback"]));

async function serve(answer: RequestListener, tls?: { readonly cert: string; readonly key: string }) {
  const server = tls === undefined ? createServer(answer) : createSecureServer(tls, answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { port, [Symbol.asyncDispose]: close };
}

function get(url: string, more: Partial<WebRequest> = {}): WebRequest {
  return { method: "GET", url: new URL(url), headers: {}, body: "", timeoutMs: 5_000, maxAnswerBytes: 1_000, ...more };
}

test("a request is sent as it is asked for, and its answer is told with every line of its head", async () => {
  await using server = await serve(async (request, response) => {
    let body = "";
    for await (const part of request) body += String(part);
    const told = [request.method, request.url, request.headers["x-a"], request.headers["content-length"], body];
    response.writeHead(418, { "x-b": ["1", "2"] }).end(told.join(" "));
  });
  const url = `http://127.0.0.1:${server.port}/a?b`;
  const { status, headers, content } = await permitted.ask(
    get(url, { method: "POST", headers: { "x-a": "1" }, body: "é=1" }),
  );
  assert.equal(status, 418);
  assert.deepEqual(
    headers.filter(([name]) => name === "x-b"),
    [
      ["x-b", "1"],
      ["x-b", "2"],
    ],
  );
  assert.equal(content.toString(), "POST /a?b 1 4 é=1");
});

test("redirects are answers, and are not followed", async () => {
  await using server = await serve((_, response) => response.writeHead(302, { location: "/elsewhere" }).end());
  assert.equal((await permitted.ask(get(`http://127.0.0.1:${server.port}/`))).status, 302);
});

test("an answer that is too large, or not there in time, is none", async () => {
  await using large = await serve((_, response) => response.end("x".repeat(1_001)));
  await assert.rejects(permitted.ask(get(`http://127.0.0.1:${large.port}/`)), RangeError);
  await using endless = await serve((_, response) => {
    const more = setInterval(() => response.write("x"), 5);
    response.on("close", () => clearInterval(more));
  });
  const began = performance.now();
  await assert.rejects(permitted.ask(get(`http://127.0.0.1:${endless.port}/`, { timeoutMs: 50 })));
  await using silent = await serve(() => {});
  await assert.rejects(permitted.ask(get(`http://127.0.0.1:${silent.port}/`, { timeoutMs: 50 })));
  assert.ok(performance.now() - began < 3_000);
});

test("addresses that endpoints may not have are not dialled, whatever they are written as", async () => {
  let asked = 0;
  await using server = await serve((_, response) => {
    asked++;
    response.end();
  });
  const strict = webRequests(new AddressGuard());
  for (const host of ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"])
    await assert.rejects(strict.ask(get(`http://${host}:${server.port}/`, { timeoutMs: 2_000 })), host);
  await assert.rejects(strict.ask(get("http://169.254.169.254/", { timeoutMs: 2_000 })), /link-local/);
  assert.equal(asked, 0);
});

test("a server whose certificate no authority of the system has signed is not asked", async () => {
  let asked = 0;
  const { certPem, keyPem } = makeCertificate({ names: ["localhost"] });
  await using server = await serve(
    (_, response) => {
      asked++;
      response.end();
    },
    { cert: certPem, key: keyPem },
  );
  await assert.rejects(permitted.ask(get(`https://localhost:${server.port}/`)), /certificate/);
  assert.equal(asked, 0);
});

/**
 * Requests that could mean something else once they are HTTP/1.1. Each is a stream error, and not one byte of it reaches
 * the backend; the connection goes on.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { errorCode, frameType } from "../../src/wire/http2/frame.ts";
import { type FieldList, Http2RawClient, request } from "./http2-raw-client.ts";
import { startProxy } from "./plane-fixture.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const smuggled = "GET /admin HTTP/1.1\r\nhost: app.example.test\r\n\r\n";

/** Pseudo-headers with some replaced; `undefined` leaves one out. */
function pseudo(changes: Readonly<Record<string, string | undefined>>, fields: FieldList = []): FieldList {
  const all = { ":method": "POST", ":scheme": "http", ":path": "/", ":authority": "app.example.test", ...changes };
  const kept = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return [...kept, ...fields];
}

const post = (fields: FieldList): FieldList => request("/", fields, "POST");

const malformed: Readonly<Record<string, FieldList>> = {
  "an upper-case name": post([["X-Upper", "v"]]),
  "transfer-encoding": post([["transfer-encoding", "chunked"]]),
  connection: post([["connection", "close"]]),
  "keep-alive": post([["keep-alive", "timeout=5"]]),
  "proxy-connection": post([["proxy-connection", "keep-alive"]]),
  upgrade: post([["upgrade", "websocket"]]),
  "te other than trailers": post([["te", "gzip"]]),
  "two content-lengths": post([
    ["content-length", "3"],
    ["content-length", "3"],
  ]),
  "two content-lengths in one": post([["content-length", "3, 3"]]),
  "a content-length with a sign": post([["content-length", "+3"]]),
  "a content-length with a leading zero": post([["content-length", "03"]]),
  "CR LF in a value": post([["x", `v\r\n\r\n${smuggled}`]]),
  "CR LF in a name": post([["x: y\r\nz", "v"]]),
  "LF in a value": post([["x", "v\nz: 1"]]),
  "NUL in a value": post([["x", "v\0"]]),
  "CR in a value": post([["x", "v\rz"]]),
  "a space before a value": post([["x", " v"]]),
  "a colon in a name": post([["x: y", "v"]]),
  "a space in a name": post([["x y", "v"]]),
  "an empty name": post([["", "v"]]),
  "CR LF in :path": pseudo({ ":path": `/ HTTP/1.1\r\nhost: evil\r\n\r\n${smuggled}` }),
  "a space in :path": pseudo({ ":path": "/ HTTP/1.1" }),
  "an absolute :path": pseudo({ ":path": "http://evil/" }),
  "an empty :path": pseudo({ ":path": "" }),
  "* for another method than OPTIONS": pseudo({ ":path": "*" }),
  "CR LF in :method": pseudo({ ":method": `GET / HTTP/1.1\r\nhost: evil\r\n\r\n${smuggled}` }),
  "a space in :method": pseudo({ ":method": "GET /admin" }),
  "CR LF in :authority": pseudo({ ":authority": `app.example.test\r\n\r\n${smuggled}` }),
  "an unknown :scheme": pseudo({ ":scheme": "http://evil/?" }),
  "no :method": pseudo({ ":method": undefined }),
  "no :path": pseudo({ ":path": undefined }),
  "no :scheme": pseudo({ ":scheme": undefined }),
  "two :path": [...pseudo({}), [":path", "/admin"]],
  "an unknown pseudo-header": [...pseudo({}), [":status", "200"]],
  "a pseudo-header behind a field": pseudo({ ":path": undefined }, [
    ["x", "v"],
    [":path", "/"],
  ]),
  "host that differs from :authority": post([["host", "evil.example.test"]]),
  "two hosts": pseudo({ ":authority": undefined }, [
    ["host", "app.example.test"],
    ["host", "app.example.test"],
  ]),
  ":protocol without CONNECT": [...pseudo({}), [":protocol", "websocket"]],
};

/** Well-formed in HTTP/2, and refused all the same with a status: the engine reads it as strictly as HTTP/1.1. */
const refused: Readonly<Record<string, FieldList>> = {
  "an authority with user information": pseudo({ ":authority": "user@app.example.test" }),
  "an authority with a path": pseudo({ ":authority": "app.example.test/x" }),
  "no authority at all": pseudo({ ":authority": undefined }),
  "a path above the root": pseudo({ ":path": "/../admin" }),
  "an escaped NUL in the path": pseudo({ ":path": "/%00" }),
  content_length: post([["content_length", "3"]]),
  transfer_encoding: post([["transfer_encoding", "chunked"]]),
  "an expectation that cannot be met": post([["expect", "the impossible"]]),
};

for (const [name, fields] of Object.entries(malformed)) {
  test(`HTTP/2 request with ${name} is a stream error`, async () => {
    await using upstream = await RawUpstream.start(() => ok("alive"));
    await using gateway = await startProxy([upstream.port]);
    await using client = await Http2RawClient.connect(gateway.port);
    client.send(client.headers(1, fields));
    assert.equal(await client.reset(1), errorCode.protocolError);
    client.send(client.headers(3, request("/after")));
    assert.equal((await client.frame(frameType.data, 3)).payload.toString(), "alive");
    assert.deepEqual(
      upstream.requests.map(({ head }) => head.split("\r\n")[0]),
      ["GET /after HTTP/1.1"],
    );
  });
}

for (const [name, fields] of Object.entries(refused)) {
  test(`HTTP/2 request with ${name} is refused with a status`, async () => {
    await using upstream = await RawUpstream.start(() => ok("alive"));
    await using gateway = await startProxy([upstream.port]);
    await using client = await Http2RawClient.connect(gateway.port);
    client.send(client.headers(1, fields));
    assert.match((await client.frame(frameType.headers, 1)).fields[0]!, /^:status: 4/);
    assert.equal(upstream.requests.length, 0);
  });
}

const bodies: Readonly<Record<string, (client: Http2RawClient) => Buffer>> = {
  "a body longer than its length": (client) =>
    Buffer.concat([client.headers(1, post([["content-length", "3"]]), "open"), client.data(1, `abc${smuggled}`)]),
  "a body shorter than its length": (client) =>
    Buffer.concat([client.headers(1, post([["content-length", "30"]]), "open"), client.data(1, "abc")]),
  "a length and no body": (client) => client.headers(1, post([["content-length", "3"]])),
  "a body behind a length of zero": (client) =>
    Buffer.concat([client.headers(1, post([["content-length", "0"]]), "open"), client.data(1, smuggled)]),
  "a pseudo-header in trailers": (client) =>
    Buffer.concat([client.headers(1, post([]), "open"), client.headers(1, [[":path", "/admin"]])]),
  "CR LF in trailers": (client) =>
    Buffer.concat([client.headers(1, post([]), "open"), client.headers(1, [["x", `v\r\n\r\n${smuggled}`]])]),
  "a trailer that is allowed only in the head": (client) =>
    Buffer.concat([client.headers(1, post([]), "open"), client.headers(1, [["content-length", "3"]])]),
  "an authorization in trailers": (client) =>
    Buffer.concat([client.headers(1, post([]), "open"), client.headers(1, [["authorization", "x"]])]),
  "a forwarding header in trailers, spelled as CGI does": (client) =>
    Buffer.concat([client.headers(1, post([]), "open"), client.headers(1, [["x_forwarded_for", "1.2.3.4"]])]),
  "more trailers than the limit": (client) =>
    Buffer.concat([client.headers(1, post([]), "open"), client.headers(1, [["x", "v".repeat(9_000)]])]),
};

for (const [name, bytes] of Object.entries(bodies)) {
  test(`HTTP/2 request with ${name} is a stream error, and the backend never sees a whole request`, async () => {
    await using upstream = await RawUpstream.start(() => ok("alive"));
    await using gateway = await startProxy([upstream.port]);
    await using client = await Http2RawClient.connect(gateway.port);
    client.send(bytes(client));
    assert.equal(await client.reset(1), errorCode.protocolError);
    client.send(client.headers(3, request("/after")));
    assert.equal((await client.frame(frameType.data, 3)).payload.toString(), "alive");
    assert.deepEqual(
      upstream.requests.map(({ head }) => head.split("\r\n")[0]),
      ["GET /after HTTP/1.1"],
    );
  });
}

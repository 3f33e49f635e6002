/**
 * Peers that make the gateway work without getting on themselves. Each must be cut off by a megabyte, having started at
 * most 200 upstream requests; that it takes less than a second is what the megabyte stands for on a real link.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { errorCode, frameFlag, frameType } from "../../src/wire/http2/frame.ts";
import { frame, Http2RawClient, request, uint32 } from "./http2-raw-client.ts";
import { type PlaneFixture, startProxy } from "./plane-fixture.ts";
import { RawUpstream } from "./raw-upstream.ts";

const megabyte = 1_048_576;
const maxUpstreamRequests = 200;
const roundBytes = 16_384;

/** Makes the bytes of one more blow; `n` counts from 0. */
type Blow = (client: Http2RawClient, n: number) => Buffer;

const streamOf = (n: number): number => 1 + 2 * n;
const reset = (streamId: number): Buffer => frame(frameType.rstStream, streamId, { payload: uint32(errorCode.cancel) });
const pad = (name: string, bytes: number): [string, string] => [name, "a".repeat(bytes)];

const attacks: Readonly<Record<string, { readonly blow: Blow; readonly code: number; readonly before?: Blow }>> = {
  "rapid reset (CVE-2023-44487)": {
    blow: (client, n) => Buffer.concat([client.headers(streamOf(n), request(`/${n}`)), reset(streamOf(n))]),
    code: errorCode.enhanceYourCalm,
  },
  "MadeYouReset by WINDOW_UPDATE of nothing (CVE-2025-8671)": {
    blow: (client, n) =>
      Buffer.concat([
        client.headers(streamOf(n), request(`/${n}`)),
        frame(frameType.windowUpdate, streamOf(n), { payload: uint32(0) }),
      ]),
    code: errorCode.enhanceYourCalm,
  },
  "MadeYouReset by WINDOW_UPDATE over the largest window": {
    blow: (client, n) =>
      Buffer.concat([
        client.headers(streamOf(n), request(`/${n}`)),
        frame(frameType.windowUpdate, streamOf(n), { payload: uint32(0x7fff_ffff) }),
      ]),
    code: errorCode.enhanceYourCalm,
  },
  "MadeYouReset by PRIORITY of a wrong size": {
    blow: (client, n) =>
      Buffer.concat([
        client.headers(streamOf(n), request(`/${n}`)),
        frame(frameType.priority, streamOf(n), { payload: uint32(0) }),
      ]),
    code: errorCode.enhanceYourCalm,
  },
  "MadeYouReset by DATA behind END_STREAM": {
    blow: (client, n) =>
      Buffer.concat([client.headers(streamOf(n), request(`/${n}`)), client.data(streamOf(n), "late")]),
    code: errorCode.enhanceYourCalm,
  },
  "MadeYouReset by a body longer than its content-length": {
    blow: (client, n) =>
      Buffer.concat([
        client.headers(streamOf(n), request(`/${n}`, [["content-length", "1"]], "POST"), "open"),
        client.data(streamOf(n), "more", "open"),
      ]),
    code: errorCode.enhanceYourCalm,
  },
  "MadeYouReset by trailers without an end": {
    blow: (client, n) =>
      Buffer.concat([
        client.headers(streamOf(n), request(`/${n}`, [], "POST"), "open"),
        client.headers(streamOf(n), [["x", "y"]], "open"),
      ]),
    code: errorCode.enhanceYourCalm,
  },
  "malformed requests": {
    blow: (client, n) => client.headers(streamOf(n), request(`/${n}`, [["Upper", "case"]])),
    code: errorCode.enhanceYourCalm,
  },
  "streams over the limit": {
    blow: (client, n) => client.headers(streamOf(n), request(`/${n}`, [], "POST"), "open"),
    code: errorCode.enhanceYourCalm,
  },
  "CONTINUATION without end (CVE-2024-27316)": {
    before: (client) => frame(frameType.headers, 1, { payload: client.block(request("/")) }),
    blow: (client) => frame(frameType.continuation, 1, { payload: client.block([["x", "y"]]) }),
    code: errorCode.enhanceYourCalm,
  },
  "empty CONTINUATION without end": {
    before: (client) => frame(frameType.headers, 1, { payload: client.block(request("/")) }),
    blow: () => frame(frameType.continuation, 1),
    code: errorCode.enhanceYourCalm,
  },
  "a header block of huge frames": {
    before: (client) => frame(frameType.headers, 1, { payload: client.block(request("/")) }),
    blow: (client) => frame(frameType.continuation, 1, { payload: client.block([pad("x", 16_000)]) }),
    code: errorCode.enhanceYourCalm,
  },
  "PING (CVE-2019-9512)": {
    blow: () => frame(frameType.ping, 0, { payload: Buffer.alloc(8) }),
    code: errorCode.enhanceYourCalm,
  },
  "SETTINGS (CVE-2019-9515)": { blow: () => frame(frameType.settings, 0), code: errorCode.enhanceYourCalm },
  "SETTINGS with many entries": {
    blow: () => frame(frameType.settings, 0, { payload: Buffer.from("000400010000".repeat(2_000), "hex") }),
    code: errorCode.enhanceYourCalm,
  },
  "SETTINGS acknowledgements that answer nothing": {
    blow: () => frame(frameType.settings, 0, { flags: frameFlag.ack }),
    code: errorCode.enhanceYourCalm,
  },
  "PRIORITY (CVE-2019-9513)": {
    blow: (_client, n) => frame(frameType.priority, streamOf(n), { payload: Buffer.from("0000000010", "hex") }),
    code: errorCode.enhanceYourCalm,
  },
  "WINDOW_UPDATE on the connection": {
    blow: () => frame(frameType.windowUpdate, 0, { payload: uint32(1) }),
    code: errorCode.enhanceYourCalm,
  },
  "WINDOW_UPDATE on a stream": {
    before: (client) => client.headers(1, request("/", [], "POST"), "open"),
    blow: () => frame(frameType.windowUpdate, 1, { payload: uint32(1) }),
    code: errorCode.enhanceYourCalm,
  },
  "empty DATA (CVE-2019-9518)": {
    before: (client) => client.headers(1, request("/", [], "POST"), "open"),
    blow: (client) => client.data(1, "", "open"),
    code: errorCode.enhanceYourCalm,
  },
  "DATA of padding alone": {
    before: (client) => client.headers(1, request("/", [], "POST"), "open"),
    blow: () => frame(frameType.data, 1, { flags: frameFlag.padded, payload: Buffer.of(0) }),
    code: errorCode.enhanceYourCalm,
  },
  "DATA on a stream that is over": {
    before: (client) => Buffer.concat([client.headers(1, request("/", [], "POST"), "open"), reset(1)]),
    blow: (client) => client.data(1, "x", "open"),
    code: errorCode.enhanceYourCalm,
  },
  "unknown frames": { blow: () => frame(0xee, 0), code: errorCode.enhanceYourCalm },
  "HPACK bomb: one long field, named again and again (CVE-2016-6581)": {
    before: (client) => client.headers(1, request("/", [pad("x-bomb", 1_900)])),
    // Index 62 is the newest entry of the dynamic table: a byte each.
    blow: (client, n) =>
      frame(frameType.headers, streamOf(n + 1), {
        flags: frameFlag.endHeaders | frameFlag.endStream,
        payload: Buffer.concat([client.block(request("/")), Buffer.alloc(16_000, 0xbe)]),
      }),
    code: errorCode.enhanceYourCalm,
  },
  "header lists over the limit": {
    blow: (client, n) =>
      client.headers(
        streamOf(n),
        request(
          "/",
          Array.from({ length: 150 }, (_, i) => [`x-${i}`, ""] as const),
        ),
      ),
    code: errorCode.enhanceYourCalm,
  },
  "table size updates in every block": {
    blow: (client, n) =>
      frame(frameType.headers, streamOf(n), {
        flags: frameFlag.endHeaders | frameFlag.endStream,
        payload: Buffer.concat([Buffer.alloc(8_000, 0x20), client.block(request("/"))]),
      }),
    code: errorCode.compressionError,
  },
};

/** A backend that takes requests and never answers. */
function silentUpstream(): Promise<RawUpstream> {
  return RawUpstream.start(() => undefined);
}

/** Sends blow after blow, letting the gateway read between rounds, until it ends the connection. */
async function attack(client: Http2RawClient, blow: Blow): Promise<void> {
  for (let n = 0; !client.ended && client.bytesSent <= 2 * megabyte; ) {
    const round: Buffer[] = [];
    for (let bytes = 0; bytes < roundBytes; n++) {
      const next = blow(client, n);
      round.push(next);
      bytes += next.length;
    }
    client.send(...round);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  }
}

async function gatewayBefore(upstream: RawUpstream): Promise<PlaneFixture> {
  return startProxy([upstream.port]);
}

for (const [name, { before, blow, code }] of Object.entries(attacks)) {
  test(`Http2Connection: ends a flood of ${name}`, async () => {
    await using upstream = await silentUpstream();
    await using gateway = await gatewayBefore(upstream);
    await using client = await Http2RawClient.connect(gateway.port);
    await client.frame(frameType.settings, 0);
    if (before !== undefined) client.send(before(client, 0));
    await attack(client, blow);
    const ended = await client.ending();
    assert.ok(ended === code || ended === -1, `GOAWAY with code ${ended}`);
    assert.ok(client.bytesSent <= megabyte, `${client.bytesSent} bytes were taken`);
    assert.ok(upstream.requests.length <= maxUpstreamRequests, `${upstream.requests.length} requests were started`);
  });
}

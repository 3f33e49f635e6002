import type { BuildFilter } from "../contract/build.ts";
import type { ContentUse } from "../contract/content.ts";
import type { FilterExchange } from "../contract/exchange.ts";
import { onRequest, onResponse } from "../contract/hook.ts";
import type { ResponseHead } from "../contract/message.ts";
import { isCompressible } from "./compressible.ts";
import { Compressor } from "./compressor.ts";
import { acceptedEncodings, type OfferedEncoding } from "./negotiate.ts";

/** Answers of a process that are encoded at a time: each holds some hundred kilobytes. Further ones pass as they are. */
const maxCompressing = 256;

/** Accept-Encoding values that are remembered: browsers of one kind send the same. */
const maxRemembered = 128;

/** Longer ones are no browser's. Characters. */
const maxRememberedLength = 128;

/**
 * Encodes what backends answer, if the client accepts that and it is worth it. Never of what is encoded already, of event
 * streams, of parts, and where Cache-Control says no-transform. Spec: Compression of Envoy Gateway.
 */
export const buildCompression: BuildFilter<"compression"> = ({ encodings }, services) => {
  const { from, shared, telemetry } = services;
  const room = shared.semaphores("compression", { maxKeys: 1, permits: maxCompressing });
  const counter = (result: string) =>
    telemetry.counter("gateway_http_compressed_responses_total", from.kind, from.namespace, from.name, result);
  const counters = { br: counter("br"), gzip: counter("gzip"), zstd: counter("zstd"), busy: counter("busy") };
  const release = (): void => room.release("");
  const remembered = new Map<string, readonly OfferedEncoding[]>();
  const accepted = (accept: string | undefined): readonly OfferedEncoding[] => {
    if (accept === undefined) return [];
    let known = remembered.get(accept);
    if (known === undefined) {
      known = acceptedEncodings(accept, encodings);
      if (accept.length > maxRememberedLength) return known;
      if (remembered.size >= maxRemembered) remembered.clear();
      remembered.set(accept, known);
    }
    return known;
  };
  const start = (response: ResponseHead, exchange: FilterExchange): ContentUse => {
    if (!isCompressible(response)) return "pass";
    const length = Number(response.header("content-length") ?? Number.POSITIVE_INFINITY);
    const chosen = accepted(exchange.state as string | undefined).find(({ minBytes }) => length >= minBytes);
    if (chosen === undefined) return "pass";
    if (!room.acquire("")) {
      counters.busy.add(1);
      return "pass";
    }
    const { encoding } = chosen;
    counters[encoding].add(1);
    response.setHeader("content-encoding", encoding);
    response.removeHeader("accept-ranges");
    weaken(response);
    exchange.state = new Compressor(encoding, release);
    return "change";
  };
  return {
    hooks: [
      onRequest((request, exchange) => {
        exchange.state = request.header("accept-encoding");
        return undefined;
      }),
      onResponse((response) => {
        if (response.source === "backend" && isCompressible(response)) varyByEncoding(response);
        return undefined;
      }),
      {
        phase: "responseStream",
        start,
        onContent: (bytes, stream) => (stream.exchange.state as Compressor).add(bytes, stream),
        onEnd: (stream) => (stream.exchange.state as Compressor).end(stream),
        cancel: ({ exchange }) => (exchange.state as Compressor).cancel(),
      },
    ],
    claimedTrailers: [],
    carried: undefined,
  };
};

/** Another encoding of a content is no longer the same byte for byte. RFC 9110 §8.8.3. */
function weaken(response: ResponseHead): void {
  const tag = response.header("etag");
  if (tag !== undefined && !/^W\//.test(tag)) response.setHeader("etag", `W/${tag}`);
}

/** Caches must not give one client what another accepts. */
function varyByEncoding(response: ResponseHead): void {
  const vary = response.header("vary");
  if (vary === undefined) response.setHeader("vary", "Accept-Encoding");
  else if (!vary.split(",").some((name) => ["accept-encoding", "*"].includes(name.trim().toLowerCase()))) {
    response.setHeader("vary", `${vary}, Accept-Encoding`);
  }
}

import { byteSize } from "../../base/byte-size.ts";
import { parseCidr } from "../../base/cidr.ts";
import { durationMs } from "../../base/duration.ts";
import type { ListenerSettings } from "../../ir/listener-settings.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { FeatureScope } from "../policy/feature-scope.ts";

export type ClientTraffic = Resource<"ClientTrafficPolicy">["spec"];

type Changes = Partial<ListenerSettings>;
type TimeSetting = Extract<keyof ListenerSettings, `${string}Ms`>;

/** Every proxy: whoever may connect is believed. Spec: ProxyProtocolSettings. */
const anywhere: readonly string[] = ["0.0.0.0/0", "::/0"];

/** Most hops that are counted; a longer list is not believed. */
const maxTrustedHops = 32;
/** Largest head of a request that a policy can grant. Bytes. */
const maxHeadBytes = 1_048_576;
/** Bounds of an HTTP/2 window. RFC 9113 section 6.9.2. */
const minWindowBytes = 65_535;
const maxWindowBytes = 0x7fff_ffff;

/** What a policy says of a listener, over what holds without it. A value that cannot be had is a finding and changes nothing. */
export function clientSettings(spec: ClientTraffic, base: ListenerSettings, scope: FeatureScope): ListenerSettings {
  const read = new SizeReader(scope);
  return {
    ...base,
    ...clientAddress(spec, scope),
    ...requestHeaders(spec, read, scope),
    ...proxyProtocol(spec),
    ...connections(spec),
    ...timeouts(spec),
    ...keepalive(spec, base),
    http2: { ...base.http2, ...http2(spec, read) },
  };
}

/** A member of the settings that a duration gives; nothing where it is not written. */
function time(name: TimeSetting, text: string | undefined): Changes {
  const ms = text === undefined ? undefined : durationMs(text);
  return ms === undefined ? {} : { [name]: ms };
}

/** Reads sizes; what cannot be used is reported and `undefined`. */
class SizeReader {
  readonly #scope: FeatureScope;

  constructor(scope: FeatureScope) {
    this.#scope = scope;
  }

  bytes(
    size: number | string | undefined,
    field: string,
    bounds: { readonly min: number; readonly max: number },
  ): number | undefined {
    if (size === undefined) return undefined;
    const bytes = byteSize(size);
    if (bytes !== undefined && bytes >= bounds.min && bytes <= bounds.max) return bytes;
    this.#scope.report("client-setting-invalid", field, {
      message: `${field.slice(1).replaceAll("/", ".")} is ${size}, but it must be ${bounds.min} to ${bounds.max} bytes.`,
      fix: `Write a size from ${bounds.min} to ${bounds.max}.`,
    });
    return undefined;
  }
}

function clientAddress({ clientIPDetection }: ClientTraffic, scope: FeatureScope): Changes {
  if (clientIPDetection === undefined) return {};
  const { xForwardedFor, customHeader } = clientIPDetection;
  const hops = xForwardedFor?.numTrustedHops ?? 0;
  if (hops > maxTrustedHops) {
    scope.report("client-setting-invalid", "/clientIPDetection/xForwardedFor/numTrustedHops", {
      message: `numTrustedHops is ${hops}; lists of more than ${maxTrustedHops} addresses are not believed.`,
      fix: `Write a number from 0 to ${maxTrustedHops}.`,
    });
  }
  const networks = (xForwardedFor?.trustedCIDRs ?? []).flatMap((text, index) => {
    const network = parseCidr(text);
    if (network !== undefined) return [network.text];
    scope.report("client-setting-invalid", `/clientIPDetection/xForwardedFor/trustedCIDRs/${index}`, {
      message: `${JSON.stringify(text)} is not a network, so proxies in it are not believed.`,
      fix: "Write an address and a prefix length, such as 10.0.0.0/8.",
    });
    return [];
  });
  return {
    trust: { trustedHops: hops > maxTrustedHops ? 0 : hops, source: "x-forwarded-for" },
    trustedNetworks: networks,
    clientAddressHeader: customHeader?.name.toLowerCase() ?? "",
  };
}

const requestIds = {
  PreserveOrGenerate: "keep",
  Preserve: "pass",
  Generate: "replace",
  Disable: "drop",
} as const;

const certificateForwardings = { Sanitize: "off", SanitizeSet: "sanitize" } as const;

function requestHeaders({ headers }: ClientTraffic, read: SizeReader, scope: FeatureScope): Changes {
  if (headers === undefined) return {};
  const { requestID, preserveXRequestID, xForwardedClientCert, maxRequestHeaderLimit } = headers;
  const mode = xForwardedClientCert?.mode ?? "Sanitize";
  const forwarding = mode === "Sanitize" || mode === "SanitizeSet" ? certificateForwardings[mode] : undefined;
  if (forwarding === undefined) {
    scope.report("client-setting-invalid", "/headers/xForwardedClientCert/mode", {
      message: `Mode ${mode} is not served: a header that clients may have written is not passed on.`,
      fix: "Write Sanitize or SanitizeSet; forwardClientCertificate of GatewayConfig has Append for trusted proxies.",
    });
  }
  const headBytes = read.bytes(maxRequestHeaderLimit, "/headers/maxRequestHeaderLimit", { min: 1, max: maxHeadBytes });
  return {
    ...(requestID === undefined ? {} : { requestId: requestIds[requestID] }),
    ...(preserveXRequestID === undefined ? {} : { requestId: preserveXRequestID ? "keep" : "replace" }),
    ...(xForwardedClientCert === undefined ? {} : { forwardClientCertificate: forwarding ?? "off" }),
    ...(headBytes === undefined ? {} : { headBytes }),
  };
}

/** Of one that is off nothing is said: what the command line trusts stays. */
function proxyProtocol({ proxyProtocol: settings, enableProxyProtocol }: ClientTraffic): Changes {
  if (settings === undefined && enableProxyProtocol !== true) return {};
  return { proxyProtocolFrom: anywhere, proxyProtocol: settings?.optional === true ? "optional" : "required" };
}

function connections({ connection }: ClientTraffic): Changes {
  const limit = connection?.connectionLimit;
  if (limit === undefined) return {};
  return {
    ...(limit.value === undefined ? {} : { connectionsPerPort: limit.value }),
    ...(limit.maxRequestsPerConnection === undefined ? {} : { requestsPerConnection: limit.maxRequestsPerConnection }),
    ...time("connectionAgeMs", limit.maxConnectionDuration),
    ...time("exchangeMs", limit.maxStreamDuration),
  };
}

function timeouts({ timeout }: ClientTraffic): Changes {
  const { http, tcp } = timeout ?? {};
  return {
    ...time("requestBodyTimeoutMs", http?.requestReceivedTimeout),
    ...time("headerTimeoutMs", http?.requestHeadersReceivedTimeout),
    ...time("idleTimeoutMs", http?.idleTimeout),
    ...time("exchangeIdleMs", http?.streamIdleTimeout),
    ...time("requestStallMs", http?.streamIdleTimeout),
    ...time("writeStallMs", http?.streamIdleTimeout),
    ...time("streamIdleMs", tcp?.idleTimeout),
    ...time("handshakeTimeoutMs", tcp?.tlsHandshakeTimeout),
    ...time("helloTimeoutMs", tcp?.connectionInspectionTimeout),
    ...time("proxyHeaderTimeoutMs", tcp?.connectionInspectionTimeout),
  };
}

function keepalive({ tcpKeepalive }: ClientTraffic, base: ListenerSettings): Changes {
  if (tcpKeepalive === undefined) return {};
  const { probes, idleTime, interval } = tcpKeepalive;
  return {
    keepalive: {
      idleMs: wholeSeconds(idleTime) ?? base.keepalive.idleMs,
      intervalMs: wholeSeconds(interval) ?? base.keepalive.intervalMs,
      probes: probes ?? base.keepalive.probes,
    },
  };
}

/** The system counts in seconds, and knows none. */
function wholeSeconds(text: string | undefined): number | undefined {
  const ms = text === undefined ? undefined : durationMs(text);
  return ms === undefined ? undefined : Math.max(1_000, Math.round(ms / 1_000) * 1_000);
}

function http2({ http2: settings, headers }: ClientTraffic, read: SizeReader): Partial<ListenerSettings["http2"]> {
  const bounds = { min: minWindowBytes, max: maxWindowBytes };
  const stream = read.bytes(settings?.initialStreamWindowSize, "/http2/initialStreamWindowSize", bounds);
  const connection = read.bytes(settings?.initialConnectionWindowSize, "/http2/initialConnectionWindowSize", bounds);
  const listBytes = byteSize(headers?.maxRequestHeaderLimit ?? 0) ?? 0;
  return {
    ...(stream === undefined ? {} : { streamWindowBytes: stream }),
    ...(connection === undefined ? {} : { connectionWindowBytes: connection }),
    ...(settings?.maxConcurrentStreams === undefined ? {} : { maxConcurrentStreams: settings.maxConcurrentStreams }),
    // What is out of bounds has been told for the head.
    ...(listBytes > 0 && listBytes <= maxHeadBytes ? { headerListBytes: listBytes } : {}),
  };
}

import type { ProcessingAttribute } from "../../ir/filter.ts";
import { processPath } from "../../wire/ext-proc.ts";
import { HeadWriter } from "../../wire/http1/serialize.ts";
import type { FilterOfKind, FilterServices } from "../contract/build.ts";
import type { UpstreamCluster } from "../contract/endpoint.ts";
import type { RequestFacts } from "../contract/exchange.ts";
import type { OwnRequests } from "../contract/own-request.ts";

type Counter = ReturnType<FilterServices["telemetry"]["counter"]>;

/** A processing service as a filter asks it. */
export type ProcessingService = {
  readonly filter: FilterOfKind<"externalProcessing">;
  /** `undefined`: nobody is asked. */
  readonly cluster: UpstreamCluster | undefined;
  /** Of every conversation. */
  readonly head: Buffer;
  readonly requests: OwnRequests;
  readonly counters: { readonly processed: Counter; readonly answered: Counter; readonly failed: Counter };
};

export function makeProcessingService(
  filter: FilterOfKind<"externalProcessing">,
  { cluster: find, requests, telemetry, from }: FilterServices,
): ProcessingService {
  const cluster = filter.cluster === undefined ? undefined : find(filter.cluster);
  const counter = (result: string) =>
    telemetry.counter("gateway_external_processing_requests_total", from.kind, from.namespace, from.name, result);
  const { name = "", namespace = "", port = 0, tls } = cluster?.cluster ?? {};
  const head = new HeadWriter(512)
    .text(`POST ${processPath} HTTP/1.1`)
    .crlf()
    .field("host", tls?.hostname ?? `${name}.${namespace}:${port}`)
    .field("content-type", "application/grpc")
    .field("te", "trailers")
    .crlf()
    .take();
  const counters = { processed: counter("processed"), answered: counter("answered"), failed: counter("failed") };
  return { filter, cluster, head, requests, counters };
}

/** What each attribute of Envoy's is here. */
const attributeOf: { readonly [A in ProcessingAttribute]: (facts: RequestFacts) => string } = {
  "request.host": ({ host }) => host,
  "request.id": ({ requestId }) => requestId,
  "request.method": ({ method }) => method,
  "request.path": ({ spelledPath, query }) => (query === "" ? spelledPath : `${spelledPath}?${query}`),
  "request.protocol": ({ protocol }) => protocol,
  "request.query": ({ query }) => query,
  "request.scheme": ({ scheme }) => scheme,
  "request.url_path": ({ spelledPath }) => spelledPath,
  "source.address": ({ clientAddress }) => clientAddress,
};

/** The attributes of one exchange that a service is told. */
export function attributesOf(
  names: readonly ProcessingAttribute[],
  facts: RequestFacts,
): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, attributeOf[name](facts)]));
}

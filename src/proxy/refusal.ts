import type { ResponseFlag } from "../telemetry/response-flag.ts";
import type { AccessRecord, HttpSeriesLabels } from "../telemetry/telemetry.ts";
import type { Peer } from "./forwarding.ts";
import { RequestLog } from "./request-log.ts";

/** What is known of a request that was refused before routing. Text that was not understood is `""`. */
export type RefusedRequest = {
  readonly method: string;
  readonly hostname: string;
  /** As received. */
  readonly path: string;
};

/** Of a request whose head could not be read. */
export const unreadRequest: RefusedRequest = { method: "", hostname: "", path: "" };

/** How a request was refused. */
export type Refusal = {
  /** 0: without an answer. */
  readonly status: number;
  readonly flag: ResponseFlag;
  readonly protocol: string;
  readonly peer: Peer;
  readonly request: RefusedRequest;
};

/** The access record of a request that was refused before routing; its duration and its bytes are not measured. */
export function refusalRecord(
  { status, flag, protocol, peer, request }: Refusal,
  labels: HttpSeriesLabels,
): AccessRecord {
  return {
    ...new RequestLog().record,
    ...request,
    startMs: Date.now(),
    labels,
    protocol,
    statusCode: status,
    upstreamDurationMs: -1,
    sourceIp: peer.address,
    responseFlag: flag,
    ...(peer.scheme === "https" ? { clientCertificate: peer.clientCertificate.state } : {}),
  };
}

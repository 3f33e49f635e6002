import type { AccessRecord, HttpSeriesLabels } from "../telemetry/telemetry.ts";
import { RequestField } from "../wire/http1/known-field.ts";
import type { ForwardedRequest } from "./forwarded-request.ts";
import type { OwnerSource, PlaneContext } from "./plane-context.ts";
import type { RouteRuntime } from "./route-runtime.ts";

const noLabels: HttpSeriesLabels = {
  gateway_name: "",
  gateway_namespace: "",
  listener: "",
  route_kind: "",
  route_namespace: "",
  route_name: "",
  rule: "",
  backend_name: "",
};

/** The access record of a connection, refilled for each request. */
export class RequestLog {
  readonly record: AccessRecord = {
    startMs: 0,
    labels: noLabels,
    hostname: "",
    method: "",
    path: "",
    protocol: "",
    statusCode: 0,
    durationMs: 0,
    upstreamDurationMs: 0,
    bytesIn: 0,
    bytesOut: 0,
    sourceIp: "",
    userAgent: "",
    upstream: "",
    responseFlag: "-",
    requestId: "",
    traceId: "",
    tenant: "",
    environment: "",
  };

  set sourceIp(address: string) {
    this.record.sourceIp = address;
  }

  set upstream(label: string) {
    this.record.upstream = label;
  }

  /** Takes what is known before the request is served: its bytes may be gone when the line is written. */
  begin(request: ForwardedRequest, route: RouteRuntime | undefined, context: PlaneContext): void {
    const { record } = this;
    record.startMs = Date.now();
    record.hostname = request.host;
    record.method = request.method;
    record.path = request.path;
    record.upstream = "";
    record.userAgent = request.known(RequestField.userAgent) ?? "";
    record.tenant = owner(request, context.tenant, route?.tenant);
    record.environment = owner(request, context.environment, route?.environment);
  }
}

function owner(request: ForwardedRequest, source: OwnerSource, label: string | undefined): string {
  // A label is the operator's word; a header may be anybody's.
  return label || (source.header === "" ? "" : (request.header(source.header) ?? ""));
}

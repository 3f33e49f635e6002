import {
  createRequestId,
  createTraceContext,
  isTracestate,
  parseTraceparent,
  renderTraceparent,
} from "../telemetry/trace-context.ts";
import { TOKEN } from "../wire/http1/ascii.ts";
import { RequestField } from "../wire/http1/known-field.ts";
import type { ForwardedRequest } from "./forwarded-request.ts";

const maxRequestIdLength = 128;

/**
 * The identity of a request: x-request-id and W3C trace context. A client's request id is kept when it is a token of at
 * most 128 characters (it says nothing about who the client is, and lets people follow their request); a valid
 * traceparent is passed on as it is, since the gateway records no span of its own.
 */
export class TraceHeaders {
  requestId = "";
  traceId = "";
  /** Header lines to send, CR LF after each. */
  lines = "";

  begin(request: ForwardedRequest): void {
    const id = request.known(RequestField.xRequestId);
    this.requestId =
      id !== undefined && isRequestId(id) && !request.isRepeated(RequestField.xRequestId) ? id : createRequestId();
    const parent = request.known(RequestField.traceparent);
    const known =
      parent === undefined || request.isRepeated(RequestField.traceparent) ? undefined : parseTraceparent(parent);
    const context = known ?? createTraceContext();
    this.traceId = context.traceId;
    this.lines = `x-request-id: ${this.requestId}\r\ntraceparent: ${known === undefined ? renderTraceparent(context) : parent}\r\n`;
    const state = request.known(RequestField.tracestate);
    if (state === undefined) return;
    if (known === undefined || !isTracestate(request.header("tracestate")!)) request.drop("tracestate");
  }
}

function isRequestId(text: string): boolean {
  if (text.length === 0 || text.length > maxRequestIdLength) return false;
  for (let i = 0; i < text.length; i++) {
    if (TOKEN[text.charCodeAt(i)] !== 1) return false;
  }
  return true;
}

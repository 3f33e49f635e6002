import {
  createRequestId,
  createSpanId,
  createTraceContext,
  createTraceId,
  isTracestate,
  parseTraceparent,
  renderTraceparent,
  type TraceContext,
} from "../telemetry/trace-context.ts";
import { TOKEN } from "../wire/http1/ascii.ts";
import { RequestField } from "../wire/http1/known-field.ts";
import type { ForwardedRequest } from "./forwarded-request.ts";
import type { PlaneContext } from "./plane-context.ts";
import type { SpanPlace } from "./tracing/request-spans.ts";
import type { TracingRuntime } from "./tracing/tracing-registry.ts";

const maxRequestIdLength = 128;

/**
 * The identity of a request: x-request-id and W3C trace context. A client's request id is kept when it is a token of at
 * most 128 characters (it says nothing about who the client is, and lets people follow their request). A valid traceparent
 * is passed on as it is, unless the gateway records a span of its own, or decides about sampling alone.
 */
export class TraceHeaders implements SpanPlace {
  requestId = "";
  traceId = "";
  /** Of the gateway's own span; `""`: the request is not recorded. */
  spanId = "";
  parentId = "";
  traceState = "";
  /** Header lines to send, CR LF after each; `traceparent` is the last. */
  lines = "";

  /**
   * `tracing` is that of the Gateway; absent: nothing is recorded. `requestId`: what becomes of the client's id. `told`: a list
   * of what backends are told, which has no trace context of the gateway's unless spans are recorded.
   */
  begin(
    request: ForwardedRequest,
    tracing: TracingRuntime | undefined,
    { requestId, told: list }: Pick<PlaneContext, "requestId" | "told">,
  ): void {
    const id = request.known(RequestField.xRequestId);
    const usable = id !== undefined && isRequestId(id) && !request.isRepeated(RequestField.xRequestId);
    const told = usable && (requestId === "keep" || requestId === "pass");
    this.requestId = told ? id : createRequestId();
    const text = request.known(RequestField.traceparent);
    const parent =
      text === undefined || request.isRepeated(RequestField.traceparent) ? undefined : parseTraceparent(text);
    const traceparent = tracing === undefined ? this.#pass(text, parent) : this.#trace(tracing, text, parent);
    const tells = told || requestId === "keep" || requestId === "replace";
    this.lines = tells ? `x-request-id: ${this.requestId}\r\n` : "";
    this.traceState = "";
    if (list !== undefined && tracing === undefined) {
      if (text !== undefined) this.lines += `traceparent: ${text}\r\n`;
      return;
    }
    this.lines += `traceparent: ${traceparent}\r\n`;
    const state = request.known(RequestField.tracestate);
    if (state === undefined) return;
    const whole = parent === undefined ? "" : request.header("tracestate")!;
    if (whole !== "" && isTracestate(whole)) this.traceState = whole;
    else request.drop("tracestate");
  }

  #pass(text: string | undefined, parent: TraceContext | undefined): string {
    const context = parent ?? createTraceContext();
    this.traceId = context.traceId;
    this.spanId = "";
    return parent === undefined ? renderTraceparent(context) : text!;
  }

  #trace({ sampler, tracing }: TracingRuntime, text: string | undefined, parent: TraceContext | undefined): string {
    const sampled = sampler.choose(parent === undefined ? undefined : (parent.flags & 1) === 1);
    if (!sampled && parent !== undefined && tracing.parentSampling !== undefined) return this.#pass(text, parent);
    const context = { traceId: parent?.traceId ?? createTraceId(), parentId: createSpanId(), flags: sampled ? 1 : 0 };
    this.traceId = context.traceId;
    this.spanId = sampled ? context.parentId : "";
    this.parentId = parent?.parentId ?? "";
    return renderTraceparent(context);
  }
}

function isRequestId(text: string): boolean {
  if (text.length === 0 || text.length > maxRequestIdLength) return false;
  for (let i = 0; i < text.length; i++) {
    if (TOKEN[text.charCodeAt(i)] !== 1) return false;
  }
  return true;
}

import type { AnswerHead } from "../../wire/head/answer-head.ts";
import { noTrailers } from "../../wire/head/no-trailers.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import type { ProxyErrorKind } from "../error.ts";
import type { PlaneContext } from "../plane-context.ts";
import type { EndpointState } from "../upstream/endpoint-state.ts";
import type { FailureProgress, OutgoingRequest, UpstreamEvents, UpstreamExchange } from "../upstream/exchange.ts";
import { openExchange, type Reuse } from "../upstream/pool.ts";
import type { PrivateUpstreams } from "../upstream/private-upstreams.ts";
import { AnswerCollector } from "./answer-collector.ts";
import type { ExternalAuthRuntime } from "./auth-runtime.ts";
import type { AuthFacts, AuthSubject } from "./auth-subject.ts";
import { type AuthVerdict, failed } from "./auth-verdict.ts";
import { readGrpcVerdict, writeGrpcCheck } from "./grpc-check.ts";
import { type CheckMessage, readHttpVerdict, writeHttpCheck } from "./http-check.ts";

/** Who waits for a verdict. */
export interface AuthCaller {
  /** Called once, unless the call was cancelled; may come before {@link AuthCall.start} returns. */
  onAuthVerdict(verdict: AuthVerdict): void;
}

/**
 * One question to an authorisation server, on an exchange of its own. Bounded in time and in the size of the answer; whatever
 * goes wrong is no permission. Nothing is remembered: every request is asked about anew. Spec: HTTPExternalAuthFilter (GEP-1494).
 */
export class AuthCall implements UpstreamEvents, OutgoingRequest {
  readonly method: string;
  readonly upgrade = false;
  readonly takesChunks = false;
  readonly fields = undefined;
  readonly logsIn: boolean;
  readonly silence = "bounded";
  readonly acceptsTrailers: boolean;
  readonly framing: "none" | "length";
  readonly head: Buffer;
  readonly headEnd: number;
  readonly #runtime: ExternalAuthRuntime;
  readonly #context: PlaneContext;
  readonly #own: PrivateUpstreams;
  readonly #caller: AuthCaller;
  readonly #body: Buffer;
  #answer: AnswerCollector;
  #exchange: UpstreamExchange | undefined;
  #timer: NodeJS.Timeout | undefined;
  #connectAttempts = 0;
  #over = false;

  constructor(
    runtime: ExternalAuthRuntime,
    caller: AuthCaller,
    options: { readonly message: CheckMessage; readonly context: PlaneContext; readonly own: PrivateUpstreams },
  ) {
    const { message, context, own } = options;
    this.#runtime = runtime;
    this.#caller = caller;
    this.#context = context;
    this.#own = own;
    this.logsIn = message.logsIn;
    this.#body = message.body;
    this.#answer = new AnswerCollector(context.limits.authAnswerBytes);
    this.method = message.method;
    this.head = message.head;
    this.headEnd = message.head.length;
    this.acceptsTrailers = runtime.filter.protocol === "grpc";
    this.framing = message.body.length > 0 ? "length" : "none";
  }

  keepHead(): void {
    // The head is this call's own.
  }

  start(): void {
    this.#timer = setTimeout(onTimeout, this.#context.limits.authTimeoutMs, this);
    this.#attempt(undefined, "idle");
  }

  /** The request is over; nobody waits for the verdict any more. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#exchange?.cancel();
    this.#exchange = undefined;
  }

  onTimeout(): void {
    this.#decide(failed);
  }

  onUpstreamReady(): void {
    const exchange = this.#exchange!;
    exchange.sendHead(this);
    if (this.framing !== "none") exchange.sendBody(this.#body, 0, this.#body.length);
    exchange.sendEnd(noTrailers);
    exchange.flush();
  }

  onResponseHead(head: AnswerHead): void {
    if (!this.#answer.begin(head, this.method)) this.#decide(failed);
  }

  onResponseTrailers(trailers: readonly HeaderField[]): void {
    if (!this.#over && !this.#answer.end(trailers)) this.#decide(failed);
  }

  onResponseBody(bytes: Buffer, start: number, end: number): void {
    // Also of a permission: what was not read to its end was not understood.
    if (!this.#over && !this.#answer.add(bytes, start, end)) this.#decide(failed);
  }

  onResponseEnd(): void {
    this.#exchange = undefined;
    this.#decide(this.#read());
  }

  onUpstreamFailure(_kind: ProxyErrorKind, progress: FailureProgress): void {
    const endpoint = this.#exchange?.endpoint;
    this.#exchange = undefined;
    if (this.#over) return;
    // A question may be asked twice: it changes nothing.
    if (progress === "stale") this.#attempt(undefined, "never");
    else if (progress !== "sent" && this.#connectAttempts < this.#runtime.cluster!.cluster.traffic.connectAttempts) {
      this.#attempt(progress === "unsent" ? endpoint : undefined, "idle");
    } else this.#decide(failed);
  }

  onInformational(_head: AnswerHead): void {}
  onUpgraded(_head: AnswerHead): void {}
  onResponsePause(): void {}
  onUpstreamDrain(): void {}
  onUpstreamHalfClose(): void {}

  #attempt(avoid: EndpointState | undefined, reuse: Reuse): void {
    const cluster = this.#runtime.cluster!;
    this.#connectAttempts++;
    this.#answer = new AnswerCollector(this.#context.limits.authAnswerBytes);
    const endpoint =
      cluster.broken === undefined
        ? (this.#own.among(cluster.endpoints) ?? cluster.choose(performance.now(), avoid))
        : undefined;
    const options = {
      context: this.#context,
      connectTimeoutMs: cluster.cluster.traffic.connectTimeoutMs,
      reuse,
      own: this.#own,
    };
    const exchange = endpoint === undefined ? undefined : openExchange(endpoint, this, this, options);
    if (exchange === undefined) {
      this.#decide(failed);
      return;
    }
    this.#exchange = exchange;
    if (exchange.ready) this.onUpstreamReady();
  }

  #read(): AuthVerdict {
    const { filter } = this.#runtime;
    const answer = this.#answer.finish();
    return filter.protocol === "grpc" ? readGrpcVerdict(answer) : readHttpVerdict(filter, answer);
  }

  #decide(verdict: AuthVerdict): void {
    if (this.#over) return;
    this.cancel();
    const counters = { admitted: "allowed", denied: "denied", failed: "failed" } as const;
    this.#runtime[counters[verdict.kind]].add(1);
    this.#caller.onAuthVerdict(verdict);
  }
}

function onTimeout(call: AuthCall): void {
  call.onTimeout();
}

/** Begins to ask; `undefined` when there is nobody to ask, which is no permission either (and counted). */
export function makeAuthCall(
  runtime: ExternalAuthRuntime,
  caller: AuthCaller,
  about: {
    readonly subject: AuthSubject;
    readonly facts: AuthFacts;
    readonly context: PlaneContext;
    readonly own: PrivateUpstreams;
  },
): AuthCall | undefined {
  const { filter, cluster } = runtime;
  const { subject, facts, context, own } = about;
  if (cluster === undefined) {
    runtime.failed.add(1);
    return undefined;
  }
  const timeoutMs = context.limits.authTimeoutMs;
  const message =
    filter.protocol === "grpc"
      ? writeGrpcCheck({ filter, cluster: cluster.cluster, timeoutMs }, subject, facts)
      : writeHttpCheck(filter, subject, facts);
  return new AuthCall(runtime, caller, { message, context, own });
}

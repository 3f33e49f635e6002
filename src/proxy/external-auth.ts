/**
 * Asks an authorisation server before a request goes on. Spec: HTTPExternalAuthFilter (GEP-1494), protocol HTTP: 200 lets
 * the request pass, any other answer goes to the client. Whatever keeps the server from answering refuses the request.
 */
import type { Filter } from "../ir/filter.ts";
import { ChunkReader, nextContent } from "../wire/http1/chunked.ts";
import type { ResponseBody, ResponseHead as WireResponseHead } from "../wire/http1/response-head.ts";
import { HeadWriter } from "../wire/http1/serialize.ts";
import type { LocalReply } from "./chain.ts";
import type { ClusterRuntime } from "./cluster-runtime.ts";
import type { ForwardedRequest } from "./forwarded-request.ts";
import type { PlaneContext } from "./plane-context.ts";
import { ReplayBuffer } from "./replay-buffer.ts";
import type { BodyFraming, OutgoingRequest, UpstreamEvents, UpstreamExchange } from "./upstream/exchange.ts";
import { openExchange } from "./upstream/pool.ts";

export type ExternalAuthRuntime = {
  readonly filter: Extract<Filter, { kind: "externalAuth" }>;
  /** `undefined`: the reference did not resolve. */
  readonly cluster: ClusterRuntime | undefined;
};

type Field = readonly [name: string, value: string];

export interface AuthOutcome {
  /** The request may pass, with these fields set. */
  onAllowed(fields: readonly Field[]): void;
  onDenied(reply: LocalReply): void;
  /** The server could not be asked. */
  onAuthUnavailable(): void;
}

/** Of the server's answer itself: these neither go to the backend nor to the client. */
const ownFields: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "keep-alive",
  "host",
  "server",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** To the client goes the description of the content, since the content goes too. */
const contentFields: ReadonlySet<string> = new Set(["content-type", "content-encoding"]);
const deniedBodyBytes = 64 * 1024;

/** One question to the authorisation server. */
export class AuthCheck implements UpstreamEvents, OutgoingRequest {
  method = "";
  readonly upgrade = false;
  readonly framing: BodyFraming;
  readonly #runtime: ExternalAuthRuntime;
  readonly #context: PlaneContext;
  readonly #outcome: AuthOutcome;
  readonly #writer = new HeadWriter(1_024);
  readonly #content: Buffer;
  readonly #answer = new ReplayBuffer();
  #exchange: UpstreamExchange | undefined;
  #timer: NodeJS.Timeout | undefined;
  #status = 0;
  #fields: Field[] = [];
  #chunks: ChunkReader | undefined;
  #done = false;

  /** `content`: the body to show to the server; empty when it is to see none. */
  constructor(runtime: ExternalAuthRuntime, content: Buffer, context: PlaneContext, outcome: AuthOutcome) {
    this.#runtime = runtime;
    this.#context = context;
    this.#outcome = outcome;
    this.#content = content;
    this.framing = content.length > 0 ? "length" : "none";
  }

  get head(): Buffer {
    return this.#writer.buffer;
  }

  get headEnd(): number {
    return this.#writer.length;
  }

  keepHead(): void {
    // The head is this question's own and is written once.
  }

  ask(request: ForwardedRequest): void {
    const { filter, cluster } = this.#runtime;
    const endpoint =
      filter.protocol === "http" && cluster?.broken === undefined
        ? cluster?.choose(performance.now(), undefined)
        : undefined;
    if (endpoint === undefined || cluster === undefined) {
      this.#unavailable();
      return;
    }
    this.method = request.method;
    this.#write(request);
    const { connectTimeoutMs } = cluster.cluster;
    this.#exchange = openExchange(endpoint, this, { context: this.#context, connectTimeoutMs, reuse: "idle" });
    if (this.#exchange === undefined) {
      this.#unavailable();
      return;
    }
    this.#timer = setTimeout(onTimeout, this.#context.limits.authTimeoutMs, this);
    if (this.#exchange.ready) this.onUpstreamReady();
  }

  /** Nobody waits for the answer any more. */
  cancel(): void {
    this.#done = true;
    clearTimeout(this.#timer);
    this.#exchange?.cancel();
    this.#exchange = undefined;
  }

  onTimeout(): void {
    this.#unavailable();
  }

  onUpstreamReady(): void {
    const exchange = this.#exchange!;
    exchange.sendHead(this);
    if (this.#content.length > 0) exchange.sendBody(this.#content, 0, this.#content.length);
    exchange.sendEnd();
    exchange.flush();
  }

  onResponseHead(bytes: Buffer, head: WireResponseHead): void {
    this.#status = head.status;
    const body: ResponseBody = head.body(this.method);
    if (body === "chunked") this.#chunks = new ChunkReader();
    const allowed = this.#runtime.filter.allowedResponseHeaders;
    for (let line = 0; line < head.lineCount; line++) {
      const name = head.lineName(bytes, line);
      const wanted =
        head.status === 200
          ? !ownFields.has(name) && (allowed.length === 0 || allowed.includes(name))
          : !ownFields.has(name) || contentFields.has(name);
      if (wanted) this.#fields.push([name, head.lineValue(bytes, line)]);
    }
  }

  onResponseBody(bytes: Buffer, start: number, end: number): void {
    if (this.#status === 200) return;
    const chunks = this.#chunks;
    let at = start;
    while (at < end) {
      const next = chunks === undefined ? end : nextContent(chunks, bytes, at, end);
      if (next < 0) return;
      this.#keep(bytes, chunks?.contentStart ?? at, chunks?.contentEnd ?? end);
      at = next;
      if (chunks?.done) return;
    }
  }

  onResponseEnd(): void {
    if (this.#done) return;
    this.#done = true;
    clearTimeout(this.#timer);
    if (this.#status === 200) {
      this.#outcome.onAllowed(this.#fields);
      return;
    }
    const body = this.#answer.bytes.utf8Slice(0, this.#answer.length);
    this.#outcome.onDenied({ status: this.#status, headers: this.#fields, body });
  }

  onUpstreamFailure(): void {
    this.#exchange = undefined;
    this.#unavailable();
  }

  onInformational(): void {}
  onUpgraded(): void {}
  onResponsePause(): void {}
  onUpstreamDrain(): void {}
  onUpstreamHalfClose(): void {}

  #keep(bytes: Buffer, start: number, end: number): void {
    const room = Math.max(deniedBodyBytes - this.#answer.length, 0);
    this.#answer.append(bytes, start, Math.min(end, start + room));
  }

  #write(request: ForwardedRequest): void {
    const { filter } = this.#runtime;
    const writer = this.#writer;
    const query = request.query === "" ? "" : `?${request.query}`;
    writer.text(`${request.method} ${joinPath(filter.pathPrefix, request.path)}${query} HTTP/1.1`).crlf();
    writer.field("host", request.hostText());
    for (const name of new Set(["authorization", ...filter.allowedHeaders])) {
      if (ownFields.has(name) && !contentFields.has(name)) continue;
      const value = request.header(name);
      if (value !== undefined) writer.field(name, value);
    }
    writer.contentLength(this.#content.length).crlf();
  }

  #unavailable(): void {
    if (this.#done) return;
    this.cancel();
    this.#outcome.onAuthUnavailable();
  }
}

function joinPath(prefix: string, path: string): string {
  return prefix.endsWith("/") ? `${prefix.slice(0, -1)}${path}` : `${prefix}${path}`;
}

function onTimeout(check: AuthCheck): void {
  check.onTimeout();
}

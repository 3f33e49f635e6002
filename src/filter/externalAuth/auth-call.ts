import type { AuthHeader } from "../../wire/ext-authz.ts";
import type { UpstreamCluster } from "../contract/endpoint.ts";
import { type FilterExchange, type Verdict, type Waiting, waiting } from "../contract/exchange.ts";
import { type LocalReply, problem } from "../contract/local-reply.ts";
import type { RequestHead } from "../contract/message.ts";
import type {
  OwnAnswer,
  OwnMessage,
  OwnRequest,
  OwnRequestCaller,
  OwnRequestFailure,
} from "../contract/own-request.ts";
import type { AuthServer } from "./auth-server.ts";
import { type AuthVerdict, applyAuthChanges, failed } from "./auth-verdict.ts";
import { readGrpcVerdict, writeGrpcCheck } from "./grpc-check.ts";
import { claimedHeaders, readHttpVerdict, toldHeaders, writeHttpCheck } from "./http-check.ts";
import { keepPermission, permissionName } from "./permissions.ts";
import { isNavigation, signInReply } from "./sign-in.ts";

/** Whatever went wrong is no permission. */
function unavailable(status: number): LocalReply {
  return { ...problem(status, "UAE", "The request could not be authorised."), grpcStatus: 7 };
}

/**
 * One question to an authorisation server about one request. Nothing is remembered but permissions, where the filter has a cache.
 * Spec: HTTPExternalAuthFilter (GEP-1494), ExtAuth of Envoy Gateway.
 */
export class AuthCall implements OwnRequestCaller {
  /** What the server adds to the answer; known once the request was admitted. */
  responseHeaders: readonly AuthHeader[] = [];
  readonly #server: AuthServer;
  readonly #request: RequestHead;
  readonly #exchange: FilterExchange;
  #call: OwnRequest | undefined;
  /** Who is still to be asked. */
  #servers: readonly UpstreamCluster[] = [];
  /** By the monotonic clock. */
  #deadlineMs = 0;
  #content: Buffer = Buffer.alloc(0);
  /** Under which a permission is kept; `undefined`: it is not. */
  #cacheName: string | undefined;

  constructor(server: AuthServer, request: RequestHead, exchange: FilterExchange) {
    this.#server = server;
    this.#request = request;
    this.#exchange = exchange;
  }

  /** Asks; `content` is what the server is shown of the request's. */
  ask(content: Buffer): Verdict | Waiting {
    const { filter, servers, fallbacks, services, counters, cache } = this.#server;
    if (servers.length === 0) {
      counters.failed.add(1);
      return unavailable(filter.onFailure.kind === "refuse" ? filter.onFailure.status : 403);
    }
    if (cache !== undefined && filter.cache !== undefined) {
      const asked = { subject: this.#request, facts: this.#exchange.facts, content };
      this.#cacheName = permissionName(cache, filter.cache.by, toldHeaders(filter), asked);
      const changes = cache.find(this.#cacheName);
      if (changes !== undefined) {
        counters.cached.add(1);
        applyAuthChanges(this.#request, changes);
        return undefined;
      }
    }
    const first = servers.length === 1 ? 0 : Math.floor(services.random() * servers.length);
    this.#servers = [...servers.slice(first), ...servers.slice(0, first), ...fallbacks];
    this.#content = content;
    this.#deadlineMs = services.clock.monotonicMs() + (filter.timeoutMs ?? services.limits.authTimeoutMs);
    this.#askNext();
    return waiting;
  }

  #askNext(): void {
    const { services } = this.#server;
    const [cluster, ...others] = this.#servers;
    const timeoutMs = Math.ceil(this.#deadlineMs - services.clock.monotonicMs());
    if (cluster === undefined || timeoutMs <= 0) {
      this.#decide(failed);
      return;
    }
    this.#servers = others;
    this.#call = services.requests.send(
      this.#write(cluster, timeoutMs),
      {
        cluster,
        timeoutMs,
        maxAnswerBytes: services.limits.authAnswerBytes,
        // A question changes nothing.
        repeatable: true,
        client: this.#exchange.facts.client,
      },
      this,
    );
  }

  #write({ cluster }: UpstreamCluster, timeoutMs: number): OwnMessage {
    const { facts } = this.#exchange;
    return this.#server.filter.protocol === "grpc"
      ? writeGrpcCheck(this.#server, { cluster, timeoutMs }, { subject: this.#request, facts, content: this.#content })
      : writeHttpCheck(this.#server.filter, this.#request, facts, this.#content);
  }

  onAnswer(answer: OwnAnswer): void {
    const { filter } = this.#server;
    this.#decide(filter.protocol === "grpc" ? readGrpcVerdict(answer) : this.#readHttp(answer));
  }

  #readHttp(answer: OwnAnswer): AuthVerdict {
    const { filter } = this.#server;
    const { facts } = this.#exchange;
    const verdict = readHttpVerdict(filter, answer);
    if (answer.status !== 401 || filter.signIn === undefined || !isNavigation(this.#request, facts)) return verdict;
    return { kind: "denied", reply: signInReply(filter.signIn, this.#request, { facts, answer }) };
  }

  onFailure(failure: OwnRequestFailure): void {
    if (failure === "unreachable") this.#askNext();
    else this.#decide(failed);
  }

  cancel(): void {
    this.#call?.cancel();
  }

  #decide(verdict: AuthVerdict): void {
    const { filter, counters, cache } = this.#server;
    counters[verdict.kind].add(1);
    switch (verdict.kind) {
      case "failed":
        this.#exchange.resume(
          filter.onFailure.kind === "admit" ? this.#admitUnasked() : unavailable(filter.onFailure.status),
        );
        return;
      case "denied":
        this.#exchange.resume(verdict.reply);
        return;
      case "admitted":
        applyAuthChanges(this.#request, verdict.changes);
        this.responseHeaders = verdict.changes.responseHeaders;
        if (cache !== undefined && this.#cacheName !== undefined) {
          keepPermission(cache, this.#cacheName, verdict.changes, filter.cache?.ttlMs ?? 0);
        }
        this.#exchange.resume(undefined);
    }
  }

  /** The policy lets requests pass without an answer; what only the server may say is still not the client's to say. */
  #admitUnasked(): undefined {
    for (const name of claimedHeaders(this.#server.filter)) this.#request.removeHeader(name);
  }
}

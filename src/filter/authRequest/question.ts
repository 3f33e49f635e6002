import { isConnectionLogin } from "../../wire/http1/connection-login.ts";
import { HeadWriter } from "../../wire/http1/serialize.ts";
import { type FilterExchange, type Verdict, type Waiting, waiting } from "../contract/exchange.ts";
import { page, problem } from "../contract/local-reply.ts";
import type { RequestHead } from "../contract/message.ts";
import type { OwnAnswer, OwnMessage, OwnRequest, OwnRequestCaller } from "../contract/own-request.ts";
import { applyAuthChanges } from "../externalAuth/auth-verdict.ts";
import { isOwnField } from "../externalAuth/own-field.ts";
import { renderTemplate } from "../headerMutation/render-template.ts";
import type { Authority } from "./authority.ts";
import { type AuthAnswer, keepAnswer } from "./keep-answer.ts";

const noContent = Buffer.alloc(0);

/** Whatever went wrong is no permission. PERMISSION_DENIED. */
const failed = { ...problem(500, "UAE", "The request could not be authorised."), grpcStatus: 7 };

/** One question to an authorisation server about one request. */
export class Question implements OwnRequestCaller {
  /** Set-Cookie of the permission. */
  cookies: readonly string[] = [];
  readonly #authority: Authority;
  readonly #request: RequestHead;
  readonly #exchange: FilterExchange;
  #call: OwnRequest | undefined;
  /** Under which the answer is kept; `undefined`: it is not. */
  #name: string | undefined;

  constructor(authority: Authority, request: RequestHead, exchange: FilterExchange) {
    this.#authority = authority;
    this.#request = request;
    this.#exchange = exchange;
  }

  ask(): Verdict | Waiting {
    const { filter, server, services, remembered, counters } = this.#authority;
    if (server === undefined) {
      counters.failed.add(1);
      return failed;
    }
    if (remembered !== undefined && filter.cache !== undefined) {
      this.#name = remembered.nameOf(this.#render(filter.cache.key));
      const answer = remembered.find(this.#name);
      if (answer !== undefined) {
        counters.cached.add(1);
        return this.#judge(answer);
      }
    }
    this.#call = services.requests.send(
      this.#write(),
      {
        cluster: server,
        timeoutMs: filter.timeoutMs,
        maxAnswerBytes: services.limits.authAnswerBytes,
        // A question changes nothing.
        repeatable: true,
        client: this.#exchange.facts.client,
      },
      this,
    );
    return waiting;
  }

  onAnswer(answer: OwnAnswer): void {
    const { filter, remembered } = this.#authority;
    const row = filter.cache?.rows.find(({ statuses }) => statuses.includes(answer.status));
    if (row !== undefined && remembered !== undefined && this.#name !== undefined) {
      keepAnswer(remembered, this.#name, answer, row.ttlMs);
    }
    this.#exchange.resume(this.#judge(answer));
  }

  onFailure(): void {
    this.#authority.counters.failed.add(1);
    this.#exchange.resume(failed);
  }

  cancel(): void {
    this.#call?.cancel();
  }

  #write(): OwnMessage {
    const { filter, withheld } = this.#authority;
    const request = this.#request;
    const writer = new HeadWriter(1_024);
    writer
      .text(`${filter.method} ${this.#render(filter.target)} HTTP/1.1`)
      .crlf()
      .field("host", filter.host);
    for (const name of request.headerNames()) {
      const value = withheld.has(name) || isOwnField(name) ? undefined : request.header(name);
      if (value !== undefined) writer.field(name, value);
    }
    for (const { name, value } of filter.headers) {
      const text = this.#render(value);
      if (text !== "") writer.field(name, text);
    }
    if (filter.method !== "GET" && filter.method !== "HEAD") writer.contentLength(0);
    writer.crlf();
    const logsIn = isConnectionLogin(request.header("authorization"));
    return { method: filter.method, head: writer.take(), content: noContent, acceptsTrailers: false, logsIn };
  }

  #judge({ status, headers }: AuthAnswer): Verdict {
    const { filter, counters } = this.#authority;
    const valuesOf = (name: string) => headers.filter(([field]) => field === name).map(([, value]) => value);
    if (status === 200 || (filter.admits === "success" && status > 200 && status < 300)) {
      counters.admitted.add(1);
      this.#copy(headers);
      this.cookies = valuesOf("set-cookie");
      return undefined;
    }
    if (status !== 401 && status !== 403) {
      counters.failed.add(1);
      return failed;
    }
    counters.denied.add(1);
    if (status === 401 && filter.signIn !== undefined) {
      const cookies = valuesOf("set-cookie").map((cookie) => ["set-cookie", cookie] as const);
      const headers = [["location", this.#render(filter.signIn)], ["content-type", "text/plain"], ...cookies] as const;
      return { ...page(302, headers, "Sign in first."), flag: "UAEX" };
    }
    const challenges = status === 401 ? valuesOf("www-authenticate") : [];
    return problem(
      status,
      "UAEX",
      status === 401 ? "Authentication is required." : "Access is denied.",
      challenges.map((challenge) => ["www-authenticate", challenge] as const),
    );
  }

  /** What a client has sent under these names goes, whether the server sends something or not. */
  #copy(headers: AuthAnswer["headers"]): void {
    const { copiedHeaders } = this.#authority.filter;
    if (copiedHeaders.length === 0) return;
    applyAuthChanges(this.#request, {
      removeHeaders: copiedHeaders,
      headers: headers
        .filter(([name]) => copiedHeaders.includes(name))
        .map(([name, value]) => ({ name, value, how: "add" })),
      setQuery: [],
      removeQuery: [],
      responseHeaders: [],
    });
  }

  #render(template: Parameters<typeof renderTemplate>[0]): string {
    return renderTemplate(template, { exchange: this.#exchange, request: this.#request, response: undefined });
  }
}

import type { OverrideAction } from "../../ir/filter.ts";
import { connectionFields } from "../../wire/http1/known-field.ts";
import { HeadWriter } from "../../wire/http1/serialize.ts";
import type { FilterServices } from "../contract/build.ts";
import type { UpstreamCluster } from "../contract/endpoint.ts";
import type { FilterExchange } from "../contract/exchange.ts";
import type { LocalReply } from "../contract/local-reply.ts";
import type { ResponseHead } from "../contract/message.ts";
import type { OwnAnswer, OwnRequest, OwnRequestCaller, OwnRequests } from "../contract/own-request.ts";
import { keptHeaders } from "./overridden-answer.ts";

type ErrorPage = Extract<OverrideAction, { readonly kind: "errorPage" }>;

/** A service that makes error pages, as a filter asks it. */
export type ErrorPages = {
  readonly action: ErrorPage;
  /** `undefined`: nobody is asked. */
  readonly cluster: UpstreamCluster | undefined;
  readonly requests: OwnRequests;
  readonly served: ReturnType<FilterServices["telemetry"]["counter"]>;
  readonly failed: ReturnType<FilterServices["telemetry"]["counter"]>;
};

const noContent = Buffer.alloc(0);

/** Of the service's answer, what is written anew besides what only its own connection is concerned with. */
const ownFields: ReadonlySet<string> = new Set(["content-length", "date", "trailer"]);

/**
 * One question to an error-page service, with the headers of ingress-nginx's custom-http-errors. Its status, content and headers
 * are the answer; headers of the answer that is replaced stay where it has none of the name. When it does not answer in time, or
 * with a status that is none of a final answer, the first answer goes on.
 */
export class ErrorPageCall implements OwnRequestCaller {
  readonly #pages: ErrorPages;
  readonly #exchange: FilterExchange;
  #flag: ResponseHead["flag"] = "-";
  #status = 0;
  #kept: readonly (readonly [name: string, value: string])[] = [];
  #call: OwnRequest | undefined;

  constructor(pages: ErrorPages, exchange: FilterExchange) {
    this.#pages = pages;
    this.#exchange = exchange;
  }

  /** `false`: there is nobody to ask. `accept`: what the client would like to read. */
  ask(response: ResponseHead, accept: string | undefined): boolean {
    const { action, cluster, requests, failed } = this.#pages;
    if (cluster === undefined) {
      failed.add(1);
      return false;
    }
    this.#flag = response.flag;
    this.#status = response.status;
    this.#kept = keptHeaders(response, new Set());
    this.#call = requests.send(
      { method: "GET", head: this.#head(response, accept), content: noContent, acceptsTrailers: false, logsIn: false },
      {
        cluster,
        timeoutMs: action.timeoutMs,
        maxAnswerBytes: action.maxBytes,
        repeatable: true,
        client: undefined,
      },
      this,
    );
    return true;
  }

  /** Spec: ingress-nginx, "Custom errors"; what it says of Ingress objects is left out. */
  #head(response: ResponseHead, accept: string | undefined): Buffer {
    const { facts } = this.#exchange;
    const { path, manner } = this.#pages.action;
    const query = facts.query === "" ? "" : `?${facts.query}`;
    const asked = `${facts.spelledPath}${query}`;
    const writer = new HeadWriter(1_024);
    writer.text(`GET ${manner === "traefik" ? filledPath(path, response.status, asked) : path} HTTP/1.1`).crlf();
    writer.field("host", facts.host);
    writer.field("x-code", String(response.status));
    if (accept !== undefined) {
      writer.field("x-format", accept);
      writer.field("accept", accept);
    }
    writer.field("x-original-uri", asked);
    writer.field("x-original-method", facts.method);
    writer.field("x-request-id", facts.requestId);
    return writer.crlf().take();
  }

  cancel(): void {
    this.#call?.cancel();
  }

  onAnswer({ status, headers, content }: OwnAnswer): void {
    if (status < 200 || status > 599) {
      this.onFailure();
      return;
    }
    this.#pages.served.add(1);
    const own = headers.filter(([name]) => !connectionFields.has(name) && !ownFields.has(name));
    const names = new Set(own.map(([name]) => name));
    const kept = this.#kept.filter(([name]) => !names.has(name));
    const shown = this.#pages.action.manner === "traefik" ? this.#status : status;
    const reply: LocalReply = {
      kind: "page",
      status: shown,
      flag: this.#flag,
      headers: [...own, ...kept],
      body: content,
    };
    this.#exchange.resume(reply);
  }

  onFailure(): void {
    this.#pages.failed.add(1);
    this.#exchange.resume(undefined);
  }
}

/** Spec: Errors of Traefik, `query`. */
function filledPath(path: string, status: number, asked: string): string {
  return path
    .replaceAll("{status}", String(status))
    .replaceAll("{originalStatus}", String(status))
    .replaceAll("{url}", () => encodeURIComponent(asked));
}

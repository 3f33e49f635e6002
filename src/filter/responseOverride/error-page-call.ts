import type { OverrideAction } from "../../ir/filter.ts";
import { connectionFields } from "../../wire/http1/known-field.ts";
import { HeadWriter } from "../../wire/http1/serialize.ts";
import type { FilterServices } from "../contract/build.ts";
import { clientFields } from "../contract/client-fields.ts";
import type { UpstreamCluster } from "../contract/endpoint.ts";
import type { FilterExchange } from "../contract/exchange.ts";
import type { LocalReply } from "../contract/local-reply.ts";
import type { RequestCopy, ResponseHead } from "../contract/message.ts";
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

/** What of the request the service is told. */
type Asking = { readonly accept: string | undefined; readonly copy: AskedRequest | undefined };

/** A request as it came to the filter. `host`: with its port. */
export type AskedRequest = { readonly head: RequestCopy; readonly host: string; readonly ownLines: string };

/** Methods of requests that may be sent twice. */
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Fields of the call's own. */
const told: readonly string[] = ["x-code", "x-format", "x-original-uri", "x-request-id"];

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
  /** Names of the fields that are written anew. */
  readonly #told: readonly string[];

  constructor(pages: ErrorPages, exchange: FilterExchange) {
    this.#pages = pages;
    this.#told = [...told, ...pages.action.tells.map(({ name }) => name)];
    this.#exchange = exchange;
  }

  /** `false`: there is nobody to ask. `accept`: what the client would like to read. `copy`: the request, where its manner asks for it. */
  ask(response: ResponseHead, { accept, copy }: Asking): boolean {
    const { action, cluster, requests, failed } = this.#pages;
    if (cluster === undefined) {
      failed.add(1);
      return false;
    }
    this.#flag = response.flag;
    this.#status = response.status;
    this.#kept = keptHeaders(response, new Set());
    this.#call = requests.send(
      {
        method: copy?.head.method ?? "GET",
        head: this.#head(response, { accept, copy }),
        content: noContent,
        acceptsTrailers: false,
        logsIn: false,
      },
      {
        cluster,
        timeoutMs: action.timeoutMs,
        maxAnswerBytes: action.maxBytes,
        repeatable: copy === undefined || safeMethods.has(copy.head.method),
        client: undefined,
      },
      this,
    );
    return true;
  }

  /** Spec: ingress-nginx, "Custom errors"; what it says of Ingress objects is left out. */
  #head(response: ResponseHead, { accept, copy }: Asking): Buffer {
    const { facts } = this.#exchange;
    const { path, manner, tells } = this.#pages.action;
    const query = facts.query === "" ? "" : `?${facts.query}`;
    const asked = `${facts.spelledPath}${query}`;
    const writer = new HeadWriter(1_024);
    const target = manner === "traefik" ? filledPath(path, response.status, asked) : path;
    writer.text(`${copy?.head.method ?? "GET"} ${target} HTTP/1.1`).crlf();
    if (copy === undefined) {
      writer.field("host", facts.host);
      if (accept !== undefined) writer.field("accept", accept);
      writer.field("x-original-method", facts.method);
    } else {
      writer.field("host", copy.host);
      writer.judged(clientFields(copy.head, copy.ownLines, this.#told));
      writer.field("x-forwarded-for", facts.clientAddress);
    }
    if (accept !== undefined) writer.field("x-format", accept);
    writer.field("x-code", String(response.status));
    writer.field("x-original-uri", asked);
    writer.field("x-request-id", facts.requestId);
    for (const { name, value } of tells) writer.field(name, value);
    if (copy?.head.announcesContent === true) writer.text("content-length: 0").crlf();
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

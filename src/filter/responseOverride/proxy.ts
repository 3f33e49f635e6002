import type { OverrideAction, OverrideRow } from "../../ir/filter.ts";
import { redirectLocation } from "../../ir/redirect-location.ts";
import { compileTextMatch, type TextTest } from "../../ir/text-match.ts";
import type { BuildFilter, FilterServices } from "../contract/build.ts";
import { type FilterExchange, type Waiting, waiting } from "../contract/exchange.ts";
import { type FilterHook, onRequest } from "../contract/hook.ts";
import { type LocalReply, page } from "../contract/local-reply.ts";
import type { ResponseHead } from "../contract/message.ts";
import { bindRequest, needsRequest } from "../headerMutation/render-template.ts";
import { type AskedRequest, ErrorPageCall, type ErrorPages } from "./error-page-call.ts";
import { overridden } from "./overridden-answer.ts";

/** A row as it is carried out. */
type ReadyRow = OverrideRow & {
  readonly headerTests: readonly { readonly name: string; readonly fits: TextTest | undefined }[];
  readonly pages: ErrorPages | undefined;
};

/** What is kept of a request until its answer comes. */
type Kept = {
  /** What the client would like to read. */
  readonly accept: string | undefined;
  /** The request, where a service is asked in its manner. */
  readonly copy: AskedRequest | undefined;
  /** Rows whose headers say something of the request, with that filled in. */
  readonly rows: readonly ReadyRow[];
  call: ErrorPageCall | undefined;
};

/**
 * Replaces answers by their status: with an answer of its own, a redirect, or what an error-page service says. The first row that
 * fits counts. Spec: ResponseOverride of Envoy Gateway.
 */
export const buildResponseOverride: BuildFilter<"responseOverride"> = (filter, services) => {
  const rows = filter.rows.map((row): ReadyRow => ready(row, services));
  const publicPort = (port: number): number => services.publicPort(port);
  const hooks: FilterHook[] = [];
  const copies = rows.some(({ action }) => action.kind === "errorPage" && action.manner === "request");
  const asks = rows.some(({ pages }) => pages !== undefined);
  const binds = rows.some(
    ({ action }) => action.kind === "answer" && action.content.headers.some(({ value }) => needsRequest(value)),
  );
  if (asks || binds)
    hooks.push(
      onRequest((request, exchange) => {
        const bound = binds
          ? rows.map((row) => {
              const { action } = row;
              if (action.kind !== "answer") return row;
              const headers = bindRequest(action.content.headers, request, exchange);
              return { ...row, action: { ...action, content: { ...action.content, headers } } };
            })
          : rows;
        const accept = asks ? request.header("accept") : undefined;
        const copy = copies
          ? { head: request.copyHead(), host: request.sentHost(), ownLines: request.ownLines() }
          : undefined;
        const kept: Kept = { accept, copy, rows: bound, call: undefined };
        exchange.state = kept;
        return undefined;
      }),
    );
  hooks.push({
    phase: "response",
    onResponse: (response, exchange) => {
      const kept = exchange.state as Kept | undefined;
      for (const row of kept?.rows ?? rows) {
        if (fits(row, response)) return replace(row, response, { exchange, kept, publicPort });
      }
      return undefined;
    },
    cancel: ({ state }) => (state as Kept | undefined)?.call?.cancel(),
  });
  return { hooks, claimedTrailers: [], carried: undefined };
};

function ready(row: OverrideRow, services: FilterServices): ReadyRow {
  const headerTests = row.headers.map(({ name, value }) => ({ name, fits: value && compileTextMatch(value) }));
  const { action } = row;
  if (action.kind !== "errorPage") return { ...row, headerTests, pages: undefined };
  const cluster = action.cluster === undefined ? undefined : services.cluster(action.cluster);
  const { from } = services;
  const counter = (result: string) =>
    services.telemetry.counter("gateway_http_error_pages_total", from.kind, from.namespace, from.name, result);
  return {
    ...row,
    headerTests,
    pages: { action, cluster, requests: services.requests, served: counter("served"), failed: counter("failed") },
  };
}

function fits({ statuses, source, headerTests }: ReadyRow, response: ResponseHead): boolean {
  if (source !== "all" && source !== response.source) return false;
  const { status } = response;
  if (!statuses.some(({ from, to }) => status >= from && status <= to)) return false;
  return headerTests.every(({ name, fits: test }) => {
    const value = response.header(name);
    return value !== undefined && (test === undefined || test(value));
  });
}

type Scene = {
  readonly exchange: FilterExchange;
  readonly kept: Kept | undefined;
  publicPort(port: number): number;
};

function replace(row: ReadyRow, response: ResponseHead, scene: Scene): LocalReply | Waiting | undefined {
  const { action, pages } = row;
  switch (action.kind) {
    case "answer":
      return overridden(action, response, scene.exchange);
    case "redirect":
      // Clients of gRPC follow no redirects and read no pages.
      return scene.exchange.facts.grpc ? undefined : redirect(action, scene);
    case "errorPage": {
      const { exchange } = scene;
      if (exchange.facts.grpc) return undefined;
      const kept: Kept = scene.kept ?? { accept: undefined, copy: undefined, rows: [], call: undefined };
      exchange.state = kept;
      kept.call = new ErrorPageCall(pages as ErrorPages, exchange);
      return kept.call.ask(response, action.manner === "request" ? kept : { ...kept, copy: undefined })
        ? waiting
        : undefined;
    }
  }
}

/** To where the row says, or else to where the request went itself. */
function redirect(
  { redirect: to }: Extract<OverrideAction, { readonly kind: "redirect" }>,
  { exchange: { facts }, publicPort }: Scene,
): LocalReply {
  const location = redirectLocation(
    { kind: "requestRedirect", ...to },
    {
      scheme: facts.scheme,
      host: facts.host,
      path: facts.spelledPath,
      query: facts.query,
      matchedPrefix: facts.matchedPrefix,
      listenerPort: facts.listenerPort,
      publicPort,
    },
  );
  return page(to.status, [["location", location]]);
}

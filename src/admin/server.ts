import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { stopListening } from "../base/stop-listening.ts";
import { expositionContentTypes, negotiateExposition, renderExposition } from "../telemetry/exposition.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Registry } from "../telemetry/registry.ts";
import type { ErrorAnswer } from "./api.ts";
import { authorise, type Callers } from "./authorisation.ts";
import { ConnectionRoom } from "./connection-room.ts";
import { type AdminSource, answerJson, jsonEndpoints } from "./endpoints.ts";
import { AdminError } from "./parameters.ts";
import { readiness } from "./readiness.ts";

export type AdminOptions = AdminSource &
  Callers & {
    /** Port 0: any that is free. */
    readonly address: { readonly host: string; readonly port: number };
    readonly telemetry: { readonly registry: Registry };
    readonly log: Logger;
  };

export interface AdminServer extends AsyncDisposable {
  /** What it listens on, with the port that it got. */
  readonly address: { readonly host: string; readonly port: number };
  /** Gives the port up for another process; connections that are open are answered as before. Resolves when it is free. */
  yieldPort(): Promise<void>;
  close(): Promise<void>;
}

const limits = {
  headerBytes: 8192,
  headersMs: 2000,
  requestMs: 4000,
  /** How often Node looks for requests that take longer. */
  checkMs: 500,
  idleMs: 5000,
  writeMs: 10_000,
  connections: 64,
  yieldMs: 1000,
};

/** Starts the admin endpoint. Rejects with the system's error when the address cannot be bound. */
export async function startAdminServer(options: AdminOptions): Promise<AdminServer> {
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkMs,
    keepAliveTimeout: limits.idleMs,
  });
  new ConnectionRoom(server, limits.connections);
  server.timeout = limits.writeMs;
  server.on("request", (request, response) => {
    answer(request, response, options).catch((error: unknown) => fail(response, error, options.log));
  });
  server.listen(options.address.port, options.address.host);
  await once(server, "listening");
  const { address, port } = server.address() as AddressInfo;
  const close = () => closeServer(server);
  const yieldPort = () => stopListening(server, limits.yieldMs);
  return { address: { host: address, port }, yieldPort, close, [Symbol.asyncDispose]: close };
}

async function closeServer(server: Server): Promise<void> {
  const closed = server.listening ? once(server, "close") : undefined;
  server.close();
  server.closeAllConnections();
  await closed;
}

async function answer(request: IncomingMessage, response: ServerResponse, options: AdminOptions): Promise<void> {
  // A body means nothing here; reading it keeps the connection usable.
  request.resume();
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("X-Content-Type-Options", "nosniff");
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    throw new AdminError(405, "The admin endpoint is read-only.", "Use GET.");
  }
  const { pathname, searchParams } = readTarget(request.url ?? "/");
  switch (pathname) {
    case "/":
      return sendText(response, renderIndex());
    case "/livez":
      return sendText(response, "ok\n");
    case "/readyz": {
      const body = readiness(options.state());
      return sendJson(response, body.ready ? 200 : 503, body);
    }
    case "/metrics":
      return sendMetrics(request, response, options.telemetry.registry);
    default:
      // Health and metrics are for probes and scrapers, wherever they are and whatever they call this endpoint.
      await authorise(request, options);
      return sendJson(response, 200, answerJson(pathname, searchParams, options));
  }
}

/** The path as it was sent: the parser of URLs would resolve `/livez/..` to the index, and take `//name` for a server. */
function readTarget(target: string): { readonly pathname: string; readonly searchParams: URLSearchParams } {
  if (!/^\/(?!\/)/.test(target)) throw new AdminError(400, "The request target is malformed.", "Request a path.");
  const mark = target.indexOf("?");
  if (mark < 0) return { pathname: target, searchParams: new URLSearchParams() };
  return { pathname: target.slice(0, mark), searchParams: new URLSearchParams(target.slice(mark)) };
}

/** Sends piece by piece and lets other work run in between: with thousands of routes this is tens of megabytes. */
async function sendMetrics(request: IncomingMessage, response: ServerResponse, registry: Registry): Promise<void> {
  const format = negotiateExposition(request.headers.accept);
  response.writeHead(200, { "Content-Type": expositionContentTypes[format] });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  await pipeline(async function* () {
    for (const piece of renderExposition(registry, format)) {
      yield piece;
      await setImmediate();
    }
  }, response);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8" });
  response.end(`${JSON.stringify(body)}\n`);
}

function sendText(response: ServerResponse, body: string): void {
  response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8" });
  response.end(body);
}

/** What the client did wrong becomes a JSON error; what we did wrong is logged and says no more than that. */
function fail(response: ServerResponse, error: unknown, log: Logger): void {
  if (response.destroyed) return;
  const known = error instanceof AdminError;
  if (!known) log.error("The admin endpoint failed to respond.", { error });
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body: ErrorAnswer = known
    ? { error: error.message, fix: error.fix }
    : { error: "Internal error.", fix: "The log of the process has the details." };
  if (known && error.status === 401) response.setHeader("WWW-Authenticate", "Bearer");
  sendJson(response, known ? error.status : 500, body);
}

function renderIndex(): string {
  const rows: (readonly [path: string, does: string])[] = [
    ["/livez", "200 while the process runs"],
    ["/readyz", "200 while ready for traffic, else 503 with the reason"],
    ["/metrics", "Prometheus or OpenMetrics"],
  ];
  for (const [path, { does, parameters }] of Object.entries(jsonEndpoints)) {
    rows.push([path, parameters.length === 0 ? does : `${does}; ?${parameters.join("=&")}=`]);
  }
  return `Sluice\n\nWhat follows /metrics is for callers on the same machine or with the token alone.\n\n${rows.map(([path, does]) => `${path.padEnd(12)}${does}`).join("\n")}\n`;
}

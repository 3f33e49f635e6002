/** One request through a gateway on a connection of its own, and asking until the answer is the expected one. */
import assert from "node:assert/strict";
import { type IncomingHttpHeaders, request as plainRequest, type RequestOptions } from "node:http";
import { request as tlsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { patienceMs } from "./cluster.ts";

export type GatewayRequest = {
  readonly address: string;
  /** Default: 80, or 443 with `tls`. */
  readonly port?: number;
  readonly host: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Over TLS, trusting this authority; the server name is `host`. */
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string };
};

export type GatewayAnswer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** What echo-basic says about the request that reached it. */
export type Echo = {
  readonly path: string;
  readonly host: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly namespace: string;
  readonly service: string;
  readonly pod: string;
  readonly tls?: { readonly serverName: string; readonly peerCertificates?: readonly string[] };
};

const requestTimeoutMs = 15_000;
/** As often in a row, as the official suite wants it: one proxy of several may lag behind. */
const timesInRow = 3;
const askAgainMs = 50;

/** Rejects when the connection fails or nothing comes for {@link requestTimeoutMs}. */
export function ask(request: GatewayRequest): Promise<GatewayAnswer> {
  const { address, host, path = "/", method = "GET", headers = {}, body, tls } = request;
  const options: RequestOptions = {
    ...{ host: address, port: request.port ?? (tls === undefined ? 80 : 443), path, method, agent: false },
    headers: { host, ...headers, ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }) },
    timeout: requestTimeoutMs,
  };
  const { promise, resolve, reject } = Promise.withResolvers<GatewayAnswer>();
  const outgoing = tls === undefined ? plainRequest(options) : tlsRequest({ ...options, ...tls, servername: host });
  outgoing.once("error", reject);
  outgoing.once("timeout", () => outgoing.destroy(new Error(`no answer within ${requestTimeoutMs / 1000} s`)));
  outgoing.once("response", (response) => {
    const parts: Buffer[] = [];
    response.on("data", (part: Buffer) => parts.push(part));
    response.once("error", reject);
    response.once("end", () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString() }),
    );
  });
  outgoing.end(body);
  return promise;
}

/** The request as echo-basic received it. Throws when the answer is not echo-basic's. */
export function echoOf({ status, body }: GatewayAnswer): Echo {
  assert.equal(status, 200, body);
  return JSON.parse(body) as Echo;
}

/** Value of a header that the backend received; several are joined by `, `. */
export function echoedHeader(echo: Echo, name: string): string | undefined {
  const found = Object.entries(echo.headers).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return found?.[1].join(", ");
}

/** Asks until the check holds three times in a row, and resolves to the last answer; throws as the check last did. */
export async function askUntil(
  request: GatewayRequest | (() => Promise<GatewayRequest>),
  check: (answer: GatewayAnswer) => void,
  timeoutMs: number = patienceMs,
): Promise<GatewayAnswer> {
  const end = performance.now() + timeoutMs;
  for (let inRow = 0; ; ) {
    try {
      const answer = await ask(typeof request === "function" ? await request() : request);
      check(answer);
      if (++inRow === timesInRow) return answer;
    } catch (error) {
      if (performance.now() > end) throw error;
      inRow = 0;
      await sleep(askAgainMs);
    }
  }
}

/** A check for {@link askUntil}. */
export function hasStatus(status: number): (answer: GatewayAnswer) => void {
  return (answer) => assert.equal(answer.status, status, answer.body.slice(0, 500));
}

import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { WebAnswer, WebRequest, WebRequests } from "../filter/contract/web-request.ts";
import type { AddressGuard } from "./upstream/address-guard.ts";

/** Requests by URL to addresses that the guard permits. */
export function webRequests(guard: AddressGuard): WebRequests {
  return { ask: (request) => ask(guard, request) };
}

async function ask(guard: AddressGuard, { url, method, headers, body, ...bounds }: WebRequest): Promise<WebAnswer> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const refusal = guard.refusal(host);
  if (refusal !== undefined) throw refusal;
  const send = url.protocol === "https:" ? requestHttps : requestHttp;
  const signal = AbortSignal.timeout(bounds.timeoutMs);
  return new Promise((resolve, reject) => {
    const length = body === "" ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const options = { method, headers: { ...headers, ...length }, lookup: guard.lookup, signal, agent: false } as const;
    const sent: ClientRequest = send(url, options, (answer) => {
      collect(answer, bounds.maxAnswerBytes).then(resolve, (error: unknown) => {
        sent.destroy();
        reject(error);
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function collect(answer: IncomingMessage, maxBytes: number): Promise<WebAnswer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer) {
    size += (part as Buffer).length;
    if (size > maxBytes) throw new RangeError(`the answer is larger than ${maxBytes} bytes`);
    parts.push(part as Buffer);
  }
  const headers = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value) => [name, value] as const),
  );
  return { status: answer.statusCode ?? 0, headers, content: Buffer.concat(parts) };
}

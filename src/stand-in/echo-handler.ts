import type { IncomingMessage, ServerResponse } from "node:http";

/** Which Service a stand-in answers for. */
export type StubIdentity = { readonly namespace: string; readonly service: string; readonly port: number };

/** The body of a stand-in's answer. */
export type EchoAnswer = {
  readonly service: string;
  readonly namespace: string;
  readonly port: number;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly host: string;
    readonly headers: Readonly<Record<string, string>>;
    /** Length of the request's body, which is read and dropped. */
    readonly bodyBytes: number;
  };
};

/** The longest that `x-stub-delay-ms` may ask for. */
const delayLimitMs = 60_000;

/**
 * Answers with the request as the backend saw it, once its body has arrived. The status is 200, or what the request's
 * `x-stub-status` asks for (200 to 599); `x-stub-delay-ms` makes the stand-in slow (at most a minute).
 */
export function echoHttp(identity: StubIdentity, request: IncomingMessage, response: ServerResponse): void {
  let bodyBytes = 0;
  request.on("data", (chunk: Buffer) => {
    bodyBytes += chunk.length;
  });
  request.on("error", () => response.destroy());
  request.on("end", () => {
    const body = echoAnswer(identity, {
      method: request.method ?? "",
      path: request.url ?? "",
      host: request.headers.host ?? "",
      headers: flatHeaders(request),
      bodyBytes,
    });
    const send = () => {
      response.writeHead(askedNumber(request, "x-stub-status", { min: 200, max: 599 }) ?? 200, {
        "content-type": "application/json",
        "content-length": body.length,
      });
      response.end(body);
    };
    const delayMs = askedNumber(request, "x-stub-delay-ms", { min: 1, max: delayLimitMs });
    if (delayMs === undefined) return send();
    const timer = setTimeout(send, delayMs);
    response.on("close", () => clearTimeout(timer));
  });
}

/** The body of the answer to a request. */
export function echoAnswer(identity: StubIdentity, request: EchoAnswer["request"]): Buffer {
  const { service, namespace, port } = identity;
  const answer: EchoAnswer = { service, namespace, port, request };
  return Buffer.from(`${JSON.stringify(answer)}\n`);
}

function flatHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(", ")]));
}

/** A number from a request header; `undefined` when it is absent, not a number, or out of bounds. */
function askedNumber(
  request: IncomingMessage,
  header: string,
  bounds: { readonly min: number; readonly max: number },
): number | undefined {
  const text = request.headers[header];
  if (typeof text !== "string" || !/^\d{1,6}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= bounds.min && value <= bounds.max ? value : undefined;
}

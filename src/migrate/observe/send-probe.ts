import { createHash } from "node:crypto";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { connect as connectTls, createSecureContext } from "node:tls";
import type { Observation } from "../verify/observation.ts";
import { hostnameOf, type Probe } from "../verify/probe.ts";
import { type SeenByBackend, seenHeader } from "./echo-services.ts";

/** After this the answer is not waited for. Milliseconds. */
const patienceMs = 10_000;

/** Headers of answers and of requests at backends that are another each time, or speak of the connection. */
const unlisted: ReadonlySet<string> = new Set([
  "date",
  "connection",
  "keep-alive",
  "content-length",
  "transfer-encoding",
  "traceparent",
  "tracestate",
  "host",
  seenHeader,
]);
const random = /\b(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/g;

/** One for all connections: it holds nothing of theirs, as certificates are not verified. */
const trustingNobody = createSecureContext();

export type ProbeTarget = {
  readonly host: string;
  readonly port: number;
  /** `told`: a PROXY header tells of the client that the probe names. `own`: it is who this process is. */
  readonly client: "told" | "own";
};

/** Sends it, and reads the answer. */
export function sendProbe(probe: Probe, target: ProbeTarget): Promise<Observation> {
  return new Promise((resolve) => {
    const socket = open(probe, target);
    const none = (error: NodeJS.ErrnoException): void => {
      socket.destroy();
      resolve({ kind: "none", reason: error.code ?? error.message });
    };
    socket.on("error", none);
    let asked: ClientRequest;
    try {
      asked = request({
        createConnection: () => socket,
        method: probe.method,
        path: probe.target,
        setHost: false,
        headers: [["Host", probe.host], ...probe.headers].flat() as string[],
        timeout: patienceMs,
      });
    } catch (error) {
      none(error as NodeJS.ErrnoException);
      return;
    }
    asked.on("error", none);
    asked.on("timeout", () => asked.destroy(new Error("timeout")));
    asked.on("response", (response) => {
      const digest = createHash("sha256");
      response.on("data", (chunk: Buffer) => digest.update(chunk));
      response.on("error", none);
      response.on("end", () => {
        socket.destroy();
        resolve(observationOf(response, digest.digest("hex").slice(0, 16)));
      });
    });
    asked.end();
  });
}

function open(probe: Probe, { host, port, client }: ProbeTarget): Socket {
  const socket = connect({ host, port, noDelay: true });
  if (client === "told") {
    const [family, gateway] = probe.client.includes(":") ? ["TCP6", "::1"] : ["TCP4", "127.0.0.1"];
    socket.write(`PROXY ${family} ${probe.client} ${gateway} 40000 ${probe.scheme === "https" ? 443 : 80}\r\n`);
  }
  if (probe.scheme === "http") return socket;
  const tls = connectTls({
    socket,
    servername: hostnameOf(probe),
    rejectUnauthorized: false,
    secureContext: trustingNobody,
    ALPNProtocols: ["http/1.1"],
  });
  // It would tell of any end before the handshake as of a reset.
  socket.on("error", (error) => tls.destroy(error));
  return tls;
}

function observationOf({ statusCode = 0, headers }: IncomingMessage, digest: string): Observation {
  const encoded = headers[seenHeader];
  const seen =
    typeof encoded === "string" ? (JSON.parse(Buffer.from(encoded, "base64").toString()) as SeenByBackend) : undefined;
  const listed = listedHeaders(headers);
  // The page of an answer of the gateway's own is no part of the configuration.
  if (seen === undefined) delete listed["content-type"];
  return {
    kind: "answer",
    status: statusCode,
    headers: listed,
    digest,
    seen: seen && { target: seen.target, host: seen.host, headers: listedHeaders(seen.headers) },
  };
}

function listedHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      unlisted.has(name) || value === undefined ? [] : [[name, [value].flat().join(", ").replace(random, "<random>")]],
    ),
  );
}

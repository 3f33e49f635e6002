/** Filters of a test's own in a real plane, and exchanges through it for every pair of protocols. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, request as requestHttp1, type Server } from "node:http";
import { constants } from "node:http2";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { BuiltFilter, FilterServices } from "../../src/filter/contract/build.ts";
import { built } from "../../src/filter/contract/build.ts";
import type { FilterHook } from "../../src/filter/contract/hook.ts";
import { type BuildAnyFilter, buildProxyFilter } from "../../src/filter/proxy-filters.ts";
import type { Filter } from "../../src/ir/filter.ts";
import type { EmbeddedPlaneOptions } from "../../src/proxy/embedded-plane-options.ts";
import { clearClient, type Http2Client } from "./http2-client.ts";
import { Http2Server } from "./http2-upstream-server.ts";
import type { TestBackend, TestRule } from "./model-builder.ts";
import { type PlaneFixture, startRules } from "./plane-fixture.ts";

/** A filter of a test's own: what it is built of by its name. */
export type LabFilter = (services: FilterServices, previous: unknown) => BuiltFilter;
export type LabFilters = Readonly<Record<string, LabFilter>>;

/** The model's word for a filter of the test's own. */
export function labFilter(name: string): Filter {
  return { kind: "directResponse", status: 599, reason: name };
}

/** Builds filters of the test's own, and all others as ever. */
export function buildWith(filters: LabFilters): BuildAnyFilter {
  return (filter, services, previous) => {
    const own = filter.kind === "directResponse" ? filters[filter.reason] : undefined;
    return own === undefined ? buildProxyFilter(filter, services, previous) : own(services, previous);
  };
}

export type Protocol = "http1" | "http2";
export type Pair = { readonly client: Protocol; readonly backend: Protocol };
export const pairs: readonly Pair[] = [
  { client: "http1", backend: "http1" },
  { client: "http1", backend: "http2" },
  { client: "http2", backend: "http1" },
  { client: "http2", backend: "http2" },
];

/** A test of its own for each pair of protocols. */
export function testPairs(name: string, run: (pair: Pair) => Promise<void>): void {
  for (const pair of pairs) test(`${name}: ${pair.client} to ${pair.backend}`, () => run(pair));
}

/** A request as the backend got it. */
export type Arrived = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string };
export type BackendAnswer = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly pieces?: readonly (string | Buffer)[];
  readonly trailers?: Readonly<Record<string, string>>;
  /** It never comes. */
  readonly silent?: boolean;
  /** It stops behind the pieces. */
  readonly breaks?: boolean;
};

/** A backend of either protocol, of Node's own. */
export class LabBackend implements AsyncDisposable {
  readonly arrived: Arrived[] = [];
  readonly port: number;
  readonly #close: () => Promise<void>;

  private constructor(port: number, close: () => Promise<void>) {
    this.port = port;
    this.#close = close;
  }

  static async start(protocol: Protocol, answer: (request: Arrived) => BackendAnswer): Promise<LabBackend> {
    let lab: LabBackend | undefined;
    const take = (path: string, headers: IncomingHttpHeaders, body: string): BackendAnswer => {
      const arrived = { path, headers, body };
      lab!.arrived.push(arrived);
      return answer(arrived);
    };
    if (protocol === "http2") {
      const server = await Http2Server.start(async ({ headers, stream }) => {
        const body: Buffer[] = [];
        try {
          for await (const chunk of stream) body.push(chunk as Buffer);
        } catch {
          return;
        }
        const said = take(String(headers[":path"]), headers, Buffer.concat(body).toString());
        if (said.silent) return;
        stream.respond(
          { ":status": said.status ?? 200, ...said.headers },
          { waitForTrailers: said.trailers !== undefined },
        );
        if (said.trailers !== undefined) stream.on("wantTrailers", () => stream.sendTrailers({ ...said.trailers }));
        for (const piece of headers[":method"] === "HEAD" ? [] : (said.pieces ?? [])) {
          if (!stream.write(piece)) await once(stream, "drain");
          await new Promise((later) => setImmediate(later));
        }
        if (said.breaks) stream.destroy(new Error("broken off"));
        else stream.end();
      });
      lab = new LabBackend(server.port, () => server[Symbol.asyncDispose]());
      return lab;
    }
    const server: Server = createServer(async (request, response) => {
      const body: Buffer[] = [];
      try {
        for await (const chunk of request) body.push(chunk as Buffer);
      } catch {
        return;
      }
      const said = take(request.url ?? "", request.headers, Buffer.concat(body).toString());
      if (said.silent) return;
      response.writeHead(said.status ?? 200, {
        ...(said.trailers === undefined ? {} : { trailer: Object.keys(said.trailers).join() }),
        ...said.headers,
      });
      for (const piece of said.pieces ?? []) {
        response.write(piece);
        await new Promise((later) => setImmediate(later));
      }
      if (said.breaks) {
        response.destroy();
        return;
      }
      if (said.trailers !== undefined) response.addTrailers({ ...said.trailers });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    lab = new LabBackend((server.address() as AddressInfo).port, async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    });
    return lab;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

export type Asked = {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Sent one by one, without a length. */
  readonly pieces?: readonly (string | Buffer)[];
  /** The client leaves when this settles. */
  readonly until?: Promise<unknown>;
};

export type Answered = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, string | string[] | undefined>>;
};

/** Sends one request and reads its answer; rejects when either breaks. */
export async function ask(protocol: Protocol, port: number, asked: Asked = {}): Promise<Answered> {
  return protocol === "http1" ? askHttp1(port, asked) : askHttp2(port, asked);
}

function askHttp1(port: number, asked: Asked): Promise<Answered> {
  const {
    method = (asked.body ?? asked.pieces) ? "POST" : "GET",
    path = "/",
    headers = {},
    body,
    pieces,
    until,
  } = asked;
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const request = requestHttp1({
      port,
      method,
      path,
      agent: false,
      headers: { host: "app.example.test", ...length, ...headers },
    });
    request.on("error", reject);
    request.on("response", async (response) => {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        const { statusCode: status = 0, headers: received, trailers } = response;
        resolve({ status, headers: received, body: Buffer.concat(chunks), trailers });
      } catch (error) {
        reject(error);
      }
    });
    // A half-close would be no more than the end of the request.
    void until?.then(() => request.socket?.resetAndDestroy());
    void sendPieces(request, body, pieces);
  });
}

async function askHttp2(port: number, asked: Asked): Promise<Answered> {
  const {
    method = (asked.body ?? asked.pieces) ? "POST" : "GET",
    path = "/",
    headers = {},
    body,
    pieces,
    until,
  } = asked;
  const client: Http2Client = clearClient(port);
  try {
    const stream = client.session.request(
      {
        ":authority": "app.example.test",
        ":method": method,
        ":path": path,
        ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
        ...headers,
      },
      { endStream: body === undefined && pieces === undefined },
    );
    const broken = new Promise<never>((_, reject) => stream.on("error", reject));
    broken.catch(() => {});
    void until?.then(() => stream.close(constants.NGHTTP2_CANCEL));
    let head: Answered["headers"] = {};
    let trailers: Answered["headers"] = {};
    stream.on("response", (received) => {
      head = received as Answered["headers"];
    });
    stream.on("trailers", (received) => {
      trailers = received as Answered["headers"];
    });
    if (body !== undefined || pieces !== undefined) void sendPieces(stream, body, pieces);
    const chunks: Buffer[] = [];
    const reading = (async () => {
      for await (const chunk of stream) chunks.push(chunk as Buffer);
    })();
    reading.catch(() => {});
    await Promise.race([reading, broken]);
    return { status: Number(head[":status"]), headers: head, body: Buffer.concat(chunks), trailers };
  } finally {
    // What says that the client has left is still to be sent.
    if (until === undefined) client.session.destroy();
    else client.session.close();
  }
}

async function sendPieces(
  out: { write(piece: string | Buffer): boolean; end(body?: string | Buffer): unknown; readonly destroyed: boolean },
  body: string | Buffer | undefined,
  pieces: readonly (string | Buffer)[] | undefined,
): Promise<void> {
  for (const piece of pieces ?? []) {
    if (out.destroyed) return;
    out.write(piece);
    await new Promise((later) => setImmediate(later));
  }
  if (!out.destroyed) out.end(body);
}

/** A filter that is nothing but these hooks. */
export function hooksOnly(...hooks: readonly FilterHook[]): LabFilter {
  return () => built(...hooks);
}

/** A plane with one rule whose filters are the test's own, in their order. */
export function startLab(
  backend: { readonly protocol: Protocol; readonly port: number },
  filters: LabFilters,
  more: {
    readonly rule?: Partial<TestRule>;
    readonly others?: readonly TestBackend[];
    readonly options?: Partial<EmbeddedPlaneOptions>;
  } = {},
): Promise<PlaneFixture> {
  return startRules(
    [
      {
        name: "app",
        filters: Object.keys(filters).map(labFilter),
        backends: [{ name: "app", ports: [backend.port], cluster: { protocol: backend.protocol } }],
        others: more.others ?? [],
        ...more.rule,
      },
    ],
    { buildFilter: buildWith(filters), ...more.options },
  );
}

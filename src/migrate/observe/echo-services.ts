/** Stands in for every Service of both sides: tells in a header of each answer what it was asked. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { EndpointsKey } from "../../ir/cluster.ts";
import type { EndpointTable } from "../../ir/endpoint-table.ts";

/** Of answers; its value is what {@link SeenByBackend} says, as JSON in base64. */
export const seenHeader = "x-probe-seen";

export type SeenByBackend = {
  readonly target: string;
  readonly host: string;
  /** By lower-case name; several values joined. */
  readonly headers: Readonly<Record<string, string>>;
};

export class EchoServices implements AsyncDisposable {
  readonly #servers = new Map<EndpointsKey, Promise<Server>>();

  /** An endpoint for each key. Those in `authorisers` let requests in that have a bearer token, as authorisation services do. */
  async endpoints(keys: ReadonlySet<EndpointsKey>, authorisers: ReadonlySet<EndpointsKey>): Promise<EndpointTable> {
    const rows = await Promise.all(
      [...keys].map(async (key) => {
        const server = await this.#serverOf(key, authorisers.has(key) ? authorise : echo);
        const { address, port } = server.address() as AddressInfo;
        return [key, [{ address, port }]] as const;
      }),
    );
    return Object.fromEntries(rows);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of await Promise.all(this.#servers.values())) {
      server.close();
      server.closeAllConnections();
    }
  }

  #serverOf(key: EndpointsKey, handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
    const known = this.#servers.get(key);
    if (known) return known;
    const opening = new Promise<Server>((resolve, reject) => {
      const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
        request.resume();
        handle(request, response);
      });
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(server));
    });
    this.#servers.set(key, opening);
    return opening;
  }
}

function echo(request: IncomingMessage, response: ServerResponse): void {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(", ")]),
  );
  const seen: SeenByBackend = { target: request.url ?? "", host: request.headers.host ?? "", headers };
  response.writeHead(200, {
    "Content-Type": "text/plain",
    "Set-Cookie": "probe=1; Path=/",
    [seenHeader]: Buffer.from(JSON.stringify(seen)).toString("base64"),
  });
  response.end("probe\n");
}

function authorise(request: IncomingMessage, response: ServerResponse): void {
  const admitted = request.headers.authorization?.startsWith("Bearer ") === true;
  response.writeHead(
    admitted ? 200 : 401,
    admitted ? { "X-Auth-Request-User": "probe" } : { "WWW-Authenticate": "Bearer" },
  );
  response.end();
}

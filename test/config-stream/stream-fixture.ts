import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlaneState } from "../../src/config-stream/protocol.ts";
import {
  issueClient,
  issueServer,
  nextAuthority,
  type StreamCertificate,
} from "../../src/config-stream/stream-authority.ts";
import { StreamClient, type StreamClientOptions } from "../../src/config-stream/stream-client.ts";
import { StreamServer, type StreamServerOptions } from "../../src/config-stream/stream-server.ts";
import { createLogger, type Logger } from "../../src/telemetry/log.ts";
import { buildUpdate, type TestListener } from "../plane/model-builder.ts";

export const { authority } = nextAuthority(undefined, Date.now());
/** Of the Gateway and data plane that `buildUpdate` makes. */
export const demoWeb = { namespace: "demo", name: "web" };

export const serverCertificate = (): StreamCertificate => issueServer(authority, ["127.0.0.1"], Date.now());
export const clientCertificate = (identity = demoWeb): StreamCertificate =>
  issueClient(authority, identity, Date.now());

/** A logger whose lines are kept. */
export function keptLog(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  return { lines, log: createLogger({ write: (line) => lines.push(line), level: "debug" }) };
}

export type RunningServer = AsyncDisposable & { readonly server: StreamServer; readonly port: number };

/** A server that serves, on a free port or the given one. */
export async function startServer(
  options: Partial<StreamServerOptions> & { port?: number } = {},
): Promise<RunningServer> {
  const { port = 0, ...rest } = options;
  const server = new StreamServer({ certificate: serverCertificate(), log: keptLog().log, ...rest });
  const bound = await server.listen({ host: "127.0.0.1", port });
  server.startServing();
  return { server, port: bound.port, [Symbol.asyncDispose]: () => server.close() };
}

export type RunningClient = AsyncDisposable & {
  readonly client: StreamClient;
  readonly states: PlaneState[];
  readonly hashes: string[];
  readonly lines: string[];
};

/** A client that keeps what it is told and retries at once. */
export function startClient(ports: readonly number[], options: Partial<StreamClientOptions> = {}): RunningClient {
  const states: PlaneState[] = [];
  const hashes: string[] = [];
  const { log, lines } = keptLog();
  const certificate = clientCertificate();
  const client = new StreamClient({
    controllers: ports.map((port) => ({ host: "127.0.0.1", port })),
    readCertificate: async () => certificate,
    proxy: "web-1",
    version: "test",
    onState: ({ state, hash }) => {
      states.push(state);
      hashes.push(hash);
    },
    log,
    ...options,
  });
  return { client, states, hashes, lines, [Symbol.asyncDispose]: () => client.close() };
}

/** A state with these listeners. */
export function stateOf(listeners: readonly TestListener[]): PlaneState {
  const { routing, endpoints } = buildUpdate(listeners);
  return { routing, endpoints, secrets: {}, settings: {} };
}

/** A state with one rule, told apart by its name. */
export const namedState = (name: string): PlaneState =>
  stateOf([{ name: "http", port: 80, rules: [{ name, backends: [] }] }]);

/** The name of the rule in a state of {@link namedState}. */
export const ruleName = (state: PlaneState | undefined): string | undefined =>
  Object.values(state?.routing.gateways[0]?.httpRules ?? {})[0]?.name;

export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "sluice-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

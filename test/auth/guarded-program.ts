/** The real program in front of backends of the test's own, which stand on an address of this machine that is not loopback. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { SluiceProcess } from "../cli/sluice-process.ts";

/** Where endpoints are: the program dials no loopback addresses. */
export const address = (() => {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const found = all.find(({ family, internal }) => family === "IPv4" && !internal);
  if (found === undefined) throw new Error("this machine has no IPv4 address but loopback");
  return found.address;
})();

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on {@link address}. */
export class TestServer implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(handler: Handler, port = 0): Promise<TestServer> {
    const server = createServer(handler);
    await new Promise<void>((resolve, reject) => {
      server.on("error", reject);
      server.listen(port, address, resolve);
    });
    return new TestServer(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((closed) => this.#server.close(closed));
  }
}

/** Manifests of a Gateway with one HTTP listener, and of a Service for each port of {@link address}. */
function baseManifests(services: Readonly<Record<string, number>>): string {
  const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: sluice }
spec: { controllerName: sluice.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  gatewayClassName: sluice
  listeners: [{ name: web, port: 80, protocol: HTTP }]`;
  const objects = Object.entries(services).map(
    ([name, port]) => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { ports: [{ port: 80, targetPort: ${port} }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}, namespace: shop, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ port: ${port}, protocol: TCP }]
endpoints: [{ addresses: ["${address}"] }]`,
  );
  return [gateway, ...objects].join("\n---\n");
}

/** The program with these manifests in force; `port` is that of its listener. */
export class GuardedProgram implements AsyncDisposable {
  readonly port: number;
  /** `address:port` of the admin endpoint. */
  readonly admin: string;
  readonly #process: SluiceProcess;
  readonly #folder: string;

  private constructor(process: SluiceProcess, folder: string, at: { readonly port: number; readonly admin: string }) {
    this.#process = process;
    this.#folder = folder;
    this.port = at.port;
    this.admin = at.admin;
  }

  static async start(services: Readonly<Record<string, number>>, manifests: string): Promise<GuardedProgram> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-auth-"));
    writeFileSync(join(folder, "base.yaml"), baseManifests(services));
    writeFileSync(join(folder, "own.yaml"), manifests);
    const program = await SluiceProcess.start(["run", folder, "--map-port", "80:0"]);
    const { admin } = await program.ready();
    return new GuardedProgram(program, folder, { port: await program.localPort(80), admin });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

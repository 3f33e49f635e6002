/** What the judge goes through: two gateways with one key, a provider that can be stopped, a backend that tells what it got. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { request as requestHttps } from "node:https";
import { type AddressInfo, createServer as createNetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { SluiceProcess } from "../cli/sluice-process.ts";
import { makeCertificate } from "../test-certificate.ts";
import { clientSecret, judgeManifests, logins } from "./manifests.ts";

type Grant = { readonly granted?: string; readonly refused?: string };

export class Judge implements AsyncDisposable {
  /** Of the two gateways. */
  readonly ports: readonly [number, number];
  readonly grants: Grant[] = [];
  readonly #folder: string;
  readonly #echo: Server;
  readonly #gateways: readonly SluiceProcess[];
  readonly #provider: ChildProcess;

  private constructor(
    parts: { readonly folder: string; readonly echo: Server; readonly gateways: readonly SluiceProcess[] },
    ports: readonly [number, number],
    provider: ChildProcess,
  ) {
    this.#folder = parts.folder;
    this.#echo = parts.echo;
    this.#gateways = parts.gateways;
    this.ports = ports;
    this.#provider = provider;
  }

  static async start(providerModule: string): Promise<Judge> {
    const folder = await mkdtemp(join(tmpdir(), "sluice-oidc-"));
    const echo = await startEcho();
    const providerPort = await freePort();
    const issuer = `http://127.0.0.1:${providerPort}`;
    const hosts = ["app.test", "second.test", "strict.test", "form.test", "partner.test"];
    const manifests = join(folder, "gateway.yaml");
    const key = join(folder, "session.key");
    await writeFile(manifests, judgeManifests(makeCertificate({ names: hosts }), issuer, portOf(echo)));
    await writeFile(key, "the same key for both gateways: 32 bytes or more", { mode: 0o600 });
    const args = ["run", manifests, "--map-port", "443:0", "--session-key-file", key];
    const gateways = [await SluiceProcess.start(args), await SluiceProcess.start(args)];
    const [first = 0, second = 0] = await Promise.all(gateways.map((gateway) => gateway.localPort(443)));
    const clients = Object.values(logins).map(({ clientId, host }) => ({
      client_id: clientId,
      client_secret: clientSecret,
      grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: [first, second].map((port) => `https://${host}:${port}/oauth2/callback`),
      post_logout_redirect_uris: [first, second].map((port) => `https://${host}:${port}/`),
    }));
    const script = join(import.meta.dirname, "provider.ts");
    const argv = [script, providerModule, String(providerPort), JSON.stringify(clients)];
    const provider = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "ignore"] });
    const judge = new Judge({ folder, echo, gateways }, [first, second], provider);
    await new Promise<void>((resolve, reject) => {
      provider.once("exit", (code) => reject(new Error(`the provider ended with ${code}`)));
      createInterface({ input: provider.stdout }).on("line", (line) => {
        // The rest is the provider's own advice.
        if (!line.startsWith("{")) return;
        const event = JSON.parse(line) as Grant & { readonly listening?: string };
        if (event.listening === undefined) judge.grants.push(event);
        else resolve();
      });
    });
    return judge;
  }

  /** SIGSTOP: it accepts connections and says nothing; SIGCONT; SIGKILL. */
  signalProvider(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
    this.#provider.kill(signal);
  }

  countGrants(type: string): number {
    return this.grants.filter(({ granted }) => granted === type).length;
  }

  /** A request of no browser to a gateway. */
  async ask(
    host: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    gateway: 0 | 1 = 0,
  ): Promise<{ readonly status: number; readonly location: URL | undefined; readonly body: string }> {
    const port = this.ports[gateway];
    return new Promise((resolve, reject) => {
      const options = {
        host: "127.0.0.1",
        port,
        path,
        servername: host,
        rejectUnauthorized: false,
        headers: { host: `${host}:${port}`, ...headers },
        agent: false,
      } as const;
      const sent = requestHttps(options, (answer) => {
        let body = "";
        answer.on("data", (part: Buffer) => {
          body += part.toString();
        });
        answer.on("end", () => {
          const { location } = answer.headers;
          resolve({
            status: answer.statusCode ?? 0,
            location: location === undefined ? undefined : new URL(location),
            body,
          });
        });
      });
      sent.on("error", reject);
      sent.end();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#provider.exitCode === null && this.#provider.signalCode === null) {
      this.#provider.kill("SIGKILL");
      await once(this.#provider, "exit");
    }
    for (const gateway of this.#gateways) await gateway[Symbol.asyncDispose]();
    this.#echo.close();
    this.#echo.closeAllConnections();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Answers with method, target and headers, as JSON in a page; `/form` has a form that is sent to `?to=`. */
async function startEcho(): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    const { searchParams, pathname } = new URL(request.url ?? "/", "http://echo");
    const told = JSON.stringify({ method: request.method, url: request.url, headers: request.headers });
    const page =
      pathname === "/open/form"
        ? `<form method="post" action="${searchParams.get("to")}"><button>send</button></form>`
        : `<pre id="told">${told.replaceAll("<", "&lt;")}</pre>`;
    response.writeHead(200, { "content-type": "text/html" }).end(page);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function portOf(server: { address(): AddressInfo | string | null }): number {
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createNetServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = portOf(server);
  server.close();
  await once(server, "close");
  return port;
}

/** Who issues tokens in tests: keys, tokens of any make, and a server of the key set that can rotate, stall, fail and die. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";
import type { JwtFilter, JwtProvider } from "../../src/ir/jwt.ts";
import { readJwks } from "../../src/ir/read-jwks.ts";

export const issuer = "https://login.example.test/";

/** A key of an issuer. */
export type IssuerKey = {
  readonly kid: string;
  readonly alg: string;
  readonly key: CryptoKey;
  readonly jwk: JWK;
  readonly spki: string;
};

export async function makeKey(kid: string, alg = "ES256"): Promise<IssuerKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: "sig" };
  return { kid, alg, key: privateKey, jwk, spki: await exportSPKI(publicKey) };
}

/** A token as it should be, but for what the test wants otherwise; a claim that is `undefined` is left out. */
export function issue(
  { kid, alg, key }: IssuerKey,
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const all = { iss: issuer, aud: "shop", sub: "ann", iat: now, exp: now + 600, ...claims };
  const payload = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as JWTPayload;
  return new SignJWT(payload).setProtectedHeader({ alg, kid, ...header }).sign(key);
}

/** A token of these parts, whatever they are. */
export function assemble(header: unknown, payload: unknown, signature = ""): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part(header)}.${part(payload)}.${signature}`;
}

export function keySet(...keys: readonly IssuerKey[]): string {
  return JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
}

export function provider(keys: readonly IssuerKey[], more: Partial<JwtProvider> = {}): JwtProvider {
  return {
    name: "login",
    issuer,
    audiences: ["shop"],
    keys: { kind: "local", keys: readJwks(keySet(...keys)) ?? [] },
    claimToHeaders: [],
    headers: [{ name: "authorization", valuePrefix: "Bearer " }],
    params: ["access_token"],
    cookies: [],
    ...more,
  };
}

export function jwtFilter(providers: readonly JwtProvider[], more: Partial<JwtFilter> = {}): JwtFilter {
  return { kind: "jwt", optional: false, failOpen: false, providers, ...more };
}

/** What a key server does with a request. */
type Answer = (response: ServerResponse) => void;

/** A server of key sets over HTTP. */
export class KeyServer implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  /** Requests so far. */
  asked = 0;
  /** Heads of them, as `Host` and target. */
  readonly targets: string[] = [];
  answer: Answer;

  private constructor(server: Server, answer: Answer) {
    this.#server = server;
    this.answer = answer;
    this.port = (server.address() as AddressInfo).port;
    server.on("request", (request, response) => {
      this.asked++;
      this.targets.push(`${request.headers.host}${request.url}`);
      this.answer(response);
    });
  }

  static async start(answer: Answer, port = 0): Promise<KeyServer> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.on("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
    return new KeyServer(server, answer);
  }

  /** Answers with these keys from now on. */
  publish(...keys: readonly IssuerKey[]): void {
    this.answer = publishing(...keys);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((closed) => this.#server.close(closed));
  }
}

export function publishing(...keys: readonly IssuerKey[]): Answer {
  return (response) => response.setHeader("content-type", "application/json").end(keySet(...keys));
}

export function remoteProvider(more: Partial<Extract<JwtProvider["keys"], { kind: "remote" }>> = {}): JwtProvider {
  return provider([], {
    keys: {
      kind: "remote",
      clusters: ["demo/keys:80"],
      host: "login.example.test",
      target: "/jwks.json?v=1",
      cacheMs: 300_000,
      failedRefetchMs: 1_000,
      ...more,
    },
  });
}

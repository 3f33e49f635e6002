/** An OpenID provider of a test's own, on a port of 127.0.0.1: it logs everybody in at once, and errs where a test wants it to. */
import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Claims = Readonly<Record<string, unknown>>;

/** What a test may turn at any time. */
export type ProviderSettings = {
  /** Who logs in. */
  user: string;
  /** Of access tokens; `undefined`: the provider does not say. Seconds. */
  expiresIn: number | undefined;
  /** Refresh tokens are issued. */
  refreshes: boolean;
  /** Refresh tokens are good for one use; otherwise a refresh brings none, and the first one goes on. */
  rotates: boolean;
  /** Answers of the token endpoint. `dead`: its connections are closed. */
  tokens: "good" | "dead" | "silent" | "garbage";
  /** Over the claims of id tokens. */
  claims: Claims;
  /** Of the header of id tokens. */
  alg: string;
  /** What signs id tokens. */
  signer: "own" | "stranger";
  /** What the login page answers with. */
  error: string | undefined;
  /** Padding of access tokens. Characters. */
  padding: number;
};

type Code = { readonly parameters: URLSearchParams; readonly user: string };

/** A question to the token endpoint. */
export type TokenQuestion = { readonly form: URLSearchParams; readonly authorization: string };

export const clientId = "office";
export const clientSecret = "s3cret";

export class TestProvider implements AsyncDisposable {
  readonly settings: ProviderSettings = {
    user: "ann",
    expiresIn: 60,
    refreshes: true,
    rotates: true,
    tokens: "good",
    claims: {},
    alg: "ES256",
    signer: "own",
    error: undefined,
    padding: 0,
  };
  /** Queries of the login page. */
  readonly logins: URLSearchParams[] = [];
  readonly questions: TokenQuestion[] = [];
  readonly issuer: string;
  readonly #server: Server;
  readonly #own = newKey();
  readonly #stranger = newKey();
  readonly #codes = new Map<string, Code>();
  #held: Promise<void> = Promise.resolve();
  readonly #refreshTokens = new Map<string, string>();

  private constructor(server: Server) {
    this.#server = server;
    this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<TestProvider> {
    let provider: TestProvider | undefined;
    const server = createServer((request, response) => void provider?.answer(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    provider = new TestProvider(server);
    return provider;
  }

  /** Answers of the token endpoint wait until what this returns is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  /** Refresh tokens are good no more. */
  forget(): void {
    this.#refreshTokens.clear();
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.issuer);
    switch (url.pathname) {
      case "/.well-known/openid-configuration":
        return json(response, 200, {
          issuer: this.issuer,
          authorization_endpoint: `${this.issuer}/auth`,
          token_endpoint: `${this.issuer}/token`,
          jwks_uri: `${this.issuer}/keys`,
          end_session_endpoint: `${this.issuer}/end`,
          id_token_signing_alg_values_supported: ["ES256"],
        });
      case "/keys":
        return json(response, 200, { keys: [this.#own.jwk] });
      case "/auth":
        return this.#login(url.searchParams, response);
      case "/token":
        return this.#tokens(request, response);
      default:
        return json(response, 404, {});
    }
  }

  #login(parameters: URLSearchParams, response: ServerResponse): void {
    this.logins.push(parameters);
    const back = new URL(parameters.get("redirect_uri") ?? "");
    back.searchParams.set("state", parameters.get("state") ?? "");
    if (this.settings.error === undefined) {
      const code = randomUUID();
      this.#codes.set(code, { parameters, user: this.settings.user });
      back.searchParams.set("code", code);
    } else back.searchParams.set("error", this.settings.error);
    response.writeHead(302, { location: back.href }).end();
  }

  async #tokens(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const part of request) body += String(part);
    const form = new URLSearchParams(body);
    this.questions.push({ form, authorization: request.headers.authorization ?? "" });
    await this.#held;
    const { tokens } = this.settings;
    if (tokens === "dead") return void request.socket.destroy();
    if (tokens === "silent") return;
    if (tokens === "garbage") return json(response, 200, { hello: "world" });
    const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`;
    if (request.headers.authorization !== basic) return json(response, 401, { error: "invalid_client" });
    if (form.get("grant_type") === "refresh_token") {
      const user = this.#refreshTokens.get(form.get("refresh_token") ?? "");
      if (this.settings.rotates) this.#refreshTokens.delete(form.get("refresh_token") ?? "");
      if (user === undefined) return json(response, 400, { error: "invalid_grant" });
      return json(response, 200, this.#issue(user, undefined));
    }
    const code = this.#codes.get(form.get("code") ?? "");
    this.#codes.delete(form.get("code") ?? "");
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const isGood =
      code?.parameters.get("code_challenge") === challenge &&
      code.parameters.get("redirect_uri") === form.get("redirect_uri");
    if (code === undefined || !isGood) return json(response, 400, { error: "invalid_grant" });
    return json(response, 200, this.#issue(code.user, code.parameters.get("nonce") ?? ""));
  }

  #issue(user: string, nonce: string | undefined): Claims {
    const { expiresIn, refreshes, rotates, claims, padding } = this.settings;
    const now = Math.floor(Date.now() / 1000);
    const refreshToken = refreshes && (rotates || nonce !== undefined) ? randomUUID() : undefined;
    if (refreshToken !== undefined) this.#refreshTokens.set(refreshToken, user);
    const idToken = this.#sign({
      iss: this.issuer,
      aud: clientId,
      sub: user,
      iat: now,
      exp: now + 3_600,
      ...(nonce === undefined ? {} : { nonce }),
      ...claims,
    });
    return {
      access_token: `access-${user}-${randomUUID()}${"x".repeat(padding)}`,
      token_type: "Bearer",
      id_token: idToken,
      ...(expiresIn === undefined ? {} : { expires_in: expiresIn }),
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    };
  }

  #sign(claims: Claims): string {
    const { alg, signer } = this.settings;
    const { key } = signer === "own" ? this.#own : this.#stranger;
    const head = encode({ alg, kid: "one" });
    const text = `${head}.${encode(claims)}`;
    if (alg === "none") return `${text}.`;
    return `${text}.${sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

function newKey(): { readonly key: KeyObject; readonly jwk: object } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { key: privateKey, jwk: { ...publicKey.export({ format: "jwk" }), kid: "one", use: "sig", alg: "ES256" } };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

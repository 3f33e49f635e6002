import type * as Library from "oauth4webapi";
import type { Clock } from "../../base/clock.ts";
import type { FilterOfKind } from "../contract/build.ts";
import { ProviderError } from "./provider-error.ts";
import type { ProviderFetch } from "./provider-fetch.ts";

type Oidc = FilterOfKind<"oidc">;
type AuthorizationServer = Library.AuthorizationServer;

/** A provider's configuration is read again after this. */
const configurationMs = 3_600_000;
/** After a failure the provider is left alone for this long. */
const pauseMs = 2_000;
/** Questions to the provider under way at one time; further ones fail. */
const maxQuestions = 256;
/** Clocks of provider and gateway may differ by this much. Seconds. */
const clockToleranceSeconds = 30;

/** What signatures of id tokens may be made with, where the provider's configuration is not read. */
const signingAlgorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/** What a provider gave for a login or a refresh. */
export type IssuedTokens = {
  readonly accessToken: string;
  /** `undefined`: a refresh brought none. */
  readonly idToken: string | undefined;
  readonly refreshToken: string | undefined;
  /** `undefined`: the provider does not say. Seconds. */
  readonly expiresInSeconds: number | undefined;
  readonly claims: Readonly<Record<string, unknown>> | undefined;
};

/** What a login needs besides a code. */
export type CodeExchange = {
  /** Of the callback. */
  readonly query: string;
  readonly state: string;
  readonly redirectUri: string;
  readonly verifier: string;
  readonly nonce: string;
};

type Parts = { readonly library: typeof Library; readonly client: Library.Client };

/** An OpenID provider, as one client of it sees it. Spec: OpenID Connect Core 1.0, Discovery 1.0; RFC 6749, 7636, 8414, 9207. */
export class Provider {
  readonly #filter: Oidc;
  readonly #secret: string;
  readonly #fetch: ProviderFetch;
  readonly #clock: Clock;
  /** The policy says so itself, or names a cluster: a provider of https does not lead to http. */
  readonly #allowsClear: boolean;
  readonly #parts: Promise<Parts>;
  /** Keys of the provider, by its configuration. */
  readonly #keys: Library.JWKSCacheInput = {};
  #configuration: AuthorizationServer | undefined;
  #reading: Promise<AuthorizationServer> | undefined;
  /** When it is read again. */
  #nextMs = Number.NEGATIVE_INFINITY;
  #questions = 0;

  constructor(filter: Oidc, secret: string, parts: { readonly fetch: ProviderFetch; readonly clock: Clock }) {
    this.#filter = filter;
    this.#secret = secret;
    this.#fetch = parts.fetch;
    this.#clock = parts.clock;
    const urls = [filter.issuer, filter.tokenEndpoint ?? filter.issuer];
    this.#allowsClear = filter.cluster !== undefined || urls.some((url) => new URL(url).protocol === "http:");
    // Loaded when a configuration with a login is swapped in, so that nobody else pays for it.
    this.#parts = import("oauth4webapi").then((library) => ({
      library,
      client: { client_id: filter.clientId, [library.clockTolerance]: clockToleranceSeconds },
    }));
  }

  /** Where a browser is sent to log in. */
  async loginUrl(login: Omit<CodeExchange, "query">): Promise<string> {
    const configuration = await this.#read();
    const { library } = await this.#parts;
    const endpoint = configuration.authorization_endpoint;
    if (endpoint === undefined) throw new ProviderError("invalid", "no authorization_endpoint");
    const url = new URL(endpoint);
    const { clientId, scopes, resources } = this.#filter;
    const parameters = {
      response_type: "code",
      client_id: clientId,
      redirect_uri: login.redirectUri,
      scope: scopes.join(" "),
      state: login.state,
      nonce: login.nonce,
      code_challenge: await library.calculatePKCECodeChallenge(login.verifier),
      code_challenge_method: "S256",
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    for (const resource of resources) url.searchParams.append("resource", resource);
    return url.href;
  }

  /** Where a browser is sent to log out; `undefined`: the provider has no such place, or cannot be asked. */
  async logoutUrl(returnUrl: string, idToken: string | undefined): Promise<string | undefined> {
    const endpoint = await this.#read().then(
      ({ end_session_endpoint }) => end_session_endpoint,
      () => this.#filter.endSessionEndpoint,
    );
    if (endpoint === undefined) return undefined;
    const url = new URL(endpoint);
    url.searchParams.set("client_id", this.#filter.clientId);
    url.searchParams.set("post_logout_redirect_uri", returnUrl);
    if (idToken !== undefined) url.searchParams.set("id_token_hint", idToken);
    return url.href;
  }

  /** Turns the code of a callback into tokens. */
  async exchange(login: CodeExchange): Promise<IssuedTokens> {
    return this.#ask(async (server, parts) => {
      const { library, client } = parts;
      const answer = library.validateAuthResponse(server, client, new URLSearchParams(login.query), login.state);
      const response = await library.authorizationCodeGrantRequest(
        server,
        client,
        this.#authentication(server, library),
        answer,
        login.redirectUri,
        login.verifier,
        this.#options(library),
      );
      const tokens = await library.processAuthorizationCodeResponse(server, client, response, {
        expectedNonce: login.nonce,
        requireIdToken: true,
      });
      return this.#verified(server, parts, { response, tokens });
    });
  }

  /** Gets new tokens. An id token that comes with them must be of the same user: `subject`. OpenID Connect Core 12.2. */
  async refresh(refreshToken: string, subject: unknown): Promise<IssuedTokens> {
    return this.#ask(async (server, parts) => {
      const { library, client } = parts;
      const response = await library.refreshTokenGrantRequest(
        server,
        client,
        this.#authentication(server, library),
        refreshToken,
        this.#options(library),
      );
      const tokens = await library.processRefreshTokenResponse(server, client, response);
      const issued = await this.#verified(server, parts, { response, tokens });
      if (issued.claims !== undefined && issued.claims["sub"] !== subject) {
        throw new ProviderError("refused", "the id token is of another user");
      }
      return issued;
    });
  }

  async #verified(
    server: AuthorizationServer,
    { library }: Parts,
    { response, tokens }: { readonly response: Response; readonly tokens: Library.TokenEndpointResponse },
  ): Promise<IssuedTokens> {
    // Without keys the id token came from the token endpoint over TLS, which is as good. OpenID Connect Core 3.1.3.7, 6.
    if (tokens.id_token !== undefined && server.jwks_uri !== undefined) {
      await library.validateApplicationLevelSignature(server, response, {
        ...this.#options(library),
        [library.jwksCache]: this.#keys,
      });
    }
    if (tokens.token_type !== "bearer") throw new ProviderError("invalid", "token_type is not bearer");
    return {
      accessToken: tokens.access_token,
      idToken: tokens.id_token,
      refreshToken: tokens.refresh_token,
      expiresInSeconds: tokens.expires_in,
      claims: library.getValidatedIdTokenClaims(tokens),
    };
  }

  /** Asks, within the bound on questions; every failure is a {@link ProviderError}. */
  async #ask<T>(question: (server: AuthorizationServer, parts: Parts) => Promise<T>): Promise<T> {
    const server = await this.#read();
    const parts = await this.#parts;
    const { library } = parts;
    if (this.#questions >= maxQuestions) throw new ProviderError("unreachable", "too many questions");
    this.#questions++;
    try {
      return await question(server, parts);
    } catch (error) {
      throw providerError(error, library);
    } finally {
      this.#questions--;
    }
  }

  #authentication(server: AuthorizationServer, library: typeof Library): Library.ClientAuth {
    const methods = server.token_endpoint_auth_methods_supported;
    const wantsPost =
      methods?.includes("client_secret_post") === true && methods.includes("client_secret_basic") === false;
    return wantsPost ? library.ClientSecretPost(this.#secret) : library.ClientSecretBasic(this.#secret);
  }

  #options(library: typeof Library) {
    const { resources } = this.#filter;
    return {
      [library.customFetch]: this.#fetch as never,
      [library.allowInsecureRequests]: this.#allowsClear,
      ...(resources.length === 0
        ? {}
        : { additionalParameters: resources.map((resource): [string, string] => ["resource", resource]) }),
    };
  }

  /** The provider's configuration, read once for all who need it; an earlier one serves until the next was read. */
  async #read(): Promise<AuthorizationServer> {
    const now = this.#clock.monotonicMs();
    if (now >= this.#nextMs) {
      this.#nextMs = now + configurationMs;
      this.#reading = this.#readAnew();
      // Whoever waits for it is told; nobody may be waiting.
      this.#reading.catch(() => {});
    }
    return this.#configuration ?? (this.#reading as Promise<AuthorizationServer>);
  }

  async #readAnew(): Promise<AuthorizationServer> {
    try {
      this.#configuration = await this.#discover();
      return this.#configuration;
    } catch (error) {
      this.#nextMs = this.#clock.monotonicMs() + pauseMs;
      throw providerError(error, (await this.#parts).library);
    }
  }

  async #discover(): Promise<AuthorizationServer> {
    const { issuer, authorizationEndpoint, tokenEndpoint, endSessionEndpoint, discovers } = this.#filter;
    const { library } = await this.#parts;
    const told = {
      ...(authorizationEndpoint === undefined ? {} : { authorization_endpoint: authorizationEndpoint }),
      ...(tokenEndpoint === undefined ? {} : { token_endpoint: tokenEndpoint }),
      ...(endSessionEndpoint === undefined ? {} : { end_session_endpoint: endSessionEndpoint }),
    };
    if (!discovers) return { issuer, id_token_signing_alg_values_supported: signingAlgorithms, ...told };
    const url = new URL(issuer);
    const response = await library.discoveryRequest(url, this.#options(library));
    const found = await library.processDiscoveryResponse(url, response);
    // Without keys nothing could be verified.
    if (found.jwks_uri === undefined) throw new Error("the provider's configuration has no jwks_uri");
    return { ...found, ...told };
  }
}

/** What an exception of the library, or of the way to the provider, says of the provider. */
function providerError(error: unknown, library: typeof Library): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof library.AuthorizationResponseError) return new ProviderError("refused", error);
  if (error instanceof library.ResponseBodyError)
    return new ProviderError(error.error === "invalid_grant" ? "refused" : "client", error);
  return new ProviderError(error instanceof library.WWWAuthenticateChallengeError ? "client" : "invalid", error);
}

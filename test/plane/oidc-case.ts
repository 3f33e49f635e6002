/** A gateway with a login, the provider behind it, and a backend that tells what it was sent. */
import type { Filter } from "../../src/ir/filter.ts";
import type { TestBackend } from "./model-builder.ts";
import { buildUpdate } from "./model-builder.ts";
import { clientId, clientSecret, TestProvider } from "./oidc-provider.ts";
import { type PlaneFixture, type PlaneTestOptions, startPlane } from "./plane-fixture.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import { TestBrowser } from "./test-browser.ts";

export type Oidc = Extract<Filter, { readonly kind: "oidc" }>;

export const clientSecretKey = "Secret/demo/login#client-secret";
export const sessionKey = Buffer.alloc(32, 7);

export function oidc(issuer: string, options: Partial<Oidc> = {}): Oidc {
  return {
    kind: "oidc",
    policy: "demo/login",
    issuer,
    authorizationEndpoint: undefined,
    tokenEndpoint: undefined,
    endSessionEndpoint: undefined,
    discovers: true,
    cluster: undefined,
    clientId,
    clientSecret: clientSecretKey,
    scopes: ["openid"],
    resources: [],
    redirectUrl: { scheme: undefined, authority: undefined, path: "/oauth2/callback" },
    logoutPath: "/logout",
    cookieSuffix: "abcd",
    accessTokenCookie: "AccessToken-abcd",
    idTokenCookie: "IdToken-abcd",
    showsAccessToken: false,
    showsIdToken: false,
    cookieDomain: "",
    sameSite: "Lax",
    encryptTokens: true,
    loginSeconds: 600,
    defaultTokenSeconds: 0,
    refreshSeconds: 604_800,
    denyRedirect: [],
    forwardAccessToken: false,
    forwardIdTokenHeader: "",
    passThrough: [],
    ...options,
  };
}

export class OidcCase implements AsyncDisposable {
  readonly provider: TestProvider;
  readonly upstream: RawUpstream;
  readonly #planes: PlaneFixture[] = [];

  private constructor(provider: TestProvider, upstream: RawUpstream) {
    this.provider = provider;
    this.upstream = upstream;
  }

  static async start(): Promise<OidcCase> {
    const provider = await TestProvider.start();
    return new OidcCase(provider, await RawUpstream.start(({ head }) => ok(head)));
  }

  /** A gateway with that login, and a browser that finds it as app.test, and under other names of test. */
  async gateway(
    options: Partial<Oidc> = {},
    more: {
      readonly plane?: PlaneTestOptions;
      readonly others?: readonly TestBackend[];
      readonly behind?: readonly Filter[];
      readonly secret?: string;
      /** Rules of the same policy by the paths that they are for. Default: one for all. */
      readonly paths?: readonly string[];
    } = {},
  ): Promise<{ readonly plane: PlaneFixture; readonly browser: TestBrowser }> {
    const filters = [oidc(this.provider.issuer, options), ...(more.behind ?? [])];
    const backends = [{ name: "app", ports: [this.upstream.port] }];
    const rules = (more.paths ?? ["/"]).map((value, index) => ({
      name: `app-${index}`,
      match: { path: { kind: "prefix", value } } as const,
      backends,
      filters,
      others: more.others ?? [],
    }));
    const bytesBase64 = Buffer.from(more.secret ?? clientSecret).toString("base64");
    const secrets = new Map([[clientSecretKey, { kind: "opaque", bytesBase64 } as const]]);
    const plane = await startPlane(buildUpdate([{ name: "http", port: 80, rules }], secrets), {
      sessionKey,
      ...more.plane,
    });
    this.#planes.push(plane);
    const hosts = ["app.test", "other.test", "shop.app.test"];
    return { plane, browser: new TestBrowser(Object.fromEntries(hosts.map((host) => [host, plane.port]))) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const plane of this.#planes) await plane[Symbol.asyncDispose]();
    await this.upstream[Symbol.asyncDispose]();
    await this.provider[Symbol.asyncDispose]();
  }
}

/** Of `gateway_oidc_requests_total`. */
export function counted({ telemetry }: PlaneFixture, result: string): number {
  return telemetry.registry.counter("gateway_oidc_requests_total", "HTTPRoute", "demo", "test", result).value;
}

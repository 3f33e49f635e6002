import { canonicalJson } from "../../base/canonical-json.ts";
import type { Clock } from "../../base/clock.ts";
import type { Counter } from "../../telemetry/telemetry.ts";
import type { FilterOfKind, FilterServices } from "../contract/build.ts";
import type { UpstreamCluster } from "../contract/endpoint.ts";
import type { RequestView } from "../contract/message.ts";
import type { OwnRequests } from "../contract/own-request.ts";
import { anyHeaderMatcher } from "./any-header-matcher.ts";
import type { CookieAttributes } from "./cookies.ts";
import { Logins } from "./logins.ts";
import { Provider } from "./provider.ts";
import type { ProviderFailure } from "./provider-error.ts";
import { makeProviderFetch } from "./provider-fetch.ts";
import { Refreshes } from "./refreshes.ts";
import { Seal } from "./seal.ts";
import { type CookieNames, cookieNames, SessionCookies } from "./session-cookies.ts";

type Oidc = FilterOfKind<"oidc">;

const results = [
  "admitted",
  "redirected",
  "refused",
  "loggedIn",
  "renewed",
  "loggedOut",
  "callbackInvalid",
  "loginRefused",
  "providerUnreachable",
  "clientRefused",
  "answerInvalid",
  "tokensTooLarge",
] as const;
export type Result = (typeof results)[number];

/** How a failure of the provider's is counted. */
export const resultOf: Readonly<Record<ProviderFailure, Result>> = {
  unreachable: "providerUnreachable",
  refused: "loginRefused",
  client: "clientRefused",
  invalid: "answerInvalid",
};

/** What the login of one policy is made of: the same for all rules that it is in force on. */
export class Gatekeeper {
  readonly filter: Oidc;
  readonly logins: Logins;
  readonly sessions: SessionCookies;
  readonly provider: Provider;
  readonly refreshes: Refreshes;
  readonly clock: Clock;
  readonly counters: Readonly<Record<Result, Counter>>;
  readonly deniesRedirect: (request: RequestView) => boolean;
  readonly #names: { readonly secure: CookieNames; readonly clear: CookieNames };

  constructor(filter: Oidc, parts: KeeperParts, services: FilterServices) {
    this.filter = filter;
    this.clock = services.clock;
    const seal = new Seal(services.signingKey, sealContext(filter));
    this.logins = new Logins(seal);
    this.sessions = new SessionCookies(filter, seal);
    const fetch = makeProviderFetch(parts.cluster, services);
    this.provider = new Provider(filter, parts.secret, { fetch, clock: services.clock });
    this.refreshes = parts.refreshes;
    this.deniesRedirect = anyHeaderMatcher(filter.denyRedirect);
    this.#names = { secure: cookieNames(filter, true), clear: cookieNames(filter, false) };
    const { kind, namespace, name } = services.from;
    const counter = (result: Result): Counter =>
      services.telemetry.counter("gateway_oidc_requests_total", kind, namespace, name, result);
    this.counters = Object.fromEntries(results.map((result) => [result, counter(result)])) as typeof this.counters;
  }

  names(secure: boolean): CookieNames {
    return secure ? this.#names.secure : this.#names.clear;
  }

  attributes(secure: boolean): CookieAttributes {
    const { sameSite, cookieDomain } = this.filter;
    return { secure, sameSite, domain: cookieDomain };
  }
}

type KeeperParts = {
  /** Of the client, at the provider. */
  readonly secret: string;
  /** `undefined`: the provider is asked by its URLs. */
  readonly cluster: UpstreamCluster | undefined;
  readonly refreshes: Refreshes;
};

/** Nothing that was sealed for one policy, provider or client can be opened for another. */
function sealContext({ policy, issuer, clientId }: Oidc): string {
  return JSON.stringify(["oidc", 1, policy, issuer, clientId]);
}

type Kept = Omit<KeeperParts, "refreshes"> & { readonly signingKey: Buffer; readonly keeper: Gatekeeper };

/** The gatekeepers in use, by their plane and their settings: rules of one policy have one together. */
const keepers = new WeakMap<OwnRequests, Map<string, WeakRef<Kept>>>();
/** Keeps an entry for as long as its gatekeeper is in use. */
const entries = new WeakMap<Gatekeeper, Kept>();

/** The gatekeeper of a policy. A new one with the same settings goes on with the refreshes of the earlier one. */
export function gatekeeperOf(
  filter: Oidc,
  parts: Omit<KeeperParts, "refreshes">,
  services: FilterServices,
): Gatekeeper {
  const { requests, signingKey } = services;
  const ofPlane = keepers.get(requests) ?? new Map<string, WeakRef<Kept>>();
  keepers.set(requests, ofPlane);
  const id = canonicalJson(filter);
  const known = ofPlane.get(id)?.deref();
  const isSame =
    known?.secret === parts.secret && known.cluster === parts.cluster && known.signingKey.equals(signingKey);
  if (known !== undefined && isSame) return known.keeper;
  for (const [key, entry] of ofPlane) if (entry.deref() === undefined) ofPlane.delete(key);
  const refreshes = known?.keeper.refreshes ?? new Refreshes();
  const keeper = new Gatekeeper(filter, { ...parts, refreshes }, services);
  const entry = { ...parts, signingKey, keeper };
  entries.set(keeper, entry);
  ofPlane.set(id, new WeakRef(entry));
  return keeper;
}

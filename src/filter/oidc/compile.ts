import { durationMs } from "../../base/duration.ts";
import { hashText } from "../../base/hash.ts";
import { compileRegex } from "../../base/regex.ts";
import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import type { CompiledFeature } from "../../compile/policy/policy-features.ts";
import type { Filter, HeaderMatch } from "../../ir/filter.ts";
import type { Resource } from "../../resource/kinds.ts";
import { compilePassThrough } from "./compile-pass-through.ts";
import { type RedirectUrl, readRedirectUrl } from "./compile-redirect-url.ts";

export type OidcPolicy = NonNullable<Resource<"SecurityPolicy">["spec"]["oidc"]>;
type Provider = OidcPolicy["provider"];

/** Where the policy says nothing, as Envoy Gateway. Seconds. */
const defaultLoginSeconds = 600;
const defaultRefreshSeconds = 604_800;

/** Keys of the Secrets that a policy refers to. Spec: OIDC.clientIDRef, OIDC.clientSecret. */
const clientIdEntry = "client-id";
const clientSecretEntry = "client-secret";

/**
 * Compiles `SecurityPolicy.spec.oidc`. What it cannot do without (a Secret, a backend, a URL) and does not get has a finding, and
 * refuses all requests.
 */
export function compileOidc(policy: OidcPolicy, scope: FeatureScope): CompiledFeature {
  const provider = compileProvider(policy.provider, scope);
  const clientId = compileClientId(policy, scope);
  const clientSecret = readReference(policy.clientSecret, "/clientSecret", clientSecretEntry, scope);
  const redirectUrl = compileRedirectUrl(policy.redirectURL, scope);
  const denyRedirect = compileDenyRedirect(policy.denyRedirect?.headers ?? [], scope);
  if (
    provider === undefined ||
    clientId === undefined ||
    clientSecret === undefined ||
    redirectUrl === undefined ||
    denyRedirect === undefined
  )
    return "refused";
  const { namespace, name } = scope.from("");
  const label = `${namespace}/${name}`;
  const cookieSuffix = hashText(JSON.stringify([label, provider.issuer, clientId])).slice(0, 8);
  const { accessToken, idToken } = policy.cookieNames ?? {};
  const filter: Filter = {
    kind: "oidc",
    policy: label,
    ...provider,
    clientId,
    clientSecret: clientSecret.key,
    scopes: [...new Set(["openid", ...(policy.scopes ?? [])])],
    resources: policy.resources ?? [],
    redirectUrl,
    logoutPath: policy.logoutPath ?? "/logout",
    cookieSuffix,
    accessTokenCookie: accessToken ?? `AccessToken-${cookieSuffix}`,
    idTokenCookie: idToken ?? `IdToken-${cookieSuffix}`,
    showsAccessToken: accessToken !== undefined,
    showsIdToken: idToken !== undefined,
    cookieDomain: policy.cookieDomain ?? "",
    sameSite: policy.cookieConfig?.sameSite ?? "Lax",
    encryptTokens: policy.disableTokenEncryption !== true,
    loginSeconds: seconds(policy.csrfTokenTTL, defaultLoginSeconds),
    defaultTokenSeconds: seconds(policy.defaultTokenTTL, 0),
    refreshSeconds: policy.refreshToken ? seconds(policy.defaultRefreshTokenTTL, defaultRefreshSeconds) : 0,
    denyRedirect,
    forwardAccessToken: policy.forwardAccessToken ?? false,
    forwardIdTokenHeader: policy.forwardIDToken?.header.toLowerCase() ?? "",
    passThrough: policy.passThroughAuthHeader === true ? compilePassThrough(scope) : [],
  };
  return [filter];
}

type CompiledProvider = Pick<
  Extract<Filter, { readonly kind: "oidc" }>,
  "issuer" | "authorizationEndpoint" | "tokenEndpoint" | "endSessionEndpoint" | "discovers" | "cluster"
>;

function compileProvider(provider: Provider, scope: FeatureScope): CompiledProvider | undefined {
  const { issuer, authorizationEndpoint, tokenEndpoint, endSessionEndpoint } = provider;
  const urls = { issuer, authorizationEndpoint, tokenEndpoint, endSessionEndpoint };
  const bad = Object.entries(urls).filter(([, url]) => url !== undefined && !isHttpUrl(url));
  for (const [field, url] of bad) {
    scope.report("oidc-setting-unusable", `/provider/${field}`, {
      message: `${field} is ${JSON.stringify(url)}, which is no URL of http or https.`,
      fix: "Write it as https://login.example.com/path.",
    });
  }
  const cluster = compileBackend(provider, scope);
  if (bad.length > 0 || cluster === undefined) return undefined;
  const clear = cluster.key === undefined ? (tokenEndpoint ?? issuer) : "";
  if (clear !== "" && !isHttps(clear)) {
    scope.report("oidc-provider-clear", `/provider/${tokenEndpoint === undefined ? "issuer" : "tokenEndpoint"}`, {
      message: `The gateway asks ${new URL(clear).host} for tokens in cleartext.`,
      fix: "Write an https URL.",
    });
  }
  // Tokens that come over TLS from a place that is written down need no signature: OpenID Connect Core 3.1.3.7, 6.
  const isTrusted = cluster.key === undefined && tokenEndpoint !== undefined && isHttps(tokenEndpoint);
  const discovers = authorizationEndpoint === undefined || !isTrusted;
  return { ...urls, discovers, cluster: cluster.key };
}

/** `key` is `undefined` where the provider's URLs say where it is; the whole is, where the reference does not resolve. */
function compileBackend({ backendRef, backendRefs = [] }: Provider, scope: FeatureScope) {
  const [first, second] = backendRefs;
  if (second !== undefined) {
    scope.report("policy-field-unserved", "/provider/backendRefs/1", {
      message: "provider.backendRefs has more than one entry, and only the first is asked.",
      fix: "Remove the others, or let one Service select the endpoints of all.",
    });
  }
  const ref = first ?? backendRef;
  if (ref === undefined) return { key: undefined };
  const key = scope.resolveBackend(ref, `/provider/${first === undefined ? "backendRef" : "backendRefs/0"}`, "http");
  return key === undefined ? undefined : { key };
}

function compileClientId({ clientID, clientIDRef }: OidcPolicy, scope: FeatureScope): string | undefined {
  if (clientIDRef === undefined) return clientID;
  return readReference(clientIDRef, "/clientIDRef", clientIdEntry, scope)?.bytes.toString("utf8").trim();
}

function readReference(ref: OidcPolicy["clientSecret"], field: string, entry: string, scope: FeatureScope) {
  if (ref.group === "" && ref.kind === "Secret") return scope.readSecret(ref, entry, field);
  scope.report("oidc-setting-unusable", field, {
    message: `${field.slice(1)} refers to ${ref.kind} ${ref.name}, which is no Secret.`,
    fix: "Refer to a Secret: remove group and kind.",
  });
  return undefined;
}

function compileRedirectUrl(text: string | undefined, scope: FeatureScope): RedirectUrl | undefined {
  const url = readRedirectUrl(text);
  if (url === undefined) {
    scope.report("oidc-setting-unusable", "/redirectURL", {
      message: `redirectURL is ${JSON.stringify(text)}, which is no URL with a path of its own.`,
      fix: "Write it as https://app.example.com/oauth2/callback, or with %REQ(:authority)% in place of the host.",
    });
  }
  return url;
}

const matchKinds = { Exact: "exact", Prefix: "prefix", Suffix: "suffix", RegularExpression: "regex" } as const;

function compileDenyRedirect(
  headers: NonNullable<OidcPolicy["denyRedirect"]>["headers"],
  scope: FeatureScope,
): readonly HeaderMatch[] | undefined {
  let isUsable = true;
  const matches = headers.map(({ name, type, value }, index): HeaderMatch => {
    const regex = type === "RegularExpression" ? compileRegex(value) : undefined;
    if (regex?.kind === "error") {
      isUsable = false;
      scope.report("oidc-setting-unusable", `/denyRedirect/headers/${index}/value`, {
        message: `the regular expression for ${name} cannot be used: ${regex.message.split(": `")[0]}.`,
        fix: regex.fix,
      });
    }
    return { name: name.toLowerCase(), kind: matchKinds[type], value };
  });
  return isUsable ? matches : undefined;
}

function isHttps(url: string): boolean {
  return new URL(url).protocol === "https:";
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === "https:" || protocol === "http:") && username === "" && password === "";
}

/** Whole seconds, at least one unless the duration is 0. */
function seconds(duration: string | undefined, otherwise: number): number {
  const ms = duration === undefined ? undefined : durationMs(duration);
  return ms === undefined ? otherwise : Math.ceil(ms / 1_000);
}

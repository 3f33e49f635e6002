import { addressFamily } from "../../base/cidr.ts";
import { durationMs } from "../../base/duration.ts";
import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import type { ClusterKey } from "../../ir/cluster.ts";
import type { Filter } from "../../ir/filter.ts";
import type { JwtKeys, JwtProvider } from "../../ir/jwt.ts";
import { readJwks } from "../../ir/read-jwks.ts";
import type { Resource } from "../../resource/kinds.ts";
import { whyRefused } from "../headerModifier/compile.ts";

type JwtPolicy = NonNullable<Resource<"SecurityPolicy">["spec"]["jwt"]>;
type ApiProvider = JwtPolicy["providers"][number];
type RemoteJwks = NonNullable<ApiProvider["remoteJWKS"]>;

/** Of Envoy Gateway. Milliseconds. */
const defaultCacheMs = 300_000;
const defaultFailedRefetchMs = 1_000;

/** Where tokens stand unless the policy says so. RFC 6750 section 2. */
const defaultPlaces = {
  headers: [{ name: "authorization", valuePrefix: "Bearer " }],
  params: ["access_token"],
  cookies: [],
};

/** Compiles `SecurityPolicy.spec.jwt`. A provider without keys has no valid tokens; the others go on. Spec: JWT of Envoy Gateway. */
export function compileJwtPolicy(policy: JwtPolicy, scope: FeatureScope): readonly Filter[] {
  const { optional = false, failOpen = false, providers } = policy;
  return [
    {
      kind: "jwt",
      optional,
      failOpen,
      providers: providers.map((provider, index) => compileProvider(provider, scope, `/providers/${index}`)),
    },
  ];
}

function compileProvider(provider: ApiProvider, scope: FeatureScope, field: string): JwtProvider {
  const { name, issuer, audiences = [], remoteJWKS, localJWKS, claimToHeaders = [], extractFrom } = provider;
  const keys =
    remoteJWKS === undefined
      ? compileLocal(localJWKS, scope, `${field}/localJWKS`)
      : compileRemote(remoteJWKS, scope, `${field}/remoteJWKS`);
  return {
    name,
    issuer: issuer === "" ? undefined : issuer,
    audiences,
    keys,
    claimToHeaders: claimToHeaders.flatMap(({ header, claim }, index) => {
      const lower = header.toLowerCase();
      const reason = whyRefused(lower, "request");
      if (reason === undefined) return [{ header: lower, claim }];
      scope.report("header-not-modifiable", `${field}/claimToHeaders/${index}/header`, {
        message: `A claim is to be told in ${JSON.stringify(header)}, ${reason}; it is not told.`,
        fix: "Name another header.",
      });
      return [];
    }),
    ...compilePlaces(extractFrom),
  };
}

function compilePlaces({ headers = [], params = [], cookies = [] }: NonNullable<ApiProvider["extractFrom"]> = {}) {
  if (headers.length + params.length + cookies.length === 0) return defaultPlaces;
  return {
    headers: headers.map(({ name, valuePrefix = "" }) => ({ name: name.toLowerCase(), valuePrefix })),
    params,
    cookies,
  };
}

function compileLocal(local: ApiProvider["localJWKS"], scope: FeatureScope, field: string): JwtKeys {
  const text =
    local?.type === "ValueRef"
      ? local.valueRef && scope.readConfigMap({ name: local.valueRef.name }, "jwks", `${field}/valueRef`)
      : local?.inline;
  if (text === undefined) return { kind: "local", keys: [] };
  const keys = readJwks(text);
  if (keys === undefined || keys.length === 0) {
    scope.report("jwt-keys-unusable", field, {
      message:
        keys === undefined
          ? "localJWKS is not a JSON Web Key Set, so no token of this provider is valid."
          : "localJWKS has no public key for signatures, so no token of this provider is valid.",
      fix: 'Write `{"keys": […]}` with public keys of type RSA, EC or OKP. Symmetric keys are not taken.',
    });
  }
  return { kind: "local", keys: keys ?? [] };
}

function compileRemote(remote: RemoteJwks, scope: FeatureScope, field: string): JwtKeys {
  const { uri, cacheDuration, failedRefetchDuration, backendRef, backendRefs = [] } = remote;
  const refs = backendRef === undefined ? backendRefs : [backendRef, ...backendRefs];
  const url = parseUri(uri, refs.length > 0);
  if (url === undefined) {
    scope.report("jwt-keys-uri-unusable", `${field}/uri`, {
      message: `Keys cannot be fetched from ${JSON.stringify(uri)}, so no token of this provider is valid.`,
      fix: "Write a URI such as https://login.example.com/.well-known/jwks.json.",
    });
  }
  const firstList = backendRef === undefined ? 0 : 1;
  const resolved = refs.flatMap((ref, index) => {
    const place = index < firstList ? "/backendRef" : `/backendRefs/${index - firstList}`;
    return scope.resolveBackend(ref, `${field}${place}`, "http") ?? [];
  });
  const outside = url === undefined || refs.length > 0 ? [] : [compileHost(url, scope, `${field}/uri`)];
  return {
    kind: "remote",
    clusters: url === undefined ? [] : [...resolved, ...outside],
    host: url?.host ?? "",
    target: url === undefined ? "/" : `${url.pathname}${url.search}`,
    cacheMs: durationMs(cacheDuration ?? "") || defaultCacheMs,
    failedRefetchMs: durationMs(failedRefetchDuration ?? "") ?? defaultFailedRefetchMs,
  };
}

/** The host of the URI itself. */
function compileHost({ protocol, hostname, port, host }: URL, scope: FeatureScope, field: string): ClusterKey {
  const isClear = protocol === "http:";
  if (isClear) {
    scope.report("jwt-keys-clear", field, {
      message: `The keys are fetched from ${host} in cleartext: whoever is in between can put others in their place.`,
      fix: "Write an https URI.",
    });
  }
  const outside = {
    scheme: isClear ? "http" : "https",
    hostname: plainHost(hostname),
    port: Number(port) || (isClear ? 80 : 443),
  } as const;
  return scope.addHost(outside, field);
}

/** `undefined` for what is no http or https URI, has credentials in it, or needs a certificate for an address. */
function parseUri(uri: string, hasBackends: boolean): URL | undefined {
  const url = URL.parse(uri);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return undefined;
  if (url.username !== "" || url.password !== "") return undefined;
  const isVerifiable = hasBackends || url.protocol === "http:" || addressFamily(plainHost(url.hostname)) === undefined;
  return isVerifiable ? url : undefined;
}

function plainHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

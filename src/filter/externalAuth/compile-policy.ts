import { durationMs } from "../../base/duration.ts";
import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import type { ClusterKey } from "../../ir/cluster.ts";
import type { AuthCacheSettings, AuthPath, ContextExtension, SignIn } from "../../ir/external-auth.ts";
import type { Filter } from "../../ir/filter.ts";
import type { Resource } from "../../resource/kinds.ts";
import { lowerCase, normalisePrefix } from "./compile.ts";

type ExtAuth = NonNullable<Resource<"SecurityPolicy">["spec"]["extAuth"]>;
type HttpService = NonNullable<ExtAuth["http"]>;
type Service = Pick<HttpService, "backendRef" | "backendRefs">;

const defaultTimeoutMs = 10_000;
/** A permission that is taken back comes in for this long at most. */
const maxTtlMs = 3_600_000;

/**
 * Compiles `SecurityPolicy.spec.extAuth`. Where no service resolves, or not all that it is to be told, nobody comes in. Headers of a
 * permission reach the backend only when they are named. Spec: ExtAuth of Envoy Gateway; `http.signInURL`, `signInParameter`,
 * `headersToClient` and `cache` are Sluice's own.
 */
export function compileExtAuthPolicy(config: ExtAuth, scope: FeatureScope): readonly Filter[] | "refused" {
  const { http, grpc } = config;
  const protocol = grpc === undefined ? "http" : "grpc";
  const { servers, fallbacks } = resolveService(grpc ?? http ?? {}, protocol, scope);
  const context = readContext(config, scope);
  if (servers.length + fallbacks.length === 0 || context === "refused") return "refused";
  const { kind, namespace, name } = scope.place;
  return [
    {
      kind: "externalAuth",
      protocol,
      // With none but fallbacks, they are what there is.
      servers: servers.length === 0 ? fallbacks : servers,
      fallbacks: servers.length === 0 ? [] : fallbacks,
      path: pathOf(http),
      allowedHeaders: lowerCase(config.headersToExtAuth),
      allowedResponseHeaders: lowerCase(http?.headersToBackend),
      clientHeaders: lowerCase(http?.headersToClient),
      forwardBodyBytes: config.bodyToExtAuth?.maxRequestBytes ?? 0,
      timeoutMs: (config.timeout === undefined ? undefined : durationMs(config.timeout)) || defaultTimeoutMs,
      onFailure: config.failOpen ? { kind: "admit" } : { kind: "refuse", status: config.statusOnError ?? 403 },
      serverErrors: "failures",
      signIn: signInOf(http),
      cache: cacheOf(http),
      context,
      route: config.includeRouteMetadata === true ? { kind, namespace, name } : undefined,
    },
  ];
}

function resolveService(
  { backendRef, backendRefs }: Service,
  protocol: "http" | "grpc",
  scope: FeatureScope,
): { readonly servers: readonly ClusterKey[]; readonly fallbacks: readonly ClusterKey[] } {
  const servers: ClusterKey[] = [];
  const fallbacks: ClusterKey[] = [];
  const refs = backendRefs ?? (backendRef === undefined ? [] : [backendRef]);
  for (const [index, { fallback = false, ...ref }] of refs.entries() as Iterable<[number, Ref]>) {
    const field = `/${protocol}${backendRefs === undefined ? "/backendRef" : `/backendRefs/${index}`}`;
    const cluster = scope.resolveBackend(ref, field, protocol);
    if (cluster !== undefined) (fallback ? fallbacks : servers).push(cluster);
  }
  return { servers, fallbacks };
}

type Ref = NonNullable<Service["backendRefs"]>[number];

function pathOf(http: HttpService | undefined): AuthPath {
  if (http?.pathOverride === undefined) return { kind: "prefix", value: normalisePrefix(http?.path ?? "") };
  const value = http.pathOverride;
  return { kind: "fixed", value: value.startsWith("/") ? value : `/${value}` };
}

function signInOf(http: HttpService | undefined): SignIn | undefined {
  return http?.signInURL === undefined ? undefined : { url: http.signInURL, parameter: http.signInParameter ?? "rd" };
}

function cacheOf(http: HttpService | undefined): AuthCacheSettings | undefined {
  const ttlMs = http?.cache === undefined ? 0 : Math.min(durationMs(http.cache.ttl) ?? 0, maxTtlMs);
  return ttlMs === 0 ? undefined : { ttlMs, by: http?.cache?.by === "Credentials" ? "credentials" : "request" };
}

function readContext(config: ExtAuth, scope: FeatureScope): readonly ContextExtension[] | "refused" {
  const context: ContextExtension[] = [];
  for (const [index, { name, value, valueRef }] of (config.contextExtensions ?? []).entries()) {
    const field = `/contextExtensions/${index}/valueRef`;
    if (valueRef === undefined) {
      context.push({ name, value: { kind: "text", text: value ?? "" } });
    } else if (valueRef.kind === "Secret") {
      const key = scope.readSecret({ name: valueRef.name }, valueRef.key, field)?.key;
      if (key === undefined) return "refused";
      context.push({ name, value: { kind: "secret", key } });
    } else {
      const text = scope.readConfigMap({ name: valueRef.name }, valueRef.key, field);
      if (text === undefined) return "refused";
      context.push({ name, value: { kind: "text", text } });
    }
  }
  return context;
}

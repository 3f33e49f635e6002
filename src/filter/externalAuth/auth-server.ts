import { secretLine } from "../../ir/secret-text.ts";
import type { Counter } from "../../telemetry/telemetry.ts";
import type { FilterOfKind, FilterServices } from "../contract/build.ts";
import type { UpstreamCluster } from "../contract/endpoint.ts";
import type { Permissions } from "./permissions.ts";
import { rememberedFor } from "./remembered.ts";

export type ExternalAuth = FilterOfKind<"externalAuth">;

/** Authorisation servers as one filter asks them. */
export type AuthServer = {
  readonly filter: ExternalAuth;
  readonly services: FilterServices;
  /** Asked in turn. Empty: no reference resolves, and every request is refused. */
  readonly servers: readonly UpstreamCluster[];
  readonly fallbacks: readonly UpstreamCluster[];
  /** Values that a gRPC server is told besides the request. */
  readonly context: readonly (readonly [name: string, value: string])[];
  /** Permissions that still hold; `undefined`: none do. */
  readonly cache: Permissions | undefined;
  /** Questions by their outcome. */
  readonly counters: { readonly admitted: Counter; readonly denied: Counter; readonly failed: Counter };
  /** Requests that a remembered permission was enough for. */
  readonly cached: Counter;
};

/** `previous`: the permissions of the filter that stood in this one's place. */
export function makeAuthServer(
  filter: ExternalAuth,
  services: FilterServices,
  previous: Permissions | undefined,
): AuthServer {
  const { from, telemetry } = services;
  const find = (keys: ExternalAuth["servers"]): readonly UpstreamCluster[] =>
    keys.map((key) => services.cluster(key)).filter((cluster) => cluster !== undefined);
  const servers = find(filter.servers);
  const counter = (result: string): Counter =>
    telemetry.counter(
      "gateway_external_auth_requests_total",
      from.kind,
      from.namespace,
      from.name,
      servers[0]?.cluster.name ?? "",
      result,
    );
  return {
    filter,
    services,
    servers,
    fallbacks: find(filter.fallbacks),
    context: filter.context.map(({ name, value }) => [
      name,
      value.kind === "text" ? value.text : (secretLine(services.secret(value.key)) ?? ""),
    ]),
    cache: filter.cache === undefined ? undefined : rememberedFor(filter, services.clock, previous),
    counters: { admitted: counter("allowed"), denied: counter("denied"), failed: counter("failed") },
    cached: counter("cached"),
  };
}

import { secretLine } from "../../ir/secret-text.ts";
import type { FilterOfKind, FilterServices } from "../contract/build.ts";
import type { UpstreamCluster } from "../contract/endpoint.ts";
import { type AuthCounters, authCounters } from "./auth-counters.ts";
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
  readonly counters: AuthCounters;
};

/** `previous`: the permissions of the filter that stood in this one's place. */
export function makeAuthServer(
  filter: ExternalAuth,
  services: FilterServices,
  previous: Permissions | undefined,
): AuthServer {
  const find = (keys: ExternalAuth["servers"]): readonly UpstreamCluster[] =>
    keys.map((key) => services.cluster(key)).filter((cluster) => cluster !== undefined);
  const servers = find(filter.servers);
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
    counters: authCounters(services, servers[0]),
  };
}

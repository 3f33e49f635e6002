import type { AddressLists } from "../../../ingress/feature/address-lists.ts";
import type { LocationSettings } from "../../../ingress/features.ts";
import { type Alternative, alternativeKinds } from "../../../ir/access-filter.ts";
import type { AuthorizationFilter, AuthorizationRule } from "../../../ir/authorization.ts";
import type { SourceRef } from "../../../ir/source-ref.ts";
import { nothingServed, type ServeFeature, type StagedFilter } from "../serve-feature.ts";
import { basicAuthFilters } from "./basic-auth.ts";
import { externalAuthFilters } from "./external-auth.ts";

/** With `satisfy: any` this feature serves password and permission, too: one of the three is enough. */
export const serveAddressLists: ServeFeature<LocationSettings["addressLists"]> = (lists, scope) => {
  // What the ConfigMap says of all Ingresses is not for hosts that none has.
  if (scope.location.owner === undefined) return nothingServed;
  const from = scope.at(lists.allow === undefined ? "denylist-source-range" : "allowlist-source-range");
  const byAddress: readonly StagedFilter[] =
    lists.allow === undefined && lists.deny.length === 0 ? [] : [{ stage: "access", from, filter: admission(lists) }];
  if (lists.satisfy === "all") return { ...nothingServed, filters: byAddress };
  const { basicAuth, externalAuth } = scope.location.settings;
  const credentials = [...basicAuthFilters(basicAuth, scope), ...externalAuthFilters(externalAuth, scope)];
  if (credentials.length === 0) return { ...nothingServed, filters: byAddress };
  // A list of addresses that are refused lets nobody in by itself, and those that it refuses come in by a password.
  const filters = [...(lists.allow === undefined ? [] : byAddress), ...credentials]
    .map(({ filter }) => filter)
    .filter((filter): filter is Alternative => alternativeKinds.some((kind) => kind === filter.kind));
  const at = scope.at("satisfy");
  return {
    ...nothingServed,
    filters: [
      // Whoever comes in by address or password is not asked about, and must not say for the service who they are.
      ...removal(
        filters.flatMap((filter) => (filter.kind === "authRequest" ? filter.copiedHeaders : [])),
        at,
      ),
      { stage: "access", from: at, filter: { kind: "anyOf", filters } },
      ...removal(filters.some(({ kind }) => kind === "basicAuth") ? ["authorization"] : [], at),
    ],
  };
};

/** Takes headers of clients off. */
function removal(names: readonly string[], from: SourceRef): readonly StagedFilter[] {
  if (names.length === 0) return [];
  return [
    { stage: "access", from, filter: { kind: "headerModifier", on: "request", set: [], add: [], remove: names } },
  ];
}

function admission({ allow, deny }: AddressLists): AuthorizationFilter {
  const rules = [
    ...(deny.length === 0 ? [] : [rule("deny", deny)]),
    ...(allow === undefined ? [] : [rule("allow", allow)]),
  ];
  return { kind: "authorization", rules, defaultAction: allow === undefined ? "allow" : "deny" };
}

function rule(action: AuthorizationRule["action"], clientCidrs: readonly string[]): AuthorizationRule {
  return { name: "", action, methods: [], path: undefined, clientCidrs, headers: [], jwt: undefined, cel: undefined };
}

import type { ClusterKey } from "./cluster.ts";
import type { Filter, FilterKind, PlacedFilter } from "./filter.ts";
import type { SecretKey } from "./tls.ts";

/** What a filter needs of the model besides itself: it is published with it, and a filter is built anew when it changes. */
export type FilterReferences = { readonly clusters: readonly ClusterKey[]; readonly secrets: readonly SecretKey[] };

type Row<K extends FilterKind> = (filter: Extract<Filter, { readonly kind: K }>) => FilterReferences;

const nothing: FilterReferences = { clusters: [], secrets: [] };

/** Every kind of filter; one that is missing here is a type error. */
const references: { readonly [K in FilterKind]: Row<K> } = {
  headerModifier: () => nothing,
  requestRedirect: () => nothing,
  urlRewrite: () => nothing,
  cors: () => nothing,
  csrf: () => nothing,
  directResponse: () => nothing,
  admissionControl: () => nothing,
  conditionalAnswer: () => nothing,
  regexRewrite: () => nothing,
  headerMutation: () => nothing,
  responseRewrite: () => nothing,
  faultInjection: () => nothing,
  compression: () => nothing,
  responseOverride: ({ rows }) => ({
    clusters: rows.flatMap(({ action }) => (action.kind === "errorPage" ? ofCluster(action.cluster).clusters : [])),
    secrets: [],
  }),
  externalProcessing: ({ cluster }) => ofCluster(cluster),
  listenerChecks: () => nothing,
  addressAllowList: () => nothing,
  pathEdit: () => nothing,
  urlRedirect: () => nothing,
  strictTransport: () => nothing,
  requestMirror: ({ cluster }) => ofCluster(cluster),
  localRateLimit: () => nothing,
  globalRateLimit: ({ limiter }) => ({
    ...ofCluster(limiter.cluster),
    secrets: limiter.kind === "redis" && limiter.password !== undefined ? [limiter.password] : [],
  }),
  concurrency: () => nothing,
  requestBuffer: () => nothing,
  bodyLimit: () => nothing,
  bandwidthLimit: () => nothing,
  jwt: ({ providers }) => ({
    clusters: providers.flatMap(({ keys }) => (keys.kind === "remote" ? keys.clusters : [])),
    secrets: [],
  }),
  authorization: () => nothing,
  oidc: ({ cluster, clientSecret }) => ({ ...ofCluster(cluster), secrets: [clientSecret] }),
  externalAuth: ({ servers, fallbacks, context }) => ({
    clusters: [...servers, ...fallbacks],
    secrets: context.flatMap(({ value }) => (value.kind === "secret" ? [value.key] : [])),
  }),
  fixedCors: () => nothing,
  authRequest: ({ server }) => ofCluster(server),
  anyOf: ({ filters }) => ({
    clusters: filters.flatMap((filter) => referencesOf(filter).clusters),
    secrets: filters.flatMap((filter) => referencesOf(filter).secrets),
  }),
  clientCertificate: () => nothing,
  basicAuth: ({ users, namedUsers }) => ({
    clusters: [],
    secrets: [...(users === undefined ? [] : [users]), ...namedUsers.map(({ hash }) => hash)],
  }),
  apiKeyAuth: ({ clients }) => ({ clusters: [], secrets: clients.map(({ key }) => key) }),
  credentialInjection: ({ credential }) => ofSecret(credential),
};

/** What one filter refers to. */
export function referencesOf(filter: Filter): FilterReferences {
  // The table pairs each kind with its own row; that the two agree is beyond what an index can say.
  return (references[filter.kind] as (filter: Filter) => FilterReferences)(filter);
}

/** Clusters that filters name. */
export function clusterKeysOfFilters(filters: readonly PlacedFilter[]): readonly ClusterKey[] {
  return filters.length === 0 ? nothing.clusters : filters.flatMap(({ filter }) => referencesOf(filter).clusters);
}

/** Rows of the secret table that filters name. */
export function secretKeysOfFilters(filters: readonly PlacedFilter[]): readonly SecretKey[] {
  return filters.length === 0 ? nothing.secrets : filters.flatMap(({ filter }) => referencesOf(filter).secrets);
}

function ofCluster(cluster: ClusterKey | undefined): FilterReferences {
  return cluster === undefined ? nothing : { clusters: [cluster], secrets: [] };
}

function ofSecret(secret: SecretKey | undefined): FilterReferences {
  return secret === undefined ? nothing : { clusters: [], secrets: [secret] };
}

import { type KubeClient, KubeError } from "../../kube/kube-client.ts";
import { isJsonObject } from "../../resource/json.ts";
import { type Kind, kinds } from "../../resource/kinds.ts";

/** Groups that every API server has, in the only version that we know. */
const alwaysThere: readonly string[] = ["", "discovery.k8s.io", "apiextensions.k8s.io"];

/**
 * The version through which each kind is read: of those that we know the first that the server serves. Kinds that it does
 * not serve are left out. Rejects with a {@link KubeError} when the server does not tell.
 */
export async function discoverVersions(
  client: KubeClient,
  wanted: readonly Kind[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<Kind, string>> {
  const versions = new Map<Kind, string>();
  const groups = Map.groupBy(wanted, (kind) => kinds[kind].group);
  const found = [...groups].map(async ([group, own]) => {
    if (alwaysThere.includes(group)) for (const kind of own) versions.set(kind, kinds[kind].version);
    else await discoverGroup({ client, group, kinds: own, signal }, versions);
  });
  await Promise.all(found);
  return versions;
}

async function discoverGroup(
  {
    client,
    group,
    kinds: own,
    signal,
  }: {
    readonly client: KubeClient;
    readonly group: string;
    readonly kinds: readonly Kind[];
    readonly signal: AbortSignal | undefined;
  },
  versions: Map<Kind, string>,
): Promise<void> {
  const served = namesIn(await readOrNothing(client, `/apis/${group}`, signal), "versions", "version");
  const known = new Set(own.flatMap((kind) => Object.keys(kinds[kind].versions)));
  const pages = [...known]
    .filter((version) => served.has(version))
    .map(async (version) => {
      const page = await readOrNothing(client, `/apis/${group}/${version}`, signal);
      return [version, namesIn(page, "resources", "name")] as const;
    });
  const plurals = new Map(await Promise.all(pages));
  for (const kind of own) {
    const { versions: row, plural } = kinds[kind];
    const best = Object.keys(row).find((version) => plurals.get(version)?.has(plural));
    if (best !== undefined) versions.set(kind, best);
  }
}

async function readOrNothing(client: KubeClient, path: string, signal?: AbortSignal): Promise<unknown> {
  try {
    return await client.raw(path, signal);
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}

function namesIn(page: unknown, list: string, field: string): ReadonlySet<unknown> {
  const rows = isJsonObject(page) ? page[list] : undefined;
  return new Set(Array.isArray(rows) ? rows.map((row) => (isJsonObject(row) ? row[field] : undefined)) : []);
}

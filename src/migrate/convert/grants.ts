import { type Grant, gatewayApi, type Workspace } from "./workspace.ts";

/** ReferenceGrants for all references that cross namespaces: by pair of namespaces and kind of target, as many as the names need. */
export function writeGrants(workspace: Workspace): void {
  const pairs = Map.groupBy(workspace.grants, ({ from, to }) => [from.namespace, to.namespace, to.kind].join(" "));
  for (const grants of pairs.values()) writePair(grants, workspace);
}

function writePair(grants: readonly Grant[], workspace: Workspace): void {
  const { from, to } = grants[0] as Grant;
  const sources = new Map(grants.map((grant) => [`${grant.from.group} ${grant.from.kind}`, grant.from]));
  const names = [...new Set(grants.map((grant) => grant.to.name))].sort();
  for (let at = 0; at < names.length; at += mostTargets) {
    workspace.add({
      apiVersion: `${gatewayApi}/v1beta1`,
      kind: "ReferenceGrant",
      metadata: {
        // The workspace counts those of one name: the second ends in -2.
        name: `allow-${from.namespace}-to-${to.kind.toLowerCase()}s`,
        namespace: to.namespace,
        labels: {},
        annotations: {},
      },
      content: {
        spec: {
          from: [...sources.values()].map(({ group, kind, namespace }) => ({ group, kind, namespace })),
          to: names.slice(at, at + mostTargets).map((name) => ({ group: to.group, kind: to.kind, name })),
        },
      },
      app: undefined,
      comments: [
        `Lets objects of namespace ${from.namespace} refer to ${to.kind}s here; an Ingress controller needs no leave for that.`,
      ],
    });
  }
}

/** Spec: ReferenceGrantSpec.to. */
const mostTargets = 16;

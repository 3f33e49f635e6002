import { installationLabel } from "./ownership.ts";
import { type Node, option } from "./template.ts";

/** The controller's Deployment, Service and ServiceAccount. */
export const controllerName = "sluice-controller";

/** The Lease that the replicas of a controller elect their leader by. */
export const leaseName = "sluice-controller";

/** The Secret with the authority of the configuration stream. */
export const authoritySecret = {
  name: "sluice-stream-authority",
  type: "gateway.sluice.dev/stream-authority",
} as const;

/** Where a controller listens. Unprivileged. */
export const ports = { stream: 9443, admin: 9900 } as const;

/** The user of the image: no account, no home. */
export const userId = 65532;

/** What selects the controller's pods. Never changes: selectors of a Deployment are immutable. */
export const controllerLabels = {
  "app.kubernetes.io/name": "sluice",
  "app.kubernetes.io/component": "controller",
} as const;

type Meta = {
  readonly name: Node;
  readonly namespace?: Node;
  readonly labels?: { readonly [name: string]: Node };
  readonly annotations?: Node;
};

/** The metadata of an object of the installation. */
export function objectMeta(version: string, { name, namespace, labels, annotations }: Meta): Node {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: {
      ...controllerLabels,
      "app.kubernetes.io/version": version,
      [installationLabel]: option("namespace"),
      ...labels,
    },
    ...(annotations === undefined ? {} : { annotations }),
  };
}

import { installationLabel } from "./ownership.ts";
import { type Node, option } from "./template.ts";

/** The controller's Deployment, Service, ServiceAccount and Lease. */
export const controllerName = "sluice-controller";

/** Secret of the controller's namespace that holds the authority of the configuration stream. */
export const streamSecretName = "sluice-stream-authority";

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

import type { KubeClient } from "../../kube/kube-client.ts";
import type { KindHealth } from "./kind-watch.ts";
import type { ReflectorTuning } from "./reflector.ts";

export type KubeSourceOptions = {
  readonly client: KubeClient;
  /** Read these namespaces alone (and what lies in none); absent or empty: the whole cluster. */
  readonly namespaces?: readonly string[];
  /** Read Ingresses and IngressClasses, and ConfigMaps whole, since Ingresses and their controllers are set up by them. Default: no. */
  readonly ingresses?: boolean;
  readonly tuning?: ReflectorTuning;
};

export type StartOptions = {
  /** Default 120,000 ms. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /** Called whenever the reading of a kind has gone a step on, or stands still. */
  readonly onProgress?: (health: readonly KindHealth[]) => void;
};

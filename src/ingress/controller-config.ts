/** Options of the ingress-nginx controller: its ConfigMap and its flags, resolved. Keys are theirs. */
import type { Resource } from "../resource/kinds.ts";

export type ControllerConfig = {
  /** The ConfigMap, when there is one: findings about its keys point into it. */
  readonly configMap: Resource<"ConfigMap"> | undefined;
  /** A key of the ConfigMap as it is written, `undefined` when it is not. */
  readonly value: (key: string) => string | undefined;
};

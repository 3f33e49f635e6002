import type { Finding, ObjectRef } from "../../finding/finding.ts";
import { findingAt } from "../../ingress/at-ingress.ts";
import { hostnameCovers } from "../../ir/hostname.ts";
import type { GatewayModel } from "../../ir/routing-model.ts";
import type { CompileContext } from "../contract.ts";

/** A listener of a Gateway that has a hostname. */
export type NamedListener = {
  readonly owner: ObjectRef;
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly hostname: string;
};

/** Tells of hosts of Ingresses whose requests come to a listener of a Gateway: the one with a hostname takes them, whatever its routes are. */
export function findHostsBehindListeners(
  { snapshot }: CompileContext,
  ingresses: GatewayModel,
  listeners: readonly NamedListener[],
): readonly Finding[] {
  if (listeners.length === 0) return [];
  return ingresses.listeners.flatMap((own) => {
    if (!("virtualHosts" in own)) return [];
    return own.virtualHosts.flatMap(({ hostname, entries }) => {
      const taker = listeners.find(
        (other) => other.port === own.port && isTaken(own.hostname, other.hostname, hostname),
      );
      const rule = ingresses.httpRules[entries[0]?.rule ?? ""];
      if (taker === undefined || rule === undefined) return [];
      const ingress = snapshot.get("Ingress", rule.from.namespace, rule.from.name);
      if (ingress === undefined) return [];
      return [
        findingAt(
          "ingress-host-behind-listener",
          { ingress, pointer: "" },
          {
            message: `Requests for ${hostname.replace(/^\?/, "*")} on port ${own.port} come to listener "${taker.name}" of ${taker.owner.kind} ${taker.owner.namespace}/${taker.owner.name}, which is for ${taker.hostname}: the Ingress does not serve them.`,
            fix: "Remove the hostname of the listener, so that routes and Ingresses share it by their own, or remove the host from the Ingress.",
            related: [taker.owner],
          },
        ),
      ];
    });
  });
}

/** Whether a listener with a hostname takes the requests of a host from one that is for `own`. */
function isTaken(own: string, other: string, host: string): boolean {
  if (own !== "" || host === "*") return false;
  const name = host.replace(/^[?*]\./, "a.");
  return hostnameCovers(other, name);
}

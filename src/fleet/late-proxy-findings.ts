import { makeFinding } from "../finding/catalogue.ts";
import type { Finding } from "../finding/finding.ts";
import type { DataPlane, DataPlaneKey } from "../infrastructure/data-plane.ts";
import type { LateProxy } from "./fleet-view.ts";

/** One finding for each proxy that does not confirm, on every Gateway that it should serve. */
export function lateProxyFindings(
  late: readonly LateProxy[],
  planes: ReadonlyMap<DataPlaneKey, DataPlane>,
): readonly Finding[] {
  return late.flatMap(({ dataPlane, proxy }) => {
    const plane = planes.get(dataPlane);
    return (plane?.gateways ?? []).map(({ object }) =>
      makeFinding("proxy-not-following", {
        object,
        message: `Proxy ${proxy} is connected but has not confirmed the current listeners for 30 seconds.`,
        fix: `Check its log, then let it be replaced: kubectl logs -n ${plane?.namespace} ${proxy}; kubectl delete pod -n ${plane?.namespace} ${proxy}`,
      }),
    );
  });
}

import type { Finding } from "../../finding/finding.ts";
import { defaultTrafficSettings, type TrafficSettings } from "../../ir/traffic-settings.ts";
import type { SnapshotIndex } from "../../store/snapshot-index.ts";
import type { CompileContext } from "../contract.ts";
import { nameOf, refOf, report } from "../report/report.ts";
import type { Service } from "./service-port.ts";

/** Annotation of a Service that says how its endpoints take turns; the Gateway API has no field for it. */
export const loadBalancingAnnotation = "sluice.dev/load-balancing";

/**
 * `round-robin`: in turn. `least-request`: the less busy of two endpoints picked at random, for requests that differ much in
 * what they cost.
 */
export const loadBalancingValues = {
  "round-robin": "roundRobin",
  "least-request": "leastRequest",
} as const satisfies Record<string, TrafficSettings["loadBalancing"]>;

const isKnown = (value: string): value is keyof typeof loadBalancingValues => Object.hasOwn(loadBalancingValues, value);

/** What the Service asks for; round robin when it asks for nothing, or for something unknown. */
export function loadBalancingOf(service: Service): TrafficSettings["loadBalancing"] {
  const value = service.metadata.annotations[loadBalancingAnnotation] ?? "";
  return isKnown(value) ? loadBalancingValues[value] : defaultTrafficSettings.loadBalancing;
}

const annotated: SnapshotIndex<"Service"> = {
  kind: "Service",
  keysOf: ({ metadata }) => (metadata.annotations[loadBalancingAnnotation] === undefined ? [] : [""]),
};

/** Tells of Services that ask for a kind of load balancing that does not exist. */
export function findUnknownLoadBalancing({ snapshot }: CompileContext): readonly Finding[] {
  return snapshot.find(annotated, "").flatMap((service) => {
    const value = service.metadata.annotations[loadBalancingAnnotation];
    if (value === undefined || isKnown(value)) return [];
    const pointer = `/metadata/annotations/${loadBalancingAnnotation.replace("/", "~1")}`;
    const known = Object.keys(loadBalancingValues).join(" or ");
    return [
      report(
        "load-balancing-unknown",
        { resource: service, pointer },
        {
          message: `${nameOf(refOf(service))} asks for load balancing "${value}", which does not exist; round-robin is used.`,
          fix: `Write ${known}, or remove the annotation.`,
        },
      ),
    ];
  });
}

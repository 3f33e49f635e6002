import type { Finding } from "../finding/finding.ts";
import type { Resource } from "../resource/kinds.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { AnnotationRow } from "./annotation.ts";
import { findingAt } from "./at-ingress.ts";
import type { ControllerConfig } from "./controller-config.ts";
import type { IngressFeature } from "./feature.ts";
import { type LocationSettings, locationFeatures, type ServerSettings, serverFeatures } from "./features.ts";
import { annotationPointer, annotationPrefix, readFeature } from "./read-feature.ts";

/** Everything that the annotations of one Ingress say. */
export type ReadSettings = {
  readonly location: LocationSettings;
  readonly server: ServerSettings;
  readonly findings: readonly Finding[];
  /** Why all of its paths answer 503. */
  readonly denied: Finding | undefined;
  /** Why nothing of it is served. */
  readonly dropped: Finding | undefined;
};

const features: readonly (readonly [string, IngressFeature<unknown>])[] = [
  ...Object.entries(locationFeatures),
  ...Object.entries(serverFeatures),
];

const risks: readonly AnnotationRow["risk"][] = ["Low", "Medium", "High", "Critical"];

/** Reads all features of an Ingress. Pure. */
export function readSettings(
  ingress: Resource<"Ingress">,
  from: { readonly controller: ControllerConfig; readonly snapshot: Snapshot },
): ReadSettings {
  const settings: Record<string, unknown> = {};
  const findings: Finding[] = [];
  let denied: Finding | undefined;
  let dropped = findTooRisky(ingress, from.controller);
  if (dropped !== undefined) findings.push(dropped);
  for (const [name, feature] of features) {
    const reading = readFeature(feature, { ingress, ...from });
    settings[name] = reading.setting;
    findings.push(...reading.findings);
    denied ??= reading.denied;
    dropped ??= reading.dropped;
  }
  // Each table's settings under the names of its features: an index cannot tell the two apart.
  return { location: settings as LocationSettings, server: settings as ServerSettings, findings, denied, dropped };
}

/** ingress-nginx leaves out an Ingress with an annotation above `annotations-risk-level`. */
function findTooRisky(ingress: Resource<"Ingress">, controller: ControllerConfig): Finding | undefined {
  const { annotations } = ingress.metadata;
  const level = controller.value("annotations-risk-level") ?? "High";
  const allowed = risks.indexOf(level as AnnotationRow["risk"]);
  if (allowed < 0) return undefined;
  for (const [, feature] of features) {
    for (const row of feature.annotations) {
      if (risks.indexOf(row.risk) <= allowed) continue;
      const written = [row.name, ...row.aliases].find((each) => (annotations[annotationPrefix + each] ?? "") !== "");
      if (written === undefined) continue;
      const at = { ingress, pointer: annotationPointer(written) };
      return findingAt("ingress-annotation-too-risky", at, {
        message: `${written} is of risk ${row.risk}, and the controller allows ${level}: nothing of the Ingress is served, as ingress-nginx does.`,
        fix: `Remove the annotation, or set annotations-risk-level of the controller to ${row.risk} if you trust everyone who can write Ingresses.`,
      });
    }
  }
  return undefined;
}

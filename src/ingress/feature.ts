/** What the features of ingress-nginx have in common: each reads its annotations into one typed setting. */
import type { FindingName } from "../finding/catalogue.ts";
import type { Finding } from "../finding/finding.ts";
import type { Resource } from "../resource/kinds.ts";
import type { Snapshot } from "../store/snapshot.ts";
import type { AnnotationRow } from "./annotation.ts";
import type { ControllerConfig } from "./controller-config.ts";

/**
 * Annotations that belong together, such as all of CORS. `read` is pure and total: whatever is written, it gives a setting, as
 * ingress-nginx does, and reports what it could not take as it stands.
 */
export type IngressFeature<Setting> = {
  /** Every annotation that it reads; none is in two features. */
  readonly annotations: readonly AnnotationRow[];
  /** What holds for the paths of one Ingress (or for its hosts, where the rows say `server`). */
  readonly read: (source: AnnotationSource) => Setting;
};

/** What a feature reads from: one Ingress, the configuration of its controller, and what both may name. */
export type AnnotationSource = {
  readonly ingress: Resource<"Ingress">;
  readonly controller: ControllerConfig;
  readonly snapshot: Snapshot;
  /** The value of an annotation of the feature (or of its alias) without spaces around its lines; `undefined` when it is not written, or is not in force (`annotations-risk-level`). */
  readonly text: (name: string) => string | undefined;
  /** As Go's `strconv.ParseBool`. Anything else: a finding, and `undefined`. */
  readonly flag: (name: string) => boolean | undefined;
  /** As Go's `strconv.Atoi`. Anything else: a finding, and `undefined`. */
  readonly integer: (name: string) => number | undefined;
  /** A finding at the annotation. */
  readonly report: (name: FindingName, annotation: string, text: FindingText) => void;
  /** As `report`, and ingress-nginx answers 503 on all paths of the Ingress: nothing passes what was meant to protect it. */
  readonly deny: (name: FindingName, annotation: string, text: FindingText) => void;
  /** As `report`, and nothing of the Ingress is served: ingress-nginx leaves out an Ingress with such a value altogether. */
  readonly drop: (name: FindingName, annotation: string, text: FindingText) => void;
};

export type FindingText = { readonly message: string; readonly fix: string };

/** A setting with what was found on the way. */
export type Reading<Setting> = {
  readonly setting: Setting;
  readonly findings: readonly Finding[];
  /** Why every path of the Ingress answers 503; `undefined`: none does. */
  readonly denied: Finding | undefined;
  /** Why nothing of the Ingress is served; `undefined`: it is. */
  readonly dropped: Finding | undefined;
};

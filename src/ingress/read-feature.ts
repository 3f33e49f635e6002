import type { Finding } from "../finding/finding.ts";
import { pointerOf } from "../resource/json.ts";
import type { Resource } from "../resource/kinds.ts";
import type { Snapshot } from "../store/snapshot.ts";
import { findingAt } from "./at-ingress.ts";
import type { ControllerConfig } from "./controller-config.ts";
import type { AnnotationSource, IngressFeature, Reading } from "./feature.ts";
import { goFlag, goInteger } from "./go-value.ts";

/** What the names of ingress-nginx's annotations begin with. */
export const annotationPrefix = "nginx.ingress.kubernetes.io/";

/** JSON pointer of an annotation; `name` is without its prefix. */
export function annotationPointer(name: string): string {
  return pointerOf(["metadata", "annotations", annotationPrefix + name]);
}

/** Reads one feature of one Ingress. Pure; findings come in the order in which they are made. */
export function readFeature<Setting>(
  feature: IngressFeature<Setting>,
  from: {
    readonly ingress: Resource<"Ingress">;
    readonly controller: ControllerConfig;
    readonly snapshot: Snapshot;
  },
): Reading<Setting> {
  const { ingress } = from;
  const annotations = ingress.metadata.annotations;
  const rows = new Map(feature.annotations.map((row) => [row.name, row]));
  const findings: Finding[] = [];
  let denied: Finding | undefined;
  let dropped: Finding | undefined;

  /** Under which name an annotation counts: an alias only where there is nothing under its own. */
  const writtenAs = (name: string): string | undefined => {
    const names = [name, ...(rows.get(name)?.aliases ?? [])];
    return (
      names.find((each) => (annotations[annotationPrefix + each] ?? "") !== "") ??
      names.find((each) => annotations[annotationPrefix + each] !== undefined)
    );
  };
  const raw = (name: string): string | undefined => {
    const as = writtenAs(name);
    return as === undefined ? undefined : annotations[annotationPrefix + as];
  };
  const found: (...parts: Parameters<AnnotationSource["report"]>) => Finding = (name, annotation, text) => {
    const pointer = annotationPointer(writtenAs(annotation) ?? annotation);
    const finding = findingAt(name, { ingress, pointer }, text);
    findings.push(finding);
    return finding;
  };
  const parsed = <T>(name: string, parse: (text: string) => T | undefined, wants: string): T | undefined => {
    const text = raw(name);
    if (text === undefined || text === "") return undefined;
    const value = parse(text);
    if (value === undefined) {
      found("ingress-annotation-invalid", name, {
        message: `${writtenAs(name)} is ${JSON.stringify(text)}, which is not ${wants}: it is ignored, as ingress-nginx does.`,
        fix: `Write ${wants}, or remove the annotation.`,
      });
    }
    return value;
  };

  const setting = feature.read({
    ...from,
    text: (name) =>
      raw(name)
        ?.split("\n")
        .map((line) => line.trim())
        .join("\n"),
    flag: (name) => parsed(name, goFlag, "true or false"),
    integer: (name) => parsed(name, goInteger, "a whole number"),
    report: (...parts) => void found(...parts),
    deny: (...parts) => {
      const finding = found(...parts);
      denied ??= finding;
    },
    drop: (...parts) => {
      const finding = found(...parts);
      dropped ??= finding;
    },
  });
  return { setting, findings, denied, dropped };
}

import type { Finding } from "../finding/finding.ts";
import { compareText } from "./by-name.ts";

/**
 * Findings in the order in which they are shown: by file and place, then object, field, code. One that says the same about
 * the same field as another is left out: steps may meet one mistake on several ways.
 */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const byKey = new Map<string, Finding>();
  for (const finding of findings) {
    const { kind, namespace = "", name } = finding.object;
    const key = [finding.code, kind, namespace, name, finding.pointer, finding.message].join("\n");
    if (!byKey.has(key)) byKey.set(key, finding);
  }
  return [...byKey.values()].sort(compareFindings);
}

function compareFindings(a: Finding, b: Finding): number {
  return (
    compareText(a.position?.file ?? "", b.position?.file ?? "") ||
    (a.position?.line ?? 0) - (b.position?.line ?? 0) ||
    (a.position?.column ?? 0) - (b.position?.column ?? 0) ||
    compareText(a.object.kind, b.object.kind) ||
    compareText(a.object.namespace ?? "", b.object.namespace ?? "") ||
    compareText(a.object.name, b.object.name) ||
    compareText(a.pointer, b.pointer) ||
    compareText(a.code, b.code) ||
    compareText(a.message, b.message)
  );
}

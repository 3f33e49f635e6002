import type { Finding } from "../../finding/finding.ts";
import { compareText } from "../order/by-name.ts";

/** Findings with the same key say the same about the same field: steps may meet one mistake on several ways. */
export function findingKey({ code, object, pointer, message }: Finding): string {
  return [code, object.kind, object.namespace ?? "", object.name, pointer, message].join("\n");
}

/** The one of several findings with the same key that is shown, whatever order they come in. */
export function chooseFinding(same: readonly Finding[]): Finding | undefined {
  if (same.length < 2) return same[0];
  return same.reduce((a, b) => (a !== b && JSON.stringify(b) < JSON.stringify(a) ? b : a));
}

/** The order in which findings are shown: by file and place, then object, field, code. Never 0 for different keys. */
export function compareFindings(a: Finding, b: Finding): number {
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

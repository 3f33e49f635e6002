/** Most ancestors that the status of an object of a kind may have. Spec: PolicyStatus.ancestors, XBackend status.ancestors. */
export function ancestorLimit(kind: string): number {
  return kind === "XBackend" ? 32 : 16;
}

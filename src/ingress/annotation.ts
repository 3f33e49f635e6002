/** What the tables say of one annotation of ingress-nginx. */

/** What becomes of an annotation. The same word is used by findings, by `migrate inventory` and by the docs. */
export type Handling =
  /** Answers are those of ingress-nginx. */
  | { readonly kind: "served" }
  /** Served but for what `lacks` says; a finding names it where it is used. */
  | { readonly kind: "partly"; readonly lacks: string }
  /** It tunes ingress-nginx itself: no answer changes without it. */
  | { readonly kind: "noEffect"; readonly because: string }
  /** Not served. `closed`: it protects something, so requests are refused where it is written. */
  | { readonly kind: "refused"; readonly because: string; readonly closed: boolean };

export type AnnotationRow = {
  /** Without `nginx.ingress.kubernetes.io/`. */
  readonly name: string;
  /** Other names of the same annotation; where both are written, `name` counts. */
  readonly aliases: readonly string[];
  /** `location`: for the paths of the Ingress alone. `server`: for its hosts, where the oldest Ingress counts. */
  readonly scope: "location" | "server";
  /** As ingress-nginx 1.15 rates it: `annotations-risk-level` refuses what is above. */
  readonly risk: "Low" | "Medium" | "High" | "Critical";
  /** What it does, in a sentence. */
  readonly means: string;
  /** What holds where it is not written, as ingress-nginx has it; `""`: nothing. */
  readonly otherwise: string;
  readonly handling: Handling;
};

/** A row of a feature's table, with what most have in common: no other name, for the paths of the Ingress alone, served. */
export const annotationRow = (
  name: string,
  risk: AnnotationRow["risk"],
  means: string,
  otherwise = "",
  more: Partial<Pick<AnnotationRow, "scope" | "handling">> = {},
): AnnotationRow => ({
  name,
  aliases: [],
  scope: "location",
  risk,
  means,
  otherwise,
  handling: { kind: "served" },
  ...more,
});

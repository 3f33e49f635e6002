import type { FindingName } from "./catalogue.ts";

/**
 * How much a finding matters.
 * `error`: something the user wrote is not in force. `warning`: it is in force but will surprise. `info`: worth knowing.
 */
export type Severity = "error" | "warning" | "info";

/** Names one object in messages, status and output. `namespace` is absent for cluster-scoped kinds. */
export type ObjectRef = {
  readonly kind: string;
  readonly group: string;
  readonly namespace?: string;
  readonly name: string;
};

/** A place in a source file. `line` and `column` count from 1, as editors do. */
export type Position = { readonly file: string; readonly line: number; readonly column: number };

/**
 * One thing that the user should know, as data: what, where, why, and how to fix it. Never thrown.
 * `message` is one sentence that names the object's own words; `fix` says what to type.
 */
export type Finding = {
  /** Key of the row in the catalogue, for code. Users see {@link Finding.code}. */
  readonly name: FindingName;
  /** Permanent code such as `SL3004`: never reused, never renamed. */
  readonly code: string;
  readonly severity: Severity;
  readonly object: ObjectRef;
  /** JSON pointer (RFC 6901) to the field inside the object; `""` means the object as a whole. */
  readonly pointer: string;
  /** Where `pointer` stands in a file; absent when the object came from the API server. */
  readonly position?: Position;
  readonly message: string;
  readonly why: string;
  readonly fix: string;
  /** Other objects that take part, for example the route that always wins. */
  readonly related?: readonly ObjectRef[];
};

/** A condition that a finding of this name sets on a status. Types and reasons are the specification's words. */
export type FindingCondition = {
  readonly type: string;
  readonly status: "False" | "True" | "Unknown";
  readonly reason: string;
};

/** One row of the catalogue: what never changes about a finding. */
export type FindingRow = {
  /** `SL` and four digits; the first digit is the area: 1 source, 2 gateway, 3 attach, 4 route, 5 backend, 6 policy and TLS, 7 plane, 8 Ingress. */
  readonly code: `SL${number}`;
  readonly severity: Severity;
  /** What is wrong, in a few words, for tables and docs. */
  readonly title: string;
  /** Why it matters or why the specification says so: one or two sentences, with the GEP or field where there is one. */
  readonly why: string;
  /** The condition that the finding causes on the status of its object (or of its parent), when it causes one. */
  readonly condition?: FindingCondition;
};

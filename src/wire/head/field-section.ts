/** The header fields of one message as they came, whatever protocol it came in. Names are lower case. */
export interface FieldSection {
  /** Fields that came; several of one name count each. */
  readonly count: number;
  nameAt(index: number): string;
  /** Latin-1. */
  valueAt(index: number): string;
  /**
   * Value of a field by lower-case name, several joined with `, ` (cookies with `; `); `undefined` when absent. Looks at every
   * field: for matchers and filters, not for each request.
   */
  header(name: string): string | undefined;
  /** Takes every field of this name (lower case) out of what is passed on. `header` still finds it. */
  drop(name: string): void;
  /** As `drop`, for every name that reads like this one where underscores stand for hyphens. */
  dropAliases(name: string): void;
}

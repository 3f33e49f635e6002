import type { SourceRef } from "../../ir/source-ref.ts";
import type { FindingText } from "../report/report.ts";
import type { FilterScope, ObjectReaders } from "./filter-scope.ts";

/** What parts are compiled with that filters and policies have in common: whoever has the part says what a mistake in it means. */
export type PartScope = { readonly place: PartPlace } & Pick<ObjectReaders, "readSecret" | "readConfigMap"> &
  Pick<FilterScope, "resolveBackend"> & {
    /** Tells of a value at a field that cannot be used. */
    readonly mistake: (field: string, text: FindingText) => undefined;
  };

/** Where the part takes effect: only of a rule of an HTTPRoute can it have a say on which requests that is. */
export type PartPlace = "httpRule" | "elsewhere";
/** What a field of a filter object is compiled with. */
export type FilterPartScope = PartScope &
  Pick<FilterScope, "report"> &
  ObjectReaders & {
    /** Where the value at a field was written. */
    readonly from: (field: string) => SourceRef;
  };

import { byteSize } from "../../base/byte-size.ts";
import type { Filter } from "../../ir/filter.ts";
import type { Resource } from "../../resource/kinds.ts";

type BodyLimit = NonNullable<Resource<"BackendTrafficPolicy">["spec"]["requestBodyLimit"]>;

/** Compiles `BackendTrafficPolicy.spec.requestBodyLimit`, a field of our own. */
export function compileBodyLimit(limit: BodyLimit): readonly Filter[] {
  // The schema lets nothing else pass.
  return [{ kind: "bodyLimit", maxBytes: byteSize(limit)! }];
}

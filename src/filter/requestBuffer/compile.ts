import { byteSize } from "../../base/byte-size.ts";
import type { Filter } from "../../ir/filter.ts";
import type { Resource } from "../../resource/kinds.ts";

type RequestBuffer = NonNullable<Resource<"BackendTrafficPolicy">["spec"]["requestBuffer"]>;

/** Compiles `BackendTrafficPolicy.spec.requestBuffer`. Spec: RequestBuffer of Envoy Gateway. */
export function compileRequestBuffer({ limit }: RequestBuffer): readonly Filter[] {
  // The schema lets nothing else pass.
  return [{ kind: "requestBuffer", maxBytes: byteSize(limit)!, above: "refuse" }];
}

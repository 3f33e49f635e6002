import { canonicalJson } from "../base/canonical-json.ts";
import { hashText } from "../base/hash.ts";
import type { RoutingModel } from "./routing-model.ts";

/** Text of the model that is equal for equal models, whatever the order in which members were set. */
export function canonicalModel(model: RoutingModel): string {
  return canonicalJson(model);
}

/** Names the model's content: 16 hexadecimal digits. Same hash: a plane has nothing to do. */
export function modelHash(model: RoutingModel): string {
  return hashText(canonicalModel(model));
}

import type { LocationSettings } from "../../../ingress/features.ts";
import { nothingServed, type ServeFeature } from "../serve-feature.ts";

/** The backend protocol that it is for is refused. */
export const serveFastcgi: ServeFeature<LocationSettings["fastcgi"]> = () => nothingServed;

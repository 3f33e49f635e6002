import type { LocationSettings } from "../../../ingress/features.ts";
import { nothingServed, type ServeFeature } from "../serve-feature.ts";

export const serveExternalAuth: ServeFeature<LocationSettings["externalAuth"]> = () => nothingServed;

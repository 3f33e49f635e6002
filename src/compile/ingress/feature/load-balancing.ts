import type { LocationSettings } from "../../../ingress/features.ts";
import { nothingServed, type ServeFeature } from "../serve-feature.ts";

export const serveLoadBalancing: ServeFeature<LocationSettings["loadBalancing"]> = () => nothingServed;

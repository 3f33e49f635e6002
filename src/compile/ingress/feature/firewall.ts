import type { LocationSettings } from "../../../ingress/features.ts";
import { nothingServed, type ServeFeature } from "../serve-feature.ts";

/** What it would refuse is refused as a whole where the setting is read. */
export const serveFirewall: ServeFeature<LocationSettings["firewall"]> = () => nothingServed;

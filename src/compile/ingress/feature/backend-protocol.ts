import type { LocationSettings } from "../../../ingress/features.ts";
import { nothingServed, type ServeFeature } from "../serve-feature.ts";

export const serveBackendProtocol: ServeFeature<LocationSettings["backendProtocol"]> = () => nothingServed;

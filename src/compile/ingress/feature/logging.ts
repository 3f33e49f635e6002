import type { LocationSettings } from "../../../ingress/features.ts";
import { nothingServed, type ServeFeature } from "../serve-feature.ts";

export const serveLogging: ServeFeature<LocationSettings["logging"]> = ({ accessLog }) =>
  accessLog ? nothingServed : { ...nothingServed, rule: { accessLog: "off" } };

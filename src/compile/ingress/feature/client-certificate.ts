import type { ServerSettings } from "../../../ingress/features.ts";
import { nothingServedOfServer, type ServeServerFeature } from "../serve-feature.ts";

export const serveClientCertificate: ServeServerFeature<ServerSettings["clientCertificate"]> = () =>
  nothingServedOfServer;

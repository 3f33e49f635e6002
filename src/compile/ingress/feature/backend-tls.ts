import type { ServerSettings } from "../../../ingress/features.ts";
import { nothingServedOfServer, type ServeServerFeature } from "../serve-feature.ts";

/** It counts where a location's endpoints are spoken to over TLS: see `backend-protocol.ts`. */
export const serveBackendTls: ServeServerFeature<ServerSettings["backendTls"]> = () => nothingServedOfServer;

import type { Kind } from "../resource/kinds.ts";
import { backendFields } from "./backend-fields.ts";
import { backendTrafficFields } from "./backend-traffic-fields.ts";
import { clientTrafficFields } from "./client-traffic-fields.ts";
import { extensionFields } from "./extension-fields.ts";
import type { FieldTable } from "./field-service.ts";
import { filterFields } from "./filter-fields.ts";
import { middlewareFields } from "./middleware-fields.ts";
import { securityFields } from "./security-fields.ts";

/** Kinds of which Sluice declares every field that Envoy Gateway or Traefik has, whether it is served or not. */
export type PartlyServedKind =
  | "ClientTrafficPolicy"
  | "BackendTrafficPolicy"
  | "SecurityPolicy"
  | "ExtensionPolicy"
  | "HTTPRouteFilter"
  | "Backend"
  | "Middleware";

/** THE table of what is served: to serve a field is to write `served` in its row. */
export const fieldTables = {
  ClientTrafficPolicy: clientTrafficFields,
  BackendTrafficPolicy: backendTrafficFields,
  SecurityPolicy: securityFields,
  ExtensionPolicy: extensionFields,
  HTTPRouteFilter: filterFields,
  Backend: backendFields,
  Middleware: middlewareFields,
} as const satisfies Partial<Record<Kind, FieldTable>> & Record<PartlyServedKind, FieldTable>;

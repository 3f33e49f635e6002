import type { BackendSpec } from "../resource/schema/policy/backend.ts";
import { type CompleteTable, never, notYet, notYetUnsafe } from "./field-service.ts";

export const backendFields = {
  type: ["endpoints", notYetUnsafe],
  endpoints: ["endpoints", notYetUnsafe],
  "endpoints[].zone": ["endpoints", notYet],
  appProtocols: ["protocol", notYetUnsafe],
  fallback: ["fallback", notYet],
  tls: ["TLS", notYetUnsafe],
  "tls.fingerprints": ["TLS", never("They are of clients; a backend has none.")],
} satisfies CompleteTable<BackendSpec>;

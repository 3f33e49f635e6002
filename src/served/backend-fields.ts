import type { BackendSpec } from "../resource/schema/policy/backend.ts";
import { type CompleteTable, never, notYet, served } from "./field-service.ts";

export const backendFields = {
  type: ["endpoints", served],
  endpoints: ["endpoints", served],
  "endpoints[].hostname": [
    "endpoints",
    never("It names the backend in TLS; the Host header is the client's, or what a URLRewrite sets."),
  ],
  appProtocols: ["protocol", served],
  fallback: ["fallback", notYet],
  tls: ["TLS", served],
  "tls.alpnProtocols": ["TLS", never("What is spoken follows from appProtocols and from the kind of route.")],
  "tls.fingerprints": ["TLS", never("They are of clients; a backend has none.")],
} satisfies CompleteTable<BackendSpec>;

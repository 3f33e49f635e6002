import type { ExternalAuth } from "../src/ir/external-auth.ts";

/** An externalAuth filter that asks `demo/auth:80` over HTTP, with the defaults of the standard filter. */
export function externalAuth(options: Partial<ExternalAuth> = {}): ExternalAuth {
  return {
    kind: "externalAuth",
    protocol: "http",
    servers: ["demo/auth:80"],
    fallbacks: [],
    path: { kind: "prefix", value: "" },
    allowedHeaders: [],
    allowedResponseHeaders: "all",
    clientHeaders: [],
    forwardBodyBytes: 0,
    timeoutMs: undefined,
    onFailure: { kind: "refuse", status: 403 },
    serverErrors: "passed on",
    signIn: undefined,
    cache: undefined,
    context: [],
    route: undefined,
    ...options,
  };
}

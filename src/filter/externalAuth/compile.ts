import type { FilterCompiler } from "../../compile/route/filter-scope.ts";

/** Compiles ExternalAuth. A reference that does not resolve leaves no cluster: every request is refused. Spec: HTTPExternalAuthFilter (GEP-1494). */
export const compileExternalAuth: FilterCompiler<"externalAuth"> = (config, scope) => {
  const protocol = config.protocol === "GRPC" ? "grpc" : "http";
  const cluster = scope.resolveBackend(config.backendRef, "/backendRef", protocol);
  const allowedHeaders = config.protocol === "GRPC" ? config.grpc?.allowedHeaders : config.http?.allowedHeaders;
  const copied = lowerCase(config.http?.allowedResponseHeaders);
  return {
    kind: "externalAuth",
    protocol,
    servers: cluster === undefined ? [] : [cluster],
    fallbacks: [],
    path: { kind: "prefix", value: normalisePrefix(config.http?.path ?? "") },
    allowedHeaders: lowerCase(allowedHeaders),
    allowedResponseHeaders: copied.length === 0 ? "all" : copied,
    clientHeaders: [],
    forwardBodyBytes: config.forwardBody?.maxSize ?? 0,
    timeoutMs: undefined,
    onFailure: { kind: "refuse", status: 403 },
    serverErrors: "passed on",
    signIn: undefined,
    cache: undefined,
    context: [],
    route: undefined,
  };
};

/** Names in lower case, each once. */
export function lowerCase(names: readonly string[] | undefined): string[] {
  return [...new Set((names ?? []).map((name) => name.toLowerCase()))];
}

/** `/a/b` without dot segments, doubled or trailing slashes; `""` for none, so that a path can follow directly. */
export function normalisePrefix(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    const plain = segment.replace(/%2e/gi, ".");
    if (plain === "" || plain === ".") continue;
    if (plain === "..") segments.pop();
    else segments.push(segment);
  }
  return segments.map((segment) => `/${segment}`).join("");
}

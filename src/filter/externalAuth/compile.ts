import type { FilterCompiler } from "../../compile/route/filter-scope.ts";

/** Compiles ExternalAuth. A reference that does not resolve leaves no cluster: every request is refused. Spec: HTTPExternalAuthFilter (GEP-1494). */
export const compileExternalAuth: FilterCompiler<"externalAuth"> = (config, scope) => {
  const protocol = config.protocol === "GRPC" ? "grpc" : "http";
  const allowedHeaders = config.protocol === "GRPC" ? config.grpc?.allowedHeaders : config.http?.allowedHeaders;
  return {
    kind: "externalAuth",
    protocol,
    cluster: scope.resolveBackend(config.backendRef, "/backendRef", protocol),
    pathPrefix: normalisePrefix(config.http?.path ?? ""),
    allowedHeaders: lowerCase(allowedHeaders),
    allowedResponseHeaders: lowerCase(config.http?.allowedResponseHeaders),
    forwardBodyBytes: config.forwardBody?.maxSize ?? 0,
  };
};

function lowerCase(names: readonly string[] | undefined): string[] {
  return [...new Set((names ?? []).map((name) => name.toLowerCase()))];
}

/** `/a/b` without dot segments, doubled or trailing slashes; `""` for none, so that a path can follow directly. */
function normalisePrefix(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    const plain = segment.replace(/%2e/gi, ".");
    if (plain === "" || plain === ".") continue;
    if (plain === "..") segments.pop();
    else segments.push(segment);
  }
  return segments.map((segment) => `/${segment}`).join("");
}

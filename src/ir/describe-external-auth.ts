import type { ExternalAuth } from "./external-auth.ts";

/** Such as `asks shop/auth:80 (HTTP) whether the request may pass, shows it headers cookie`. */
export function describeExternalAuth(filter: ExternalAuth): string {
  if (filter.servers.length === 0) return "refuses every request: its authorisation server did not resolve";
  const { protocol, path, allowedHeaders, allowedResponseHeaders, forwardBodyBytes, onFailure, cache, signIn } = filter;
  const all = protocol === "grpc" && allowedHeaders.length === 0;
  const names = allowedResponseHeaders === "all" ? [] : allowedResponseHeaders;
  const servers = [filter.servers.join(" or "), ...filter.fallbacks].join(", else ");
  const parts = [
    `asks ${servers} (${protocol === "grpc" ? "gRPC" : "HTTP"}) whether the request may pass`,
    ...(path.kind === "fixed" ? [`at ${path.value}`] : []),
    ...(all ? ["shows it all headers"] : []),
    ...(allowedHeaders.length > 0 ? [`shows it headers ${allowedHeaders.join(", ")}`] : []),
    ...(forwardBodyBytes > 0 ? [`shows it the body up to ${forwardBodyBytes} bytes`] : []),
    ...(names.length > 0 ? [`takes over headers ${names.join(", ")} from it`] : []),
    ...(cache === undefined ? [] : [`remembers permissions for ${cache.ttlMs / 1000} s by ${cache.by}`]),
    ...(signIn === undefined ? [] : [`sends browsers to ${signIn.url} to sign in`]),
    ...(onFailure.kind === "admit" ? ["lets requests pass while there is no valid answer"] : []),
  ];
  return parts.join(", ");
}

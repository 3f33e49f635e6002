const prefix = "application/grpc";

/**
 * Whether a Content-Type is one of gRPC: `application/grpc`, with a `+` suffix or parameters. That of gRPC-Web is not: it is
 * plain HTTP to everyone in between.
 */
export function isGrpcContentType(value: string | undefined): boolean {
  if (value === undefined || value.length < prefix.length) return false;
  if (value.slice(0, prefix.length).toLowerCase() !== prefix) return false;
  const next = value[prefix.length];
  return next === undefined || next === "+" || next === ";" || next === " ";
}

/** What runs in pods beside echo-basic: `node peer.ts ROLE`. */
import { serveCollector } from "./peer/collector.ts";
import { serveGrpcAuth } from "./peer/grpc-auth.ts";
import { serveHttpAuth } from "./peer/http-auth.ts";
import { serveUnavailable } from "./peer/unavailable.ts";

/** Every role listens on fixed ports of its pod. */
const roles = {
  "http-auth": serveHttpAuth,
  "grpc-auth": serveGrpcAuth,
  collector: serveCollector,
  unavailable: serveUnavailable,
} as const;

const role = process.argv[2] ?? "";
if (Object.hasOwn(roles, role)) roles[role as keyof typeof roles]();
else {
  console.error(`There is no role "${role}". Roles: ${Object.keys(roles).join(", ")}.`);
  process.exitCode = 2;
}
process.once("SIGTERM", () => process.exit(0));

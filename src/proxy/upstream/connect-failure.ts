import type { ProxyErrorKind } from "../error.ts";
import { RefusedAddressError } from "./address-guard.ts";

export type ConnectFailure = Extract<
  ProxyErrorKind,
  "addressRefused" | "connectFailed" | "connectTimeout" | "upstreamTls"
>;

/** Why dialling failed. Failures of the system have codes such as ECONNREFUSED; with TLS, others are of the handshake. */
export function connectFailure(error: Error | undefined, transport: "clear" | "tls"): ConnectFailure {
  if (error instanceof RefusedAddressError) return "addressRefused";
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  return transport === "clear" || /^E[A-Z]+$/.test(code) ? "connectFailed" : "upstreamTls";
}

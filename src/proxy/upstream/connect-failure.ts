import type { ProxyErrorKind } from "../error.ts";
import { RefusedAddressError } from "./address-guard.ts";

export type ConnectFailure = Extract<
  ProxyErrorKind,
  | "addressRefused"
  | "connectFailed"
  | "connectTimeout"
  | "descriptors"
  | "endpointGone"
  | "unsupportedProtocol"
  | "upstreamTls"
>;

/** The endpoint knows none of the protocols that were offered in the handshake (RFC 7301 section 3.2), HTTP/1.1 alone perhaps. */
const noProtocolCode = "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL";

/** Why a connection was lost that had been made. After its handshake, TLS ends by a fatal alert of either side. */
export function lossOf(error: Error | undefined): "upstreamReset" | "upstreamTls" {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  return code.startsWith("ERR_SSL_") ? "upstreamTls" : "upstreamReset";
}

/** Why dialling failed. Failures of the system have codes such as ECONNREFUSED; with TLS, others are of the handshake. */
export function connectFailure(error: Error | undefined, transport: "clear" | "tls"): ConnectFailure {
  if (error instanceof RefusedAddressError) return "addressRefused";
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  if (code === "EMFILE" || code === "ENFILE") return "descriptors";
  if (code === noProtocolCode) return "unsupportedProtocol";
  return transport === "clear" || /^E[A-Z]+$/.test(code) ? "connectFailed" : "upstreamTls";
}

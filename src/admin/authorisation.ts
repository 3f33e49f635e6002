import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isTrustedHost } from "./host-check.ts";
import { AdminError } from "./parameters.ts";

/** Who may ask for the configuration. */
export type Callers = {
  /** Names, besides IP addresses and `localhost`, by which callers on the same machine may call the endpoint. Lower case. Default: none. */
  readonly hostnames?: readonly string[];
  /**
   * Reads the token that lets callers in from anywhere. Rejects when it cannot be read: nobody is let in by it then. Absent:
   * callers on the same machine alone are let in.
   */
  readonly token?: () => Promise<string>;
};

/**
 * Lets in who shows the token (`Authorization: Bearer …`, RFC 6750), and who is on the same machine: in a cluster, in the same
 * pod, as `kubectl port-forward` is. A web page in a browser there is not (DNS rebinding). A wrong token is refused wherever it
 * comes from. Rejects with {@link AdminError}.
 */
export async function authorise(request: IncomingMessage, { hostnames = [], token }: Callers): Promise<void> {
  const { authorization, host } = request.headers;
  const local = isLoopback(request.socket.remoteAddress);
  if (token !== undefined && (authorization !== undefined || !local)) {
    const shown = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
    if (shown !== undefined && sameText(shown, await token())) return;
    throw new AdminError(
      401,
      "This is only told to callers with the token of this endpoint.",
      "Send it as Authorization: Bearer TOKEN.",
    );
  }
  if (!local) {
    throw new AdminError(
      403,
      "This is only told to callers on the same machine or in the same pod.",
      "Ask through kubectl port-forward, or start Sluice with --admin-token-file and send the token.",
    );
  }
  if (!isTrustedHost(host, hostnames)) {
    throw new AdminError(
      403,
      "The Host of the request is not an address of this endpoint.",
      "Use an IP address or localhost.",
    );
  }
}

/** Compares in a time that tells nothing of either text. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(?:(?:::ffff:)?127\.\d+\.\d+\.\d+|::1)$/.test(address);
}

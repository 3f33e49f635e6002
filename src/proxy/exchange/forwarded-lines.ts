import { believes } from "../../wire/forwarded.ts";
import type { ReceivedRequest } from "../../wire/head/received-request.ts";
import {
  type ClientView,
  forwardClientCertificate,
  forwardedHostLine,
  forwardTrusted,
  type Peer,
} from "../forwarding.ts";
import type { PlaneContext } from "../plane-context.ts";

/** What the backend is told of the client, and who that is: as far as proxies in front are trusted. `hostText` is the host with its port. */
export function forwardedLines(
  received: ReceivedRequest,
  { peer, hostText }: { readonly peer: Peer; readonly hostText: string },
  { trust, forwardClientCertificate: forwarding }: Pick<PlaneContext, "trust" | "forwardClientCertificate">,
): ClientView {
  const believed = believes(trust, peer.address);
  // Proxies that keep Forwarded pass on whatever else a client wrote.
  if (received.claims && (!believed || trust.source === "forwarded")) received.forgetClaims();
  if (!believed) return { address: peer.address, lines: peer.ownLines + forwardedHostLine(hostText) };
  const { address, lines } = forwardTrusted(trust, peer, received);
  return { address, lines: forwardClientCertificate(forwarding, peer, received) + lines };
}

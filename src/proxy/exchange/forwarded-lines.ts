import { believes } from "../../wire/forwarded.ts";
import type { ReceivedRequest } from "../../wire/head/received-request.ts";
import {
  type ClientView,
  forwardClientCertificate,
  forwardedHostLine,
  forwardTrusted,
  type Peer,
  trustedView,
} from "../forwarding.ts";
import type { PlaneContext } from "../plane-context.ts";

/** What the backend is told of the client, and who that is: as far as proxies in front are trusted. `hostText` is the host with its port. */
export function forwardedLines(
  received: ReceivedRequest,
  { peer, hostText }: { readonly peer: Peer; readonly hostText: string },
  {
    trust,
    told,
    forwardClientCertificate: forwarding,
  }: Pick<PlaneContext, "trust" | "told" | "forwardClientCertificate">,
): ClientView {
  const believed = believes(trust, peer.address);
  if (told !== undefined) {
    const { address, scheme, port } = peer;
    const trusted = believed ? trustedView(trust, peer, received) : undefined;
    const view = trusted ?? { clientAddress: address, scheme, host: hostText, port };
    return {
      lines: told.lines(received, { ...view, address: view.clientAddress }, address),
      address: view.clientAddress,
      sentHost: told.host === "told" && trusted !== undefined ? trusted.host : undefined,
    };
  }
  // Proxies that keep Forwarded pass on whatever else a client wrote.
  if (received.claims && (!believed || trust.source === "forwarded")) received.forgetClaims();
  if (!believed) {
    return { address: peer.address, lines: peer.ownLines + forwardedHostLine(hostText), sentHost: undefined };
  }
  const { lines, ...view } = forwardTrusted(trust, peer, received);
  return { ...view, lines: forwardClientCertificate(forwarding, peer, received) + lines };
}

import { parseCidr } from "../base/cidr.ts";
import type { ListenerSettings } from "../ir/listener-settings.ts";
import type { ForwardedTrust } from "../wire/forwarded.ts";
import { fieldNameBytes } from "../wire/http1/field-name.ts";
import { defaultRequestLimits } from "../wire/http1/request-head.ts";
import { limitsOf } from "./limits.ts";
import type { PlaneContext } from "./plane-context.ts";
import { ToldHeaders } from "./told-headers.ts";

/**
 * The plane's context with the settings of a port's listeners, of which there is at least one. Before a connection's listener
 * is known, those of the first count. Client certificates are read when any of the listeners passes them on.
 */
export function portContext(context: PlaneContext, settings: readonly ListenerSettings[]): PlaneContext {
  const first = settings[0]!;
  const limits = limitsOf(context.limits, first);
  return {
    ...context,
    limits,
    requestLimits: {
      ...defaultRequestLimits,
      maxHeadBytes: limits.headBytes,
      maxTargetBytes: limits.targetBytes,
      query: "browser",
    },
    trust: forwardedTrust(first),
    proxyProtocolFrom: first.proxyProtocolFrom.flatMap((network) => parseCidr(network) ?? []),
    proxyProtocol: first.proxyProtocol,
    told: toldHeaders(first),
    fieldNames: fieldNameBytes[first.fieldNames],
    requestId: first.requestId,
    keepalive: first.keepalive,
    forwardClientCertificate:
      settings.find(({ forwardClientCertificate }) => forwardClientCertificate !== "off")?.forwardClientCertificate ??
      "off",
  };
}

/** Whom a listener believes, ready for requests. */
export function forwardedTrust({ trust, trustedNetworks, clientAddressHeader }: ListenerSettings): ForwardedTrust {
  const networks = trustedNetworks.flatMap((network) => parseCidr(network) ?? []);
  return { ...trust, networks, header: clientAddressHeader };
}

/** What a listener tells backends of clients; `undefined`: as by default. */
export function toldHeaders({ forwarding }: ListenerSettings): ToldHeaders | undefined {
  return forwarding.kind === "listed" ? new ToldHeaders(forwarding) : undefined;
}
